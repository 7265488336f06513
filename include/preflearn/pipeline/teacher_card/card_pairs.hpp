/// \file
/// What a teacher's card is made of: the teacher's verdicts and true ones of the same pairs, with what may explain
/// where they differ. Both are about a pair's two responses in one order, which says nothing: every number of the card
/// stays as it is when a pair is turned round.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include <preflearn/agreement/labels/accuracy.hpp>
#include <preflearn/agreement/uncertainty/clustered.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/proportion.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/preference.hpp>

namespace preflearn {

struct card_pair {
    /// Pairs of one prompt share it; any number or hash.
    std::uint64_t prompt = 0;
    preference said = preference::abstention(), gold = preference::abstention();
    /// Of the first response minus that of the second.
    double length_difference = 0;
    /// Whether the first of the two is the one that the teacher was shown first, and that the truth's file names first
    /// where its order is no verdict; as far as that is known.
    std::optional<bool> first_shown_first{}, first_listed_first{};
    /// Into `card_subject::categories`; of no meaning where there are none.
    std::size_t category = 0;
};

struct card_subject {
    std::string name{};
    /// What `gold` is: "human", a file's name.
    std::string truth{};
    std::string length_unit = "characters";
    std::vector<card_pair> pairs{};
    /// Names of categories, and the field they come from; empty: none.
    std::string category_field{};
    std::vector<std::string> categories{};
};

/// Whether both have a verdict.
inline bool is_judged(const card_pair& pair) { return !pair.said.abstained() && !pair.gold.abstained(); }

/// 1 where the two agree (two ties as well), 0 where they are opposite, ½ for a tie on one side alone.
inline double agreement_score(const preference& a, const preference& b) {
    outcomes one;
    detail::count_agreement(one, detail::direction(a), detail::direction(b));
    return one.wins > 0 ? 1 : one.ties > 0 ? 0.5 : 0;
}

/// The evidence for the first response in natural logits: the verdict's margin, else the log-odds of its probability;
/// nothing for a certain verdict without a margin, and for an abstention.
inline std::optional<double> evidence_of(const preference& said) {
    if (said.abstained()) return std::nullopt;
    if (const auto margin = said.margin()) return std::isfinite(*margin) ? margin : std::nullopt;
    const double p = said.half_win();
    return p > 0 && p < 1 ? std::optional(logit(p)) : std::nullopt;
}

/// A mean of scores in {0, ½, 1} over pairs, with an error over prompts. Where no two pairs share a prompt it is
/// `win_share`; `count` is the number of prompts.
inline estimate share_over_prompts(std::span<const double> scores, std::span<const std::uint64_t> prompts,
                                   double confidence = 0.95) {
    const std::unordered_set<std::uint64_t> distinct(prompts.begin(), prompts.end());
    if (distinct.size() < scores.size()) return clustered_share(scores, prompts, confidence);
    outcomes counts;
    for (const double score : scores) ++(score == 1 ? counts.wins : score == 0 ? counts.losses : counts.ties);
    return win_share(counts, tie_rule::half, confidence);
}

/// Scores with the prompts that they belong to.
struct prompt_scores {
    std::vector<double> scores{};
    std::vector<std::uint64_t> prompts{};

    void add(double score, std::uint64_t prompt) {
        scores.push_back(score);
        prompts.push_back(prompt);
    }
    [[nodiscard]] estimate share(double confidence = 0.95) const {
        return share_over_prompts(scores, prompts, confidence);
    }
};

} // namespace preflearn
