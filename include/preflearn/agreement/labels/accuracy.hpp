/// \file
/// How often labels are right: against true labels matched by the pair's id, against another source's labels, and
/// rewards against the known order of a pair. Every function takes a tie rule, because peers silently differ in it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <span>

#include <preflearn/agreement/uncertainty/proportion.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Outcomes of labels held against other labels: a win is an agreement.
struct label_accuracy_result {
    estimate rate{};
    outcomes counts{};
    /// Pairs on which either side abstains: left out of the rate.
    std::size_t abstained = 0;
    /// Labels whose pair the other side does not label: left out of the rate.
    std::size_t unmatched = 0;
};

namespace detail {

/// +1 for first, -1 for second, 0 for a tie; the verdict must not be an abstention.
inline int direction(const preference& verdict) {
    const choice decided = verdict.decision();
    return decided == choice::first ? 1 : decided == choice::second ? -1 : 0;
}

/// Two equal verdicts agree (two ties as well), opposite ones disagree, a tie against a decision is a tie.
inline void count_agreement(outcomes& counts, int a, int b) {
    ++(a == b ? counts.wins : a == -b ? counts.losses : counts.ties);
}

} // namespace detail

/// The share of `labels` that agree with `truth`, by decision (the likelier response). A tie on one side
/// alone is a tie under `ties`; a tie on both sides is an agreement. Pairs found on one side only and pairs
/// with an abstention are left out and counted.
inline label_accuracy_result label_accuracy(const label_set& labels, const label_set& truth,
                                            tie_rule ties = tie_rule::half, double confidence = 0.95) {
    label_accuracy_result result;
    for (const label& given : labels) {
        const std::optional<preference> known = truth.find(given.id);
        if (!known) {
            ++result.unmatched;
        } else if (given.verdict.abstained() || known->abstained()) {
            ++result.abstained;
        } else {
            detail::count_agreement(result.counts, detail::direction(given.verdict), detail::direction(*known));
        }
    }
    result.rate = win_share(result.counts, ties, confidence);
    return result;
}

/// Outcomes of margins (chosen minus rejected reward) against the known order: positive is right, zero a tie.
/// \throws numeric_error naming the index of a NaN.
inline outcomes margin_outcomes(std::span<const double> margins) {
    outcomes counts;
    for (std::size_t i = 0; i < margins.size(); ++i) {
        require<numeric_error>(!std::isnan(margins[i]), "margin ", i, " is NaN");
        counts.add(margins[i]);
    }
    return counts;
}

/// The share of pairs whose margin is positive. `tie_rule::wrong` gives rewards/accuracies of TRL and RewardBench.
inline estimate pairwise_accuracy(std::span<const double> margins, tie_rule ties, double confidence = 0.95) {
    return win_share(margin_outcomes(margins), ties, confidence);
}

/// The same from the rewards of both responses. Equal infinities are a tie. \throws argument_error when the lengths
/// differ.
inline estimate pairwise_accuracy(std::span<const double> chosen, std::span<const double> rejected, tie_rule ties,
                                  double confidence = 0.95) {
    require(chosen.size() == rejected.size(), "rewards of ", chosen.size(), " chosen and ", rejected.size(),
            " rejected responses");
    outcomes counts;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        require<numeric_error>(!std::isnan(chosen[i]) && !std::isnan(rejected[i]), "a reward of pair ", i, " is NaN");
        ++(chosen[i] > rejected[i] ? counts.wins : chosen[i] < rejected[i] ? counts.losses : counts.ties);
    }
    return win_share(counts, ties, confidence);
}

} // namespace preflearn
