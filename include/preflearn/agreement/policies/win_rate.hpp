/// \file
/// The win rate of one policy over another from scores of their responses to the same prompts, (W + T/2) / n, and the
/// paired difference of the scores. Both are paired: prompt i of one is prompt i of the other.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include <preflearn/agreement/uncertainty/moments.hpp>
#include <preflearn/agreement/uncertainty/proportion.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Counts on how many prompts `ours` scores above `theirs`. Scores that differ by at most `threshold` tie.
/// \throws argument_error when the lengths differ or the threshold is negative; numeric_error naming a NaN's index.
inline outcomes compare_scores(std::span<const double> ours, std::span<const double> theirs, double threshold = 0) {
    require(ours.size() == theirs.size(), "paired scores of ", ours.size(), " and ", theirs.size(), " responses");
    require(threshold >= 0, "the tie threshold of a win rate is ", threshold, ", a number >= 0 was expected");
    outcomes counts;
    for (std::size_t i = 0; i < ours.size(); ++i) {
        require<numeric_error>(!std::isnan(ours[i]) && !std::isnan(theirs[i]), "a score of prompt ", i, " is NaN");
        const bool tied = ours[i] == theirs[i] || std::abs(ours[i] - theirs[i]) <= threshold;
        ++(tied ? counts.ties : ours[i] > theirs[i] ? counts.wins : counts.losses);
    }
    return counts;
}

/// The win rate with ties counted half: standard error of AlpacaEval, trinomial score interval.
inline estimate win_rate(const outcomes& counts, double confidence = 0.95) {
    return win_share(counts, tie_rule::half, confidence);
}
inline estimate win_rate(std::span<const double> ours, std::span<const double> theirs, double confidence = 0.95) {
    return win_rate(compare_scores(ours, theirs), confidence);
}

/// The mean of ours - theirs over prompts, with the t-interval of the paired differences. What differs by rounding
/// alone does not differ.
inline estimate paired_difference(std::span<const double> ours, std::span<const double> theirs,
                                  double confidence = 0.95) {
    require(ours.size() == theirs.size(), "paired scores of ", ours.size(), " and ", theirs.size(), " responses");
    moments differences;
    for (std::size_t i = 0; i < ours.size(); ++i) {
        require<numeric_error>(std::isfinite(ours[i]) && std::isfinite(theirs[i]), "a score of prompt ", i,
                               " is not finite");
        differences.add(difference_of(ours[i], theirs[i]));
    }
    return mean_estimate(differences, confidence);
}

} // namespace preflearn
