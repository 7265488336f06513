/// \file
/// What is labelled: a prompt with two or more responses, as the file has them (to be written again: a student may have
/// another chat template than the teacher) and as a teacher reads them; and what a human said, which a teacher is never
/// shown. Streamed from JSON lines, in the formats of parse_record.hpp, and with more than two `responses`.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/files/line_reader.hpp>
#include <preflearn/data/files/parsed_lines.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/parse_record.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/preferences/turns.hpp>
#include <preflearn/data/preferences/verdict_fields.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/data/selection/left_out.hpp>

namespace preflearn {

struct label_record {
    std::uint64_t id = 0; ///< inside, see pair_names
    std::size_t line = 0; ///< from 1
    /// Texts, or lists of turns.
    nlohmann::ordered_json written_prompt{};
    std::vector<nlohmann::ordered_json> written_responses{};
    std::string prompt{};
    std::vector<std::string> responses{};
    /// Of two responses, the first of which is the chosen one where the file says so. Carries no margin.
    std::optional<preference> human{};
    given_id given{};
};

namespace detail {

/// A conversation's turns, as they are written.
inline nlohmann::ordered_json written_turns(const json_field& field, std::string_view role, std::size_t from = 0,
                                            std::size_t count = unlimited_length) {
    if (field.is_text()) return {{{"role", role}, {"content", field.text()}}};
    auto turns = nlohmann::ordered_json::array();
    const nlohmann::json whole = field.value->is_object() ? nlohmann::json::array({*field}) : *field;
    for (std::size_t i = from; i < whole.size() && i - from < count; ++i) {
        nlohmann::ordered_json turn{{"role", whole[i].at("role")}, {"content", whole[i].at("content")}};
        turns.push_back(std::move(turn));
    }
    return turns;
}

/// The record's texts as the file has them: where the prompt is a part of both responses it is taken off.
inline void keep_as_written(label_record& to, const json_field& prompt, std::span<const json_field> responses,
                            const preference_options& options) {
    bool texts = !prompt.present() || prompt.is_text();
    for (const json_field& response : responses) texts = texts && response.is_text();
    if (texts) { // as they are read: HH transcripts with their prompt apart
        to.written_prompt = to.prompt;
        for (const std::string& response : to.responses) to.written_responses.emplace_back(response);
        return;
    }
    const auto turns = [&](const json_field& field) {
        return field.is_text() ? std::vector<chat_message>{{"assistant", field.text()}} : turns_of(field, options);
    };
    const std::vector<chat_message> first = turns(responses[0]);
    std::size_t taken = 0;
    if (prompt.present() && !prompt.is_text()) {
        const std::vector<chat_message> own = turns_of(prompt, options);
        bool begins = true; // of every response: with the prompt's turns
        for (const json_field& response : responses) {
            const std::vector<chat_message> all = turns(response);
            begins = begins && all.size() > own.size() && std::ranges::equal(own, std::span(all).first(own.size()));
        }
        if (begins) taken = own.size();
        to.written_prompt = written_turns(prompt, "user");
    } else if (prompt.present() && first.front().role == "assistant") {
        to.written_prompt = written_turns(prompt, "user");
    } else {
        taken = unlimited_length;
        for (const json_field& response : responses.subspan(1))
            taken = std::min(taken, shared_turns(first, turns(response)));
        to.written_prompt = written_turns(responses[0], "user", 0, taken);
    }
    for (const json_field& response : responses)
        to.written_responses.push_back(written_turns(response, "assistant", response.is_text() ? 0 : taken));
}

/// What a human said of two responses: `human` where the file has it, as labelled files do; else its verdict, unless
/// that is a teacher's.
inline std::optional<preference> human_verdict(const json_field& record, const preference_record& read) {
    const json_field human = record.member("human");
    const bool is_verdict =
        human.present() && (human.value->is_number() || (human.is_text() && verdict_named(human.text())));
    if (is_verdict) return label_in(human, record.member("human_tie"), number_label::probability_of_first);
    if (record.member("teacher").present() && record.member("probability").present()) return std::nullopt;
    if (!read.label) return std::nullopt;
    preference verdict(read.label->first(), read.label->tie()); // without the margin
    return read.label->abstained() ? std::nullopt : std::optional(verdict);
}

/// More than two responses, each read beside the first.
inline void read_many(label_record& to, const nlohmann::json& parsed, const preference_options& options) {
    const nlohmann::json& responses = parsed.at("responses");
    for (std::size_t k = 1; k < responses.size(); ++k) {
        nlohmann::json pair = parsed;
        for (const char* const name : {"label", "label_tie", "margin", "scores", "human"}) pair.erase(name);
        pair["responses"] = {responses[0], responses[k]};
        preference_record read = parse_record(pair.dump(), options, 0);
        if (k == 1) {
            to.prompt = std::move(read.prompt);
            to.responses.push_back(std::move(read.first));
        } else {
            require<input_error>(read.prompt == to.prompt, "field 'responses[", k,
                                 "]': has another prompt than the first");
        }
        to.responses.push_back(std::move(read.second));
    }
}

/// \throws input_error naming the field, what was found and what was expected.
inline label_record parse_label_record(std::string_view line, const preference_options& options) {
    const nlohmann::json parsed = parse_json_line(line);
    require<input_error>(parsed.is_object(), "found ", parsed.type_name(), ", expected one JSON object a line");
    const json_field record{&parsed, ""};
    label_record to;
    if (const json_field id = record.member(options.id_field); !options.id_field.empty() && id.present())
        to.given = id_in(id);
    const json_field prompt = record.member("prompt"), listed = record.member("responses");
    const bool has_chosen = record.member("chosen").present() || record.member("rejected").present();
    if (!has_chosen && listed.present() && (*listed).is_array() && (*listed).size() > 2) {
        require<input_error>(prompt.present(), "field 'prompt': found nothing, expected the prompt of ",
                             (*listed).size(), " responses");
        read_many(to, parsed, options);
    } else {
        preference_record read = parse_record(line, options, 0);
        to.human = human_verdict(record, read);
        to.prompt = std::move(read.prompt);
        to.responses = {std::move(read.first), std::move(read.second)};
    }
    std::vector<json_field> responses{record.member("chosen"), record.member("rejected")};
    if (!has_chosen) {
        responses.clear();
        for (std::size_t k = 0; k < (*listed).size(); ++k) responses.push_back(listed.element(k));
    }
    keep_as_written(to, prompt, responses, options);
    return to;
}

} // namespace detail

/// The records of a file, one after the other. Its memory does not grow with the file, but for the ids.
class label_reader {
  public:
    /// \throws input_error naming the path when it is not a file that can be opened.
    label_reader(const std::filesystem::path& path, preference_options options)
        : lines_(path, options.maximum_line), options_(std::move(options)), names_(std::string(lines_.place().file)) {}

    /// The next record; nothing at the end. \throws input_error "file:line: field …" for a malformed line, unless such
    /// are skipped; in any case for damaged or shortened gzip data and failing reads.
    std::optional<label_record> next() {
        return next_parsed(
            lines_, options_.skip_malformed,
            [&](std::string_view line) {
                label_record record = detail::parse_label_record(line, options_);
                record.line = lines_.line();
                record.id = names_.add(record.given, lines_.line() - 1, lines_.line());
                return record;
            },
            [&](std::string_view failure) {
                skipped_.add(
                    {.name = {.line = lines_.line()}, .message = std::string(without_place(failure, lines_.place()))});
            });
    }
    /// Of the records so far.
    [[nodiscard]] const pair_names& names() const { return names_; }
    /// Malformed lines that were left out.
    [[nodiscard]] const left_out_pairs& skipped() const { return skipped_; }

  private:
    line_reader lines_;
    preference_options options_;
    pair_names names_;
    left_out_pairs skipped_;
};

} // namespace preflearn
