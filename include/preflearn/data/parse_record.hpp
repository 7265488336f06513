/// \file
/// A line of JSON as a preference record, whichever of the formats in use it is written in. The fields decide:
///   chosen, rejected             transcripts (HH-RLHF: the prompt is what they share, see common_prompt_size) or
///                                conversations (the prompt is the turns they share, see shared_turns)
///   prompt, chosen, rejected     explicit prompt, a text or a conversation
///   prompt, responses: [·, ·]    a pair without a verdict, or with `label`
/// A conversation is a list of {role, content}. Optional in each: `id`, `label` (P(first ≻ second), see
/// number_label, with P(tie) in `label_tie`; or "first", "second", "tie", "abstain"), `scores` (two numbers in the
/// order of the responses; or score_chosen and score_rejected), `margin`. A null counts as absent, other fields are
/// ignored.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/error.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/data/json_line.hpp>
#include <preflearn/data/pair_names.hpp>
#include <preflearn/data/record.hpp>
#include <preflearn/data/transcript.hpp>

namespace preflearn {

/// How many leading turns of two conversations are their prompt: the turns they share, back to the last place where an
/// assistant's turn follows in both, and leaving each a response. It is the HH rule for transcripts, turn by turn; it
/// is TRL's extract_prompt unless the two part at a user's turn. 0 when there is no such place.
inline std::size_t shared_turns(std::span<const chat_message> chosen, std::span<const chat_message> rejected) {
    const auto is_answer = [](const chat_message& turn) { return turn.role == "assistant"; };
    if (chosen.empty() || rejected.empty()) return 0;
    auto shared = static_cast<std::size_t>(std::ranges::mismatch(chosen, rejected).in1 - chosen.begin());
    shared = std::min({shared, chosen.size() - 1, rejected.size() - 1});
    while (shared > 0 && !(is_answer(chosen[shared]) && is_answer(rejected[shared]))) --shared;
    return shared;
}

namespace detail {

/// The turns of a list of {role, content}, or of one such object; views into the JSON.
inline std::vector<chat_message> turns_of(const json_field& field) {
    constexpr auto expected = "a text or a list of turns {role, content}";
    if (!field.present() || !field.is_conversation()) field.fail(expected);
    std::vector<chat_message> turns;
    const auto add = [&](const json_field& turn) {
        if (!turn.value->is_object()) turn.fail("a turn {role, content}");
        turns.push_back({turn.member("role").text(), turn.member("content").text()});
    };
    if ((*field).is_object()) {
        add(field);
    } else {
        for (std::size_t i = 0; i < (*field).size(); ++i) add(field.element(i));
    }
    require<input_error>(!turns.empty(), "field '", field.name, "': found an empty list, expected turns");
    return turns;
}

/// The text that follows the prompt's in the text of the whole conversation.
inline std::string answer_text(std::vector<chat_message> turns, std::span<const chat_message> answer,
                               std::string_view prompt, std::string_view name, const conversation_renderer& render) {
    require<input_error>(!answer.empty() && answer.front().role == "assistant" && answer.back().role == "assistant",
                         "field '", name, "': a response begins and ends with a turn of the role 'assistant'");
    turns.insert(turns.end(), answer.begin(), answer.end());
    std::string text = render(turns);
    require<input_error>(text.starts_with(prompt), "field '", name,
                         "': the text of prompt and response does not begin with the text of the prompt");
    return text.substr(prompt.size());
}

inline void read_conversations(preference_record& record, const json_field& prompt,
                               const std::array<json_field, 2>& responses, const conversation_renderer& render) {
    const auto answer_of = [](const json_field& field) -> std::vector<chat_message> {
        if (field.is_text()) return {{"assistant", field.text()}};
        return turns_of(field);
    };
    const auto first = answer_of(responses[0]), second = answer_of(responses[1]);
    std::vector<chat_message> turns;
    std::size_t taken = 0; // of the responses' turns, by the prompt
    if (prompt.present() && !prompt.is_text()) {
        turns = turns_of(prompt);
        const auto begins = [&](const auto& all) {
            return all.size() > turns.size() && std::ranges::equal(turns, std::span(all).first(turns.size()));
        };
        if (begins(first) && begins(second)) taken = turns.size();
    } else if (prompt.present() && first.front().role == "assistant") {
        turns = {{"user", prompt.text()}};
    } else { // the responses are whole conversations
        taken = shared_turns(first, second);
        turns.assign(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(taken));
        require<input_error>(taken > 0, "fields '", responses[0].name, "' and '", responses[1].name,
                             "': the conversations share no turns that an assistant's turn follows");
        require<input_error>(!prompt.present() || std::ranges::count(turns, chat_message{"user", prompt.text()}) > 0,
                             "field '", prompt.name, "': is not a user's turn that '", responses[0].name, "' and '",
                             responses[1].name, "' share");
    }
    require<input_error>(turns.back().role != "assistant", "field '", prompt.name,
                         "': found an assistant's turn at its end, expected a user's");
    record.prompt = render(turns);
    record.first = answer_text(turns, std::span(first).subspan(taken), record.prompt, responses[0].name, render);
    record.second = answer_text(turns, std::span(second).subspan(taken), record.prompt, responses[1].name, render);
}

inline void read_texts(preference_record& record, const json_field& prompt, const std::array<json_field, 2>& responses,
                       std::string_view answer_start) {
    const std::string_view first = responses[0].text(), second = responses[1].text();
    if (prompt.present()) {
        record.prompt = prompt.text();
        record.first = first;
        record.second = second;
        return;
    }
    const auto size = common_prompt_size(first, second, answer_start);
    if (!size) {
        throw input_error(message("fields '", responses[0].name, "' and '", responses[1].name,
                                  "': there is no field 'prompt', and their common beginning holds no ",
                                  nlohmann::json(answer_start).dump(), " to end the prompt"));
    }
    record.prompt = first.substr(0, *size);
    record.first = first.substr(*size);
    record.second = second.substr(*size);
}

/// A number is whole, at least 0, and one that the file can mean: 3, 3.0, but not 1e30, which stands for many.
inline given_id id_in(const json_field& field) {
    constexpr auto expected = "a text or a whole number of at least 0 (or set id_field)";
    const nlohmann::json& value = *field;
    if (value.is_string()) {
        if (field.text().empty()) field.fail("a text that is not empty, a whole number, or null for none");
        return {.form = id_form::text, .text = std::string(field.text())};
    }
    if (value.is_number_unsigned()) return {.form = id_form::number, .number = value.get<std::uint64_t>()};
    constexpr double largest = 0x1p53;
    const double number = value.is_number() ? value.get<double>() : -1;
    if (!(number >= 0 && number <= largest && number == std::floor(number))) field.fail(expected);
    return {.form = id_form::number, .number = static_cast<std::uint64_t>(number)};
}

inline double probability_in(const json_field& field) {
    const double p = field.number();
    if (!(p >= 0 && p <= 1)) field.fail("a probability in [0, 1]");
    return p;
}

inline preference label_in(const json_field& label, const json_field& tie, number_label numbers) {
    const nlohmann::json& value = *label;
    if (value.is_number() && numbers == number_label::preferred_index) {
        if (value != 0 && value != 1) label.fail("0 (the first response) or 1 (the second)");
        return value == 0 ? preference::for_first() : preference::for_second();
    }
    if (value.is_number()) {
        const double first = probability_in(label), tied = tie.present() ? probability_in(tie) : 0;
        if (first + tied > 1 + 1e-12) tie.fail("a probability that sums with 'label' to at most 1");
        return {first, tied};
    }
    if (value == "first") return preference::for_first();
    if (value == "second") return preference::for_second();
    if (value == "tie") return preference::tied();
    if (value == "abstain") return preference::abstention();
    label.fail("a number, 'first', 'second', 'tie' or 'abstain'");
}

inline std::optional<response_scores> scores_in(const json_field& record, bool has_chosen) {
    if (const json_field scores = record.member("scores"); scores.present()) {
        if (!(*scores).is_array() || (*scores).size() != 2) scores.fail("a list of two numbers");
        return response_scores{scores.element(0).number(), scores.element(1).number()};
    }
    const json_field chosen = record.member("score_chosen"), rejected = record.member("score_rejected");
    if (!has_chosen || (!chosen.present() && !rejected.present())) return std::nullopt;
    return response_scores{chosen.number(), rejected.number()};
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

    preference_record result;
    result.id = default_id;
    if (const auto id = record.member(options.id_field); !options.id_field.empty() && id.present()) {
        result.given = detail::id_in(id);
        result.id = result.given.inside(default_id);
    }
    if (responses[0].is_text() && responses[1].is_text() && (!prompt.present() || prompt.is_text())) {
        detail::read_texts(result, prompt, responses, options.answer_start);
    } else {
        detail::read_conversations(result, prompt, responses, options.render);
    }
    if (const auto label = record.member("label"); label.present()) {
        result.label = detail::label_in(label, record.member("label_tie"), options.label_numbers);
    } else if (has_chosen) {
        result.label = preference::for_first();
    }
    result.scores = detail::scores_in(record, has_chosen);
    if (const auto margin = record.member("margin"); margin.present()) {
        result.margin = margin.number();
        if (result.label) result.label = result.label->with_margin(*result.margin);
    }
    return result;
}

} // namespace preflearn
