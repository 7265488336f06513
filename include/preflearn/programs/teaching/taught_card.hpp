/// \file
/// The card of a teacher that was taught: its judgements of the pairs that were held out, held against their labels.
/// It is the same whenever the same teacher is made; how long that took stands in manifest.json.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/records/preparing/record_lengths.hpp>
#include <preflearn/pipeline/teacher_card/teacher_card.hpp>
#include <preflearn/pipeline/teacher_kinds/held_out_report.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/programs/teaching/teach_data.hpp>
#include <preflearn/training/loop/metrics.hpp>

namespace preflearn {

/// A teacher's judgements of its held-out pairs, and what they cost.
struct held_out_judgements {
    std::vector<judgement> said{};
    std::uint64_t parameters = 0;
    double tokens = 0;
};

/// The pairs of the card, as they were shown.
inline card_subject card_subject_of(std::string name, std::span<const judgement> said,
                                    std::span<const text_comparison> pairs, const label_set& truth) {
    card_subject subject{.name = std::move(name), .truth = "held-out labels"};
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const auto length = [](std::string_view text) { return static_cast<double>(characters_in(text)); };
        subject.pairs.push_back({.prompt = hash_of(pairs[i].prompt),
                                 .said = decided(said[i]),
                                 .gold = truth.find(pairs[i].id).value_or(preference::abstention()),
                                 .length_difference = length(pairs[i].first) - length(pairs[i].second),
                                 .first_shown_first = true});
    }
    return subject;
}

namespace detail {

inline double tokens_of(const training_history& history) {
    double tokens = 0;
    for (const training_step& step : history.steps)
        if (!std::isnan(step.tokens)) tokens += step.tokens;
    return tokens;
}

} // namespace detail

/// \param trainings what it learned by
inline teacher_card card_of_taught(std::string name, const held_out_judgements& judged, const teach_data& data,
                                   std::span<const training_history* const> trainings) {
    const card_subject subject = card_subject_of(std::move(name), judged.said, data.held_out, data.held_out_labels);
    teacher_card card = card_of(subject);
    std::unordered_set<std::uint64_t> learned;
    for (const text_comparison& pair : data.learned) learned.insert(hash_of(pair.prompt));
    card.overlap = overlap_of(subject, learned);
    card.cost = teacher_cost{
        .parameters = judged.parameters, .judging_tokens = judged.tokens, .human_labels = data.learned.size()};
    for (const training_history* history : trainings) card.cost->training_tokens += detail::tokens_of(*history);
    return card;
}

} // namespace preflearn
