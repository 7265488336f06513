/// \file
/// What is labelled: a prompt with two or more responses, as the file has them (to be written again: a student may have
/// another chat template than the teacher) and as a teacher reads them; and what a human said, which a teacher is never
/// shown. Streamed from JSON lines or a JSON array, in every form of data/records.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/files/json_objects.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/parse_record.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/preferences/verdict_fields.hpp>
#include <preflearn/data/records/reading/parse_responses.hpp>
#include <preflearn/data/records/reading/record_columns.hpp>
#include <preflearn/data/records/reading/record_turns.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
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

/// A text, or turns of role and content alone.
inline nlohmann::ordered_json written_for_label(const nlohmann::json& text) {
    if (!text.is_array()) return text;
    auto turns = nlohmann::ordered_json::array();
    for (const nlohmann::json& one : text)
        turns.push_back(nlohmann::ordered_json{{"role", one.at("role")}, {"content", one.at("content")}});
    return turns;
}

/// What a human said of two responses: `human` where the file has it, as labelled files do; else its verdict, unless
/// that is a teacher's.
inline std::optional<preference> human_verdict(const response_record& record) {
    if (record.human) return record.human;
    if (record.named_probability && is_there(record.others, "teacher")) return std::nullopt;
    if (!record.label || record.label->abstained()) return std::nullopt;
    return preference(record.label->first(), record.label->tie()); // without the margin
}

/// How an object is read: what it calls prompt, chosen, rejected and responses is that, whatever columns stand beside.
/// \throws input_error where it has both pair and list
inline record_options label_columns(const nlohmann::json& object, const preference_options& reading) {
    record_options options{.reading = reading};
    options.columns.id = reading.id_field;
    const bool pair = is_there(object, "chosen") || is_there(object, "rejected");
    const bool list = is_there(object, "responses");
    require<input_error>(!(pair && list),
                         "found the fields 'chosen' or 'rejected' beside 'responses', expected one kind");
    if (!pair && !list) return options;
    options.family = pair ? record_family::pairs : record_family::responses;
    options.columns.prompt = "prompt";
    options.columns.responses = "responses";
    options.columns.scores = "scores";
    return options;
}

/// \throws input_error naming the field, what was found and what was expected.
inline label_record label_record_of(nlohmann::json object, const preference_options& reading) {
    const record_options options = label_columns(object, reading);
    const json_field all{&object, ""}, list = all.member("responses");
    check_fields(all);
    if (list.present() && list.value->is_array() && list.value->size() > 2) { // verdicts are of two
        check_other_verdicts(all, std::nullopt);
        for (const char* const name : {"label", "label_tie", "margin", "scores", "human"}) object.erase(name);
    }
    response_record read = parse_responses(std::move(object), options);
    require<input_error>(read.responses.size() > 1, "found one response, expected two responses or more");
    label_record to;
    to.given = read.given;
    to.human = human_verdict(read);
    to.written_prompt = written_for_label(read.prompt);
    for (const nlohmann::json& response : read.responses) to.written_responses.push_back(written_for_label(response));
    const response_record texts = as_texts(std::move(read), reading);
    to.prompt = texts.prompt.get<std::string>();
    for (const nlohmann::json& response : texts.responses) to.responses.push_back(response.get<std::string>());
    return to;
}

} // namespace detail

/// The records of a file, one after the other. Its memory does not grow with the file, but for the ids.
class label_reader {
  public:
    /// \throws input_error naming the path when it is not a file that can be opened.
    label_reader(const std::filesystem::path& path, preference_options options)
        : objects_(path, options.maximum_line), options_(std::move(options)), names_(path.string()) {}

    /// The next record; nothing at the end. \throws input_error "file:line: field …" for a malformed one, unless such
    /// are skipped; in any case for damaged or shortened gzip data, damaged arrays and failing reads.
    std::optional<label_record> next() {
        return next_read(
            objects_, options_.skip_malformed,
            [&](nlohmann::json object) {
                label_record record = detail::label_record_of(std::move(object), options_);
                record.line = objects_.place().line;
                record.id = names_.add(record.given, objects_.index(), record.line);
                return record;
            },
            [&](std::string_view failure) {
                skipped_.add({.name = {.line = objects_.place().line}, .message = std::string(failure)});
            });
    }
    /// Of the records so far.
    [[nodiscard]] const pair_names& names() const { return names_; }
    /// Malformed ones that were left out.
    [[nodiscard]] const left_out_pairs& skipped() const { return skipped_; }

  private:
    json_objects objects_;
    preference_options options_;
    pair_names names_;
    left_out_pairs skipped_;
};

} // namespace preflearn
