/// \file
/// A line of JSON as a preference record, whichever of the formats in use it is written in. The fields decide:
///   chosen, rejected             transcripts (HH-RLHF: the prompt is what they share, see common_prompt_size) or
///                                conversations (the prompt is the turns they share, see shared_turns)
///   prompt, chosen, rejected     explicit prompt, a text or a conversation
///   prompt, responses: [·, ·]    a pair without a verdict, or with `label`
/// A conversation is a list of {role, content}. Optional in each: `id` (a whole number or a text), `label`
/// (P(first ≻ second), see number_label, with P(tie) in `label_tie`; or "first", "second", "tie", "abstain"), `scores`
/// (two numbers in the order of the responses; or score_chosen and score_rejected), `margin`. A null counts as absent.
/// Verdicts that contradict each other are refused, as is what a model would have read and does not (tools, system
/// texts and pictures beside the prompt, see check_fields; members of turns, see turns.hpp). Other fields are ignored.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/preferences/repeated_prompt.hpp>
#include <preflearn/data/preferences/transcript.hpp>
#include <preflearn/data/preferences/turns.hpp>
#include <preflearn/data/preferences/verdict_fields.hpp>

namespace preflearn {

namespace detail {

inline void read_texts(preference_record& record, const json_field& prompt, const std::array<json_field, 2>& responses,
                       const preference_options& options) {
    const std::string_view first = responses[0].text(), second = responses[1].text();
    const std::string_view answer_start = options.answer_start;
    std::optional<std::size_t> size;
    if (prompt.present()) {
        if (options.takes_off_prompt) size = repeated_prompt_size(prompt.text(), first, second, answer_start);
        record.repeats_prompt = size.has_value();
        if (!size) {
            record.prompt = prompt.text();
            record.first = first;
            record.second = second;
            return;
        }
    } else {
        size = common_prompt_size(first, second, answer_start);
        if (!size) {
            throw input_error(message("fields '", responses[0].name, "' and '", responses[1].name,
                                      "': there is no field 'prompt', and their common beginning holds no ",
                                      nlohmann::json(answer_start).dump(), " to end the prompt"));
        }
    }
    record.prompt = first.substr(0, *size);
    record.first = first.substr(*size);
    record.second = second.substr(*size);
}

/// A number is whole, at least 0, and one that the file can mean: 3, 3.0, but not 1e30, which stands for many.
inline given_id id_in(const json_field& field) {
    constexpr auto expected = "a text or a whole number of at least 0 (or null; or name another field for ids)";
    const nlohmann::json& value = *field;
    if (value.is_string()) {
        require<input_error>(!field.text().empty(), "field '", field.name, "': found an empty text, expected ",
                             expected);
        return {.form = id_form::text, .text = std::string(field.text())};
    }
    if (value.is_number_unsigned()) return {.form = id_form::number, .number = value.get<std::uint64_t>()};
    constexpr double first_shared = 0x1p53; // 9007199254740993.0 is read as this, too
    const double number = value.is_number() ? value.get<double>() : -1;
    if (!(number >= 0 && number < first_shared && number == std::floor(number))) field.fail(expected);
    return {.form = id_form::number, .number = static_cast<std::uint64_t>(number)};
}

/// \throws input_error for a field of the record that changes what a model reads, and that is not read.
inline void check_fields(const json_field& record) {
    for (const std::string_view name : {"tools", "functions", "tool_calls", "function_call", "system", "system_prompt",
                                        "history", "documents", "images", "image", "audio", "videos", "video"}) {
        const auto field = record.value->find(name);
        require<input_error>(field == record.value->end() || !has_content(*field), "field '", name,
                             "': has content that a model is to read, but that is no part of prompt and responses "
                             "here; write it into 'prompt' (a system text: as its first turn), or remove it");
    }
    // Whatever is in it counts: {"enable_thinking": false} changes the text.
    for (const std::string_view name : {"chat_template", "chat_template_kwargs"}) {
        const json_field field = record.member(name);
        require<input_error>(!field.present() || field.value->empty(), "field '", name,
                             "': changes the text that a chat template makes, and is not read; choose the chat format "
                             "for the whole file, and remove it");
    }
}

} // namespace detail

/// \param default_id the id of a record that has none.
/// \throws input_error naming the field, what was found and what was expected.
inline preference_record parse_record(std::string_view line, const preference_options& options,
                                      std::uint64_t default_id) {
    const nlohmann::json parsed = detail::parse_json_line(line);
    require<input_error>(parsed.is_object(), "found ", parsed.type_name(), ", expected one JSON object a line");
    const detail::json_field record{&parsed, ""};
    const auto prompt = record.member("prompt"), pair = record.member("responses");
    std::array responses{record.member("chosen"), record.member("rejected")};
    const bool has_chosen = responses[0].present() || responses[1].present();
    require<input_error>(!(has_chosen && pair.present()),
                         "found the fields 'chosen' or 'rejected' beside 'responses', expected one kind");
    require<input_error>(has_chosen || pair.present(), "found ", record.names_of_members(),
                         ", expected the fields 'chosen' and 'rejected', or 'prompt' and 'responses'");
    if (pair.present()) {
        if (!(*pair).is_array() || (*pair).size() != 2) pair.fail("a list of two responses");
        responses = {pair.element(0), pair.element(1)};
    }
    for (const auto& response : responses) {
        if (!response.present()) response.fail("a text or a list of turns {role, content}");
    }

    detail::check_fields(record);
    preference_record result;
    result.id = default_id;
    if (const auto id = record.member(options.id_field); !options.id_field.empty() && id.present()) {
        result.given = detail::id_in(id);
        result.id = result.given.inside(default_id);
    }
    if (responses[0].is_text() && responses[1].is_text() && (!prompt.present() || prompt.is_text())) {
        detail::read_texts(result, prompt, responses, options);
    } else {
        detail::read_conversations(result, prompt, responses, options);
    }
    detail::read_verdicts(result, record, has_chosen, options.label_numbers);
    return result;
}

} // namespace preflearn
