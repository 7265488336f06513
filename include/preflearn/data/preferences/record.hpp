/// \file
/// One preference record of a file, and how records are to be understood.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/data/files/line_reader.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/transcript.hpp>

namespace preflearn {

/// Scores of the two responses, on any scale in which higher is better.
struct response_scores {
    double first = 0, second = 0;
    friend bool operator==(const response_scores&, const response_scores&) = default;
};

/// A pair as read. Of chosen/rejected records `first` is the chosen response and `label` says so. Equality is of what
/// the record says, not of where it stood and how it was called.
struct preference_record {
    /// Inside (see pair_names); `given` is the id as the file has it.
    std::uint64_t id = 0;
    std::string prompt{}, first{}, second{};
    /// Nothing for an unlabelled pair. Carries the margin when the record has one.
    std::optional<preference> label{};
    std::optional<response_scores> scores{};
    /// Strength of the preference for `first` over `second`, as the file gives it.
    std::optional<double> margin{};
    /// What the pair counts for in training.
    std::optional<double> weight{};
    /// What a human said of the pair that a teacher labelled.
    std::optional<preference> human{};
    given_id given{};
    std::size_t line = 0;        ///< from 1; 0: in no file
    bool repeats_prompt = false; ///< the prompt stood in front of both responses once more and was taken off

    friend bool operator==(const preference_record& a, const preference_record& b) {
        return a.id == b.id && a.prompt == b.prompt && a.first == b.first && a.second == b.second &&
               a.label == b.label && a.scores == b.scores && a.margin == b.margin && a.weight == b.weight &&
               a.human == b.human;
    }
};

/// Turns as text. The text of a prompt's turns (the last one not the assistant's) must be how the text of prompt and
/// response together begins; what follows it is the response's text. May throw preflearn::error.
using conversation_renderer = std::function<std::string(std::span<const chat_message>)>;

/// What a number in the field `label` means.
enum class number_label : std::uint8_t {
    probability_of_first, ///< P(first ≻ second) in [0, 1], so 1 is the first response and 0 the second
    preferred_index,      ///< 0 is the first response, 1 the second
};

/// Members of a turn beside role and content that no chat format here writes, whatever they hold: who spoke, how the
/// turn is weighted in training, and what a log of conversations notes about it.
inline std::vector<std::string> default_ignored_members() {
    return {"name",       "weight",          "train",     "training", "id",         "index",    "turn",  "turn_id",
            "message_id", "turn_identifier", "timestamp", "date",     "created_at", "language", "model", "source"};
}

struct preference_options {
    /// Leave malformed lines out and count them, instead of throwing.
    bool skip_malformed = false;
    /// So many messages about skipped lines are kept.
    std::size_t kept_messages = 10;
    /// In bytes; longer lines are malformed.
    std::size_t maximum_line = default_maximum_line;
    /// The field that holds a pair's id: a whole number of at least 0 or a text. Where it is absent, or if this is
    /// empty, the id is the line's index from 0.
    std::string id_field = "id";
    number_label label_numbers = number_label::probability_of_first;
    /// Where the prompt of two transcripts ends (see common_prompt_size).
    std::string answer_start = std::string(hh_answer_start);
    /// Whether a prompt that stands in front of both text responses once more is taken off (see repeated_prompt_size);
    /// from conversations it always is.
    bool takes_off_prompt = true;
    /// Members of a turn that may hold anything; any other but role and content is empty or an error.
    std::vector<std::string> ignored_members = default_ignored_members();
    /// How conversations become text; a chat format of the text room fits:
    /// `[](auto turns) { return render_chat(chat_format::chatml, turns); }`.
    conversation_renderer render = transcript_of;
};

} // namespace preflearn
