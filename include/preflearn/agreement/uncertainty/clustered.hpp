/// \file
/// The mean of observations that come in clusters (several judgements of one prompt, several prompts of one annotator):
/// the cluster-robust variance Σ_c (Σ_{i in c} (x_i - x̄))² · C / (C - 1) / n² with Student's C - 1 degrees of freedom
/// (Liang & Zeger 1986). The paired difference of two policies is the clustered mean of their differences.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/agreement/uncertainty/bootstrap.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/proportion.hpp>
#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/system/error.hpp>

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
        mean += values[i];
    }
    require<numeric_error>(std::isfinite(mean), "the sum of ", values.size(), " values overflows");
    mean /= n;
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

/// A share, the mean of values in [0, 1], whose units come in clusters: the cluster-robust error, and Wilson's interval
/// at the sample size that this error stands for, p(1 - p) / s.e.², at most that of the values, lessened by what
/// Student's interval is wider than the normal one (Korn & Graubard 1998). Where all values are 0, or all 1, the error
/// says nothing and a cluster counts once. `count` is the number of clusters.
/// \throws argument_error when the lengths differ, or for a value outside [0, 1].
template <class Id>
estimate clustered_share(std::span<const double> values, std::span<const Id> cluster_ids, double confidence = 0.95) {
    for (std::size_t i = 0; i < values.size(); ++i)
        require(values[i] >= 0 && values[i] <= 1, "value ", i, " of a share is ", values[i]);
    estimate e = clustered_mean(values, cluster_ids, confidence);
    if (!e.defined() || e.count < 2) return e;
    const double p = std::clamp(e.value, 0.0, 1.0), error = e.standard_error;
    const auto clusters = static_cast<double>(e.count), most = static_cast<double>(values.size());
    const double narrowing = normal_critical(confidence) / student_critical(confidence, clusters - 1);
    const double size = (error > 0 ? std::min(most, p * (1 - p) / (error * error)) : clusters) * narrowing * narrowing;
    e.bounds = wilson_interval(p * size, size, confidence);
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
