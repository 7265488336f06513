/// \file
/// What became of the pairs of a file on their way into a study.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/data/preferences/pair_names.hpp>
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
    /// What the file calls its pairs.
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
/// "chat_format", "notes"}
inline nlohmann::ordered_json to_json(const text_study_data& data) {
    nlohmann::ordered_json json{{"pairs", data.read},
                                {"kept", data.kept},
                                {"left_out", data.left_out.to_json()},
                                {"prompts_taken_off", data.prompts_taken_off},
                                {"pairs_whose_prompt_changes", data.changed_prompts}};
    if (!data.chat_format.empty()) json["chat_format"] = data.chat_format;
    if (!data.notes.empty()) json["notes"] = data.notes;
    return json;
}

} // namespace preflearn
