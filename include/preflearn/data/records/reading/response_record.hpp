/// \file
/// A prompt with any number of responses and what is known of them, as a file has it: texts stay texts, conversations
/// lists of turns, so that nothing that a format can say is lost on the way to another.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/preference.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/transcript.hpp>

namespace preflearn {

/// How a record was written.
enum class record_form : std::uint8_t {
    hh,            ///< chosen and rejected: transcripts that share their prompt
    explicit_text, ///< prompt, chosen, rejected: texts
    conversations, ///< chosen and rejected with turns
    responses,     ///< prompt and a list of responses, rated, ranked, labelled or neither
    two_fields,    ///< two responses in columns that were named, without or with a verdict
    tldr,          ///< info, summaries, choice
    single,        ///< prompt and completion, labelled, scored or neither
};

constexpr std::string_view name_of(record_form form) {
    constexpr std::array<std::string_view, 7> names{
        "HH transcripts",      "explicit prompts",        "conversations",     "lists of responses",
        "two named responses", "TL;DR (info, summaries)", "single completions"};
    return names[static_cast<std::size_t>(form)];
}
inline constexpr std::size_t record_forms = 7;

/// No score of its own.
inline constexpr double unrated = std::numeric_limits<double>::quiet_NaN();

struct response_record {
    record_form form = record_form::explicit_text;
    given_id given{};
    std::size_t line = 0;  ///< from 1
    std::size_t index = 0; ///< from 0: the line's, in an array the record's
    /// A text or a list of turns; responses are texts where the prompt is one.
    nlohmann::json prompt{};
    /// One (a single completion), two or more; each a text or a list of turns.
    std::vector<nlohmann::json> responses{};
    /// Of two responses, the first of which is the chosen one where the record says so.
    std::optional<preference> label{};
    /// Whether the label stood in `probability`.
    bool named_probability = false;
    /// Higher is better. Empty, or one of each response, `unrated` where it has none.
    std::vector<double> scores{};
    /// Whether the scores are 1 for a good completion and 0 for a bad one, whose difference is no margin.
    bool scores_are_labels = false;
    /// First over second, as the file gives it.
    std::optional<double> margin{};
    std::optional<preference> human{};
    bool repeats_prompt = false; ///< the prompt stood in front of the responses once more and was taken off
    /// Every other column, as it is.
    nlohmann::json others = nlohmann::json::object();

    [[nodiscard]] bool is_text() const { return prompt.is_string(); }
    [[nodiscard]] bool has_scores() const {
        std::size_t rated = 0;
        for (const double score : scores) rated += !std::isnan(score);
        return rated >= 2;
    }
};

/// Whether a text prompt is the beginning of an HH transcript, behind which an answer follows.
inline bool is_transcript_prompt(std::string_view text) {
    return text.starts_with("\n\nHuman:") && text.ends_with(hh_answer_start);
}

/// The record about the pair with its responses swapped.
inline void swap_responses(response_record& record) {
    std::swap(record.responses.at(0), record.responses.at(1));
    if (record.label) record.label = record.label->mirrored();
    if (record.human) record.human = record.human->mirrored();
    if (record.margin) record.margin = -*record.margin;
    if (record.scores.size() == 2) std::swap(record.scores[0], record.scores[1]);
}

} // namespace preflearn
