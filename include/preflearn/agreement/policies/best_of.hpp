/// \file
/// A reward model as a chooser among N responses: how often does it pick the right one (RewardBench 2's rule for ties),
/// and what would the best of k cost-free draws score, estimated without bias from n >= k samples.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/moments.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// 1 / (number of maxima) when response `correct` is among the highest scored, else 0: the chance of picking it when
/// ties are broken at random. \throws numeric_error for NaN, argument_error for an index out of range.
inline double pick_accuracy(std::span<const double> scores, std::size_t correct) {
    require(correct < scores.size(), "response ", correct, " of ", scores.size());
    std::size_t higher = 0, equal = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        require<numeric_error>(!std::isnan(scores[i]), "the score of response ", i, " is NaN");
        higher += scores[i] > scores[correct];
        equal += scores[i] == scores[correct];
    }
    return higher > 0 ? 0 : 1 / static_cast<double>(equal);
}

/// The mean over prompts; row p of `scores` holds the scores of prompt p's responses.
inline estimate best_of_n_accuracy(const ragged<double>& scores, std::span<const std::size_t> correct,
                                   double confidence = 0.95) {
    require(scores.size() == correct.size(), "scores of ", scores.size(), " prompts and ", correct.size(), " answers");
    moments m;
    for (std::size_t p = 0; p < correct.size(); ++p) m.add(pick_accuracy(scores[p], correct[p]));
    return mean_estimate(m, confidence);
}

/// The reward of the best of k responses drawn from a policy.
struct best_of_k {
    double mean = undefined, variance = undefined;
};

/// Mean and variance of the maximum of k of the n rewards drawn without replacement: weights C(i - 1, k - 1) / C(n, k)
/// on the i-th smallest. The mean is the unbiased estimate for k fresh draws from the policy. \throws argument_error
/// unless 1 <= k <= n, numeric_error naming the index of a NaN or an infinity.
inline best_of_k expected_best_of(std::span<const double> rewards, std::size_t k) {
    require(k >= 1 && k <= rewards.size(), "the best of ", k, " from ", rewards.size(), " samples");
    for (std::size_t i = 0; i < rewards.size(); ++i)
        require<numeric_error>(std::isfinite(rewards[i]), "reward ", i, " is ", rewards[i]);
    std::vector<double> sorted(rewards.begin(), rewards.end());
    std::ranges::sort(sorted);
    double weight = static_cast<double>(k) / static_cast<double>(sorted.size()), mean = 0, variance = 0;
    std::vector<double> weights(sorted.size());
    for (std::size_t i = sorted.size(); i >= k; --i) { // i counts from 1
        weights[i - 1] = weight;
        mean += weight * sorted[i - 1];
        if (i > 1) weight *= static_cast<double>(i - k) / static_cast<double>(i - 1);
    }
    for (std::size_t i = 0; i < sorted.size(); ++i) variance += weights[i] * (sorted[i] - mean) * (sorted[i] - mean);
    return {mean, variance};
}

/// The mean over prompts of the expected best of k; row p holds the rewards of prompt p's samples. The interval is over
/// prompts.
inline estimate expected_best_of(const ragged<double>& rewards, std::size_t k, double confidence = 0.95) {
    moments m;
    for (std::size_t p = 0; p < rewards.size(); ++p) m.add(expected_best_of(rewards[p], k).mean);
    return mean_estimate(m, confidence);
}

} // namespace preflearn
