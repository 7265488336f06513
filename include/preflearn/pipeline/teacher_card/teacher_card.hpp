/// \file
/// A teacher's card: what one should know before one believes its labels. Accuracy beside baselines that read nothing,
/// agreement beyond chance, calibration, risk against coverage, where it errs, whether it repeats itself, which prompts
/// it had seen, and what it cost.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/teacher_card/card_calibration.hpp>
#include <preflearn/pipeline/teacher_card/card_consistency.hpp>
#include <preflearn/pipeline/teacher_card/card_groups.hpp>
#include <preflearn/pipeline/teacher_card/card_pairs.hpp>
#include <preflearn/pipeline/teacher_card/card_shares.hpp>

namespace preflearn {

/// Prompts of the pairs of the card that were also learned from.
struct prompt_overlap {
    std::size_t prompts = 0, shared_prompts = 0, pairs = 0, pairs_of_shared = 0;
};

/// \param learned prompts, as `card_pair::prompt` has them
inline prompt_overlap overlap_of(const card_subject& subject, const std::unordered_set<std::uint64_t>& learned) {
    prompt_overlap overlap{.pairs = subject.pairs.size()};
    std::unordered_set<std::uint64_t> seen;
    for (const card_pair& pair : subject.pairs) {
        const bool shared = learned.contains(pair.prompt);
        overlap.pairs_of_shared += shared;
        if (!seen.insert(pair.prompt).second) continue;
        ++overlap.prompts;
        overlap.shared_prompts += shared;
    }
    return overlap;
}

/// What the teacher took to make and takes to ask. What is not known is 0.
struct teacher_cost {
    std::uint64_t parameters = 0;
    /// Computed while it learned (forward and backward), and for the judgements of the card.
    double training_tokens = 0, judging_tokens = 0;
    /// Labels of humans that it learned from.
    std::size_t human_labels = 0;
    /// Of the run that made it, learning and judging; another machine takes others.
    double seconds = 0;
};

struct teacher_card {
    std::string name{}, truth{}, length_unit{}, category_field{};
    double confidence = 0.95;
    card_shares shares{};
    card_calibration calibration{};
    std::vector<card_group> by_category{}, by_margin{}, by_gold_margin{}, by_length{};
    std::optional<card_consistency> consistency{};
    std::optional<prompt_overlap> overlap{};
    std::optional<teacher_cost> cost{};
    /// Said of it beside all that, a line each.
    std::vector<std::pair<std::string, std::string>> facts{};
};

/// The card without what only the caller can know: consistency, overlap, cost and facts. \param bins of each group
inline teacher_card card_of(const card_subject& subject, std::size_t bins = 10, double confidence = 0.95) {
    teacher_card card{.name = subject.name,
                      .truth = subject.truth,
                      .length_unit = subject.length_unit,
                      .category_field = subject.category_field,
                      .confidence = confidence};
    card.shares = shares_of(subject.pairs, confidence);
    card.calibration = calibration_of(subject.pairs, confidence);
    card.by_category = groups_by_category(subject, confidence);
    card.by_margin = groups_by_margin(subject.pairs, bins, confidence);
    card.by_gold_margin = groups_by_gold_margin(subject.pairs, bins, confidence);
    card.by_length = groups_by_length(subject.pairs, bins, confidence);
    return card;
}

} // namespace preflearn
