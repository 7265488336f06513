/// \file
/// The mean of observations that come in clusters (several judgements of one prompt, several prompts of one annotator):
/// the cluster-robust variance Σ_c (Σ_{i in c} (x_i - x̄))² · C / (C - 1) / n² with Student's C - 1 degrees of freedom
/// (Liang & Zeger 1986). The paired difference of two policies is the clustered mean of their differences.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/agreement/bootstrap.hpp>
#include <preflearn/agreement/estimate.hpp>
#include <preflearn/core/distribution.hpp>
#include <preflearn/core/error.hpp>
#include <preflearn/core/rounding.hpp>

namespace preflearn {

/// `count` is the number of clusters; one cluster gives a mean without an error.
/// \throws argument_error when the lengths differ, numeric_error naming the index of a NaN or an infinity.
template <class Id>
estimate clustered_mean(std::span<const double> values, std::span<const Id> cluster_ids, double confidence = 0.95) {
    require(values.size() == cluster_ids.size(), values.size(), " values and ", cluster_ids.size(), " cluster ids");
    if (values.empty()) return estimate::none(estimate_status::empty);
    const auto n = static_cast<double>(values.size());
    double mean = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        require<numeric_error>(std::isfinite(values[i]), "value ", i, " of a mean is ", values[i]);
        mean += values[i] / n;
    }
    const cluster_index<Id> index = index_clusters(cluster_ids);
    std::vector<double> deviation(index.clusters);
    for (std::size_t i = 0; i < values.size(); ++i) deviation[index.of_unit[i]] += values[i] - mean;
    estimate e{.value = mean, .count = index.clusters, .status = estimate_status::ok};
    if (index.clusters < 2) return e;
    const auto clusters = static_cast<double>(index.clusters);
    double squares = 0;
    for (const double d : deviation) squares += d * d;
    require<numeric_error>(std::isfinite(squares), "the sum of squares of ", values.size(), " values overflows");
    // What rounding leaves of equal values is no error.
    e.standard_error =
        squares_of_rounding(squares, mean * n, 1) ? 0 : std::sqrt(squares * clusters / (clusters - 1)) / n;
    const double half = student_critical(confidence, clusters - 1) * e.standard_error;
    e.bounds = {mean - half, mean + half};
    return e;
}

/// The mean of ours - theirs over paired observations in clusters.
template <class Id>
estimate clustered_difference(std::span<const double> ours, std::span<const double> theirs,
                              std::span<const Id> cluster_ids, double confidence = 0.95) {
    require(ours.size() == theirs.size(), "paired scores of ", ours.size(), " and ", theirs.size(), " responses");
    std::vector<double> differences(ours.size());
    for (std::size_t i = 0; i < ours.size(); ++i) differences[i] = difference_of(ours[i], theirs[i]);
    return clustered_mean(std::span<const double>(differences), cluster_ids, confidence);
}

} // namespace preflearn
