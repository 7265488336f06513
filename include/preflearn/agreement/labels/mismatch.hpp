/// \file
/// Two label sources against a third (Tao & Li 2025, section 4: weak LLM and human against a gold reward): on what
/// share of pairs do they disagree, and with which of the two does the third side there? On the others the third
/// favours neither, so the difference of the two accuracies is decided by the disagreements alone.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

#include <preflearn/agreement/labels/accuracy.hpp>
#include <preflearn/agreement/uncertainty/proportion.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/preference.hpp>

namespace preflearn {

/// Counts of a match / mismatch analysis; counts of shards add up.
struct mismatch_counts {
    /// Pairs on which the sources agree: gold agrees too (win), is tied, or contradicts both (loss).
    outcomes match{};
    /// Pairs on which the sources disagree: gold sides with the first source (win), is tied, or with the second (loss).
    outcomes mismatch{};
    /// Pairs labelled by all three on which a source is tied or any of the three abstains: left out.
    std::size_t undecided = 0;
    /// Labels of the first source whose pair the second source or gold does not label: left out.
    std::size_t unmatched = 0;

    mismatch_counts& operator+=(const mismatch_counts& other) {
        match += other.match;
        mismatch += other.mismatch;
        undecided += other.undecided;
        unmatched += other.unmatched;
        return *this;
    }
};

struct mismatch_result {
    mismatch_counts counts{};
    /// Share of pairs on which the two sources disagree.
    estimate disagreement{};
    /// Among those: share on which gold sides with the first source (a gold tie counts half).
    estimate gold_with_first{};
    /// Among the matches: share on which gold agrees with both.
    estimate gold_with_both{};
    /// Accuracy of each source against gold over matches and mismatches (a gold tie counts half).
    estimate first_accuracy{}, second_accuracy{};
    /// first_accuracy - second_accuracy with the interval of paired proportions (Wald; Fleiss, Levin & Paik
    /// 2003, 13.6).
    estimate accuracy_difference{};
    /// Exact two-sided p-value of equal accuracies (McNemar's exact test; gold ties left out); NaN
    /// without pairs.
    double p_value = undefined;
};

inline mismatch_result analyse_mismatch(const mismatch_counts& counts, double confidence = 0.95) {
    const auto [match, mismatch] = std::pair{counts.match, counts.mismatch};
    const std::size_t total = match.total() + mismatch.total();
    mismatch_result result{.counts = counts};
    result.disagreement = proportion(mismatch.total(), total, confidence);
    result.gold_with_first = win_share(mismatch, tie_rule::half, confidence);
    result.gold_with_both = win_share(match, tie_rule::half, confidence);
    const auto accuracy = [&](std::size_t right, std::size_t wrong) {
        return win_share({match.wins + right, match.ties + mismatch.ties, match.losses + wrong}, tie_rule::half,
                         confidence);
    };
    result.first_accuracy = accuracy(mismatch.wins, mismatch.losses);
    result.second_accuracy = accuracy(mismatch.losses, mismatch.wins);
    result.accuracy_difference = estimate::none(estimate_status::empty);
    if (total > 0) {
        result.p_value = sign_test(mismatch.wins, mismatch.wins + mismatch.losses);
        const auto n = static_cast<double>(total), b = static_cast<double>(mismatch.wins),
                   c = static_cast<double>(mismatch.losses);
        const double value = (b - c) / n, error = std::sqrt(std::max(0.0, b + c - (b - c) * (b - c) / n)) / n;
        const double half = normal_critical(confidence) * error;
        result.accuracy_difference = {value, error, {value - half, value + half}, total, estimate_status::ok};
    }
    return result;
}

/// Counts over the pairs that all three label, matched by id.
inline mismatch_counts count_mismatches(const label_set& first, const label_set& second, const label_set& gold) {
    mismatch_counts counts;
    for (const label& given : first) {
        const std::optional<preference> other = second.find(given.id), known = gold.find(given.id);
        if (!other || !known) {
            ++counts.unmatched;
            continue;
        }
        const bool abstained = given.verdict.abstained() || other->abstained() || known->abstained();
        const int a = abstained ? 0 : detail::direction(given.verdict), b = abstained ? 0 : detail::direction(*other);
        if (a == 0 || b == 0) {
            ++counts.undecided;
            continue;
        }
        detail::count_agreement(a == b ? counts.match : counts.mismatch, a, detail::direction(*known));
    }
    return counts;
}

inline mismatch_result analyse_mismatch(const label_set& first, const label_set& second, const label_set& gold,
                                        double confidence = 0.95) {
    return analyse_mismatch(count_mismatches(first, second, gold), confidence);
}

/// The accuracies (first, second) of two sources whose errors are independent given the truth, from their agreement
/// rate A and the difference d of their accuracies: h - w = d and hw + (1 - h)(1 - w) = A, both better than chance
/// on average. Empty when no such accuracies lie in [0, 1].
struct independent_accuracies {
    double first = undefined, second = undefined;
};
inline std::optional<independent_accuracies> accuracies_if_independent(double agreement, double difference) {
    const double square = difference * difference + 2 * agreement - 1;
    if (!(square >= -rounding_share)) return std::nullopt;
    const double second = (1 - difference + std::sqrt(std::max(0.0, square))) / 2, first = second + difference;
    const auto possible = [](double x) { return x >= -rounding_share && x <= 1 + rounding_share; };
    if (!possible(first) || !possible(second)) return std::nullopt;
    return independent_accuracies{std::clamp(first, 0.0, 1.0), std::clamp(second, 0.0, 1.0)};
}

} // namespace preflearn
