/// \file
/// What became of the pairs of a file on their way into a study.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/data/selection/left_out.hpp>

namespace preflearn {

struct text_study_data {
    /// Pairs read, those of them to learn from, lines that are no pair, and of the pairs: without a label, longer than
    /// was asked for or than a model's maximum, with an empty prompt or response, with two identical responses (these
    /// may be held out, but are not learned from).
    std::size_t read = 0, kept = 0, malformed = 0, without_label = 0, too_long = 0, empty = 0, identical = 0;
    /// Pairs whose responses began with the prompt once more, which was taken off.
    std::size_t prompts_taken_off = 0;
    /// Every one that was left out.
    left_out_pairs left_out{};
    /// The same of the file of unlabelled pairs, where there is one, as to_json tells it.
    nlohmann::ordered_json other{};
    left_out_pairs other_left_out{};
    /// What the files call their pairs.
    pair_names names{};
    /// All this in lines of text for people (see `told`), and how the texts were read.
    std::string summary{};
    /// The conversation format, where one was asked for, and what there is to say about it and about the tokenizers.
    std::string chat_format{};
    std::vector<std::string> notes{};
    /// Pairs whose prompt is other tokens beside a response than alone, for one of the models.
    std::size_t changed_prompts = 0;
};

/// {"pairs", "kept", "left_out": {reason: {"count", "first_line"}}, "prompts_taken_off", "pairs_whose_prompt_changes",
/// "unlabelled_data": {"pairs", "kept", "left_out"}, "chat_format", "notes"}
inline nlohmann::ordered_json to_json(const text_study_data& data) {
    using namespace std::string_literals;
    nlohmann::ordered_json json{{"pairs"s, data.read},
                                {"kept"s, data.kept},
                                {"left_out"s, data.left_out.to_json()},
                                {"prompts_taken_off"s, data.prompts_taken_off},
                                {"pairs_whose_prompt_changes"s, data.changed_prompts}};
    if (!data.other.is_null()) json["unlabelled_data"] = data.other;
    if (!data.chat_format.empty()) json["chat_format"] = data.chat_format;
    if (!data.notes.empty()) json["notes"] = data.notes;
    return json;
}

/// Of the file of labelled pairs.
inline text_study_data study_data_of(const preference_data& data, const fitting_pairs& fitting) {
    const auto count = [&](left_out_reason reason) { return fitting.left_out.count(reason); };
    return {.read = data.size(),
            .kept = fitting.kept.size(),
            .malformed = data.skipped.count,
            .without_label = count(left_out_reason::no_label),
            .too_long = count(left_out_reason::too_long) + count(left_out_reason::longer_than_model),
            .empty = count(left_out_reason::empty_prompt) + count(left_out_reason::empty_response),
            .identical = fitting.identical.size(),
            .prompts_taken_off = data.repeated().count,
            .left_out = fitting.left_out,
            .names = data.names(),
            .summary = told(data, fitting)};
}

/// The names with those of another file's pairs, which "FILE:LINE" names where they have none of their own.
inline pair_names with_other_names(pair_names names, const preference_data& other) {
    for (const text_comparison& pair : other.comparisons()) {
        const pair_name name = other.names().find(pair.id);
        given_id given{.form = id_form::text, .text = name.id};
        if (name.is_a_line || !other.names().some_are_given())
            given.text = message(file_line{other.names().file(), name.line});
        else if (!name.is_text)
            given = {.form = id_form::number, .number = name.number};
        names.insert(pair.id, given, name.line);
    }
    return names;
}

/// Adds what became of the other file's pairs.
inline void add_other_file(text_study_data& found, const preference_data& other, const fitting_pairs& fitting) {
    using namespace std::string_literals;
    found.names = with_other_names(std::move(found.names), other);
    found.other = {{"pairs"s, other.size()}, {"kept"s, fitting.kept.size()}, {"left_out"s, fitting.left_out.to_json()}};
    found.other_left_out = fitting.left_out;
    found.summary += told(other, fitting);
}

} // namespace preflearn
