/// \file
/// What became of the pairs of a file on their way into a study.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/data/left_out.hpp>
#include <preflearn/data/pair_names.hpp>

namespace preflearn {

struct text_study_data {
    /// Pairs read, lines that are none, and of the pairs: without a label, longer than was asked for or than a model's
    /// maximum, with an empty prompt or response, with two identical responses (these may be held out, but are not
    /// learned from).
    std::size_t read = 0, malformed = 0, without_label = 0, too_long = 0, empty = 0, identical = 0;
    /// Pairs whose responses began with the prompt once more, which was taken off.
    std::size_t prompts_taken_off = 0;
    /// Every one that was left out.
    left_out_pairs left_out{};
    /// What the file calls its pairs.
    pair_names names{};
    /// All this in lines of text for people (see `told`).
    std::string summary{};
};

/// {"pairs", "left_out": {reason: {"count", "first_line"}}, "prompts_taken_off"}
inline nlohmann::ordered_json to_json(const text_study_data& data) {
    return {{"pairs", data.read}, {"left_out", data.left_out.to_json()}, {"prompts_taken_off", data.prompts_taken_off}};
}

} // namespace preflearn
