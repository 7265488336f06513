/// \file
/// Mean and variance of a stream in one pass, mergeable: Welford (1962) with the pairwise merge of Chan, Golub &
/// LeVeque (1979), which does not cancel when the mean is large beside the spread.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Count, mean and sum of squared deviations of the values seen.
struct moments {
    std::size_t count = 0;
    double mean = 0;
    double squares = 0;

    /// \throws numeric_error for NaN and infinities.
    void add(double value) {
        require<numeric_error>(std::isfinite(value), "value ", count, " of a mean is ", value);
        ++count;
        const double step = value - mean;
        mean += step / static_cast<double>(count);
        squares += step * (value - mean);
    }
    moments& operator+=(const moments& other) {
        if (other.count == 0) return *this;
        if (count == 0) return *this = other;
        const auto n = static_cast<double>(count), m = static_cast<double>(other.count);
        const double step = other.mean - mean;
        mean += step * m / (n + m);
        squares += other.squares + step * step * n * m / (n + m);
        count += other.count;
        return *this;
    }
    /// With count - 1 in the denominator; NaN below two values.
    [[nodiscard]] double variance() const { return count < 2 ? undefined : squares / static_cast<double>(count - 1); }
};

/// The mean with Student's t-interval. One value has a mean but no error; values that are equal but for rounding have
/// the error 0. \throws numeric_error where the sum of squares has overflowed.
inline estimate mean_estimate(const moments& m, double confidence = 0.95) {
    if (m.count == 0) return estimate::none(estimate_status::empty);
    require<numeric_error>(std::isfinite(m.mean) && std::isfinite(m.squares), "the sum of squares of ", m.count,
                           " values overflows");
    estimate e{.value = m.mean, .count = m.count, .status = estimate_status::ok};
    if (m.count < 2) return e;
    const auto count = static_cast<double>(m.count);
    e.standard_error = squares_of_rounding(m.squares, m.mean, count) ? 0 : std::sqrt(m.variance() / count);
    const double half = student_critical(confidence, static_cast<double>(m.count - 1)) * e.standard_error;
    e.bounds = {m.mean - half, m.mean + half};
    return e;
}

/// The mean of values with Student's t-interval. \throws numeric_error naming the index of a NaN or an infinity.
inline estimate mean_estimate(std::span<const double> values, double confidence = 0.95) {
    moments m;
    for (const double value : values) m.add(value);
    return mean_estimate(m, confidence);
}

} // namespace preflearn
