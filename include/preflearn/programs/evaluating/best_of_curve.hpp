/// \file
/// Best of k: the gold reward of the response that a selector prefers among k of a student's samples, without bias from
/// n >= k of them. With the gold teacher itself as selector it is an upper bound; with another one it shows when more
/// choice stops to help (Gao et al. 2023, arXiv:2210.10760). KL to the student is at most ln k − (k − 1) / k.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <preflearn/agreement/policies/best_of.hpp>
#include <preflearn/agreement/uncertainty/clustered.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// The expected value of the response with the highest score of k drawn without replacement; equal scores share. With
/// scores = values it is the mean of `expected_best_of`. \throws argument_error unless 1 <= k <= n and there is a score
/// for each value
inline double expected_pick(std::span<const double> values, std::span<const double> scores, std::size_t k) {
    require(values.size() == scores.size(), values.size(), " values and ", scores.size(), " scores");
    require(k >= 1 && k <= values.size(), "the best of ", k, " from ", values.size(), " samples");
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(
        order, [&](std::size_t a, std::size_t b) { return scores[a] != scores[b] ? scores[a] < scores[b] : a < b; });
    std::vector<double> weights(order.size()); // C(i - 1, k - 1) / C(n, k) on the i-th smallest
    double weight = static_cast<double>(k) / static_cast<double>(order.size());
    for (std::size_t i = order.size(); i >= k; --i) {
        weights[i - 1] = weight;
        if (i > 1) weight *= static_cast<double>(i - k) / static_cast<double>(i - 1);
    }
    double expected = 0;
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
        double sum = 0, mass = 0;
        for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end) {
            sum += values[order[end]];
            mass += weights[end];
        }
        expected += mass * sum / static_cast<double>(end - begin);
    }
    return expected;
}

/// The KL divergence from the policy that is sampled, at most, in nats.
inline double best_of_divergence(std::size_t k) {
    const auto n = static_cast<double>(k);
    return std::log(n) - (n - 1) / n;
}

struct best_of_point {
    std::size_t k = 1;
    estimate reward{};
};

/// Of one student under one gold teacher.
struct best_of_curve {
    std::size_t student = 0;
    std::string selector{};
    std::vector<best_of_point> points{};
    /// How often the selector takes the response that gold likes best, of all there are; prompts on which gold knows no
    /// best one are left out.
    estimate picks_best{};
};

/// 1, 2, …, 8, 16, 32, …, and n.
inline std::vector<std::size_t> best_of_sizes(std::size_t n) {
    std::vector<std::size_t> sizes;
    for (std::size_t k = 1; k <= n; k = k < 8 ? k + 1 : 2 * k) sizes.push_back(k);
    if (!sizes.empty() && sizes.back() != n) sizes.push_back(n);
    return sizes;
}

/// \param values, scores gold's and the selector's, a row a prompt; rows of fewer than two are passed over
/// \param most the largest k, which every row has
inline best_of_curve best_of_curve_of(const ragged<double>& values, const ragged<double>& scores,
                                      std::span<const std::size_t> clusters, std::size_t most, double confidence) {
    best_of_curve curve;
    for (const std::size_t k : best_of_sizes(most)) {
        std::vector<double> expected;
        for (std::size_t p = 0; p < values.size(); ++p) expected.push_back(expected_pick(values[p], scores[p], k));
        curve.points.push_back({k, clustered_mean(std::span<const double>(expected), clusters, confidence)});
    }
    ragged<double> known;
    std::vector<std::size_t> best;
    for (std::size_t p = 0; p < values.size(); ++p) {
        const auto at = std::ranges::max_element(values[p]);
        if (std::ranges::count(values[p], *at) != 1) continue;
        known.push_back(scores[p]);
        best.push_back(static_cast<std::size_t>(at - values[p].begin()));
    }
    curve.picks_best = best_of_n_accuracy(known, best, confidence);
    return curve;
}

} // namespace preflearn
