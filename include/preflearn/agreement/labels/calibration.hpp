/// \file
/// Are probabilities right? Brier score, negative log-likelihood, and the expected calibration error (Naeini et al.
/// 2015; Guo et al. 2017) from a reliability table whose binning is stated: B bins of equal width, bin b holding
/// probabilities in ((b - 1)/B, b/B], the first one 0 as well. Outcomes lie in [0, 1]: 1, 0, ½ for a tie, or a soft
/// label.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/moments.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

namespace detail {

inline void check_forecast(double p, double outcome, std::size_t i) {
    require(p >= 0 && p <= 1, "probability ", i, " is ", p, ", a number in [0, 1] was expected");
    require(outcome >= 0 && outcome <= 1, "outcome ", i, " is ", outcome, ", a number in [0, 1] was expected");
}

} // namespace detail

/// Mean (p - y)².
inline estimate brier_score(std::span<const double> probabilities, std::span<const double> outcomes,
                            double confidence = 0.95) {
    require(probabilities.size() == outcomes.size(), probabilities.size(), " probabilities and ", outcomes.size(),
            " outcomes");
    moments m;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        detail::check_forecast(probabilities[i], outcomes[i], i);
        m.add((probabilities[i] - outcomes[i]) * (probabilities[i] - outcomes[i]));
    }
    return mean_estimate(m, confidence);
}

/// Mean -(y ln p + (1 - y) ln(1 - p)) in nats. An event that was held impossible costs +∞, and no error is given then;
/// nothing is clipped.
inline estimate negative_log_likelihood(std::span<const double> probabilities, std::span<const double> outcomes,
                                        double confidence = 0.95) {
    require(probabilities.size() == outcomes.size(), probabilities.size(), " probabilities and ", outcomes.size(),
            " outcomes");
    moments m;
    bool infinite = false;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        detail::check_forecast(probabilities[i], outcomes[i], i);
        const double p = probabilities[i], y = outcomes[i];
        const double cost = (y > 0 ? -y * std::log(p) : 0) + (y < 1 ? -(1 - y) * std::log1p(-p) : 0);
        infinite = infinite || std::isinf(cost);
        if (!infinite) m.add(cost);
    }
    if (infinite)
        return {
            .value = std::numeric_limits<double>::infinity(), .count = outcomes.size(), .status = estimate_status::ok};
    return mean_estimate(m, confidence);
}

/// The same for P = σ(margin), without forming the probability.
inline estimate margin_negative_log_likelihood(std::span<const double> margins, std::span<const double> outcomes,
                                               double confidence = 0.95) {
    require(margins.size() == outcomes.size(), margins.size(), " margins and ", outcomes.size(), " outcomes");
    moments m;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        require<numeric_error>(std::isfinite(margins[i]), "margin ", i, " is ", margins[i]);
        detail::check_forecast(0, outcomes[i], i);
        m.add(outcomes[i] * softplus(-margins[i]) + (1 - outcomes[i]) * softplus(margins[i]));
    }
    return mean_estimate(m, confidence);
}

/// One row of a reliability table.
struct reliability_bin {
    std::size_t count = 0;
    double probabilities = 0, outcomes = 0; ///< sums
    [[nodiscard]] double mean_probability() const {
        return count == 0 ? undefined : probabilities / static_cast<double>(count);
    }
    [[nodiscard]] double mean_outcome() const { return count == 0 ? undefined : outcomes / static_cast<double>(count); }
};

/// Equal-width bins, filled one observation at a time; tables of shards add up. For a classifier's confidence pass
/// (confidence, was it correct); for a binary forecast pass (P(event), did it happen).
class reliability_table {
  public:
    explicit reliability_table(std::size_t bins = 10) : bins_(bins) {
        require(bins > 0, "a reliability table needs at least one bin");
    }
    /// \throws argument_error for a probability or an outcome outside [0, 1].
    void add(double probability, double outcome) {
        detail::check_forecast(probability, outcome, count_);
        const double place = std::ceil(probability * static_cast<double>(bins_.size())) - 1;
        reliability_bin& bin = bins_[std::min(bins_.size() - 1, static_cast<std::size_t>(std::max(0.0, place)))];
        ++bin.count;
        ++count_;
        bin.probabilities += probability;
        bin.outcomes += outcome;
    }
    reliability_table& operator+=(const reliability_table& other) {
        require(bins_.size() == other.bins_.size(), "a table of ", other.bins_.size(), " bins added to one of ",
                bins_.size());
        for (std::size_t b = 0; b < bins_.size(); ++b) {
            bins_[b].count += other.bins_[b].count;
            bins_[b].probabilities += other.bins_[b].probabilities;
            bins_[b].outcomes += other.bins_[b].outcomes;
        }
        count_ += other.count_;
        return *this;
    }
    [[nodiscard]] std::span<const reliability_bin> bins() const { return bins_; }
    [[nodiscard]] std::size_t count() const { return count_; }

  private:
    std::vector<reliability_bin> bins_;
    std::size_t count_ = 0;
};

/// Σ_b n_b / n |mean outcome - mean probability| over the bins. Biased upwards in small samples.
inline estimate expected_calibration_error(const reliability_table& table) {
    if (table.count() == 0) return estimate::none(estimate_status::empty);
    double sum = 0;
    for (const reliability_bin& bin : table.bins()) sum += std::abs(bin.outcomes - bin.probabilities);
    return {.value = sum / static_cast<double>(table.count()), .count = table.count(), .status = estimate_status::ok};
}

/// The largest |mean outcome - mean probability| of a bin that is not empty.
inline estimate maximum_calibration_error(const reliability_table& table) {
    if (table.count() == 0) return estimate::none(estimate_status::empty);
    double most = 0;
    for (const reliability_bin& bin : table.bins())
        if (bin.count > 0) most = std::max(most, std::abs(bin.mean_outcome() - bin.mean_probability()));
    return {.value = most, .count = table.count(), .status = estimate_status::ok};
}

} // namespace preflearn
