/// \file
/// Pearson's and Spearman's correlation. Co-moments are gathered in one pass and merge (Chan, Golub & LeVeque 1979).
/// Intervals are Fisher's z, with 1 / (n - 3) for Pearson and (1 + r²/2) / (n - 3) for Spearman (Bonett & Wright 2000).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/numbers/exact_sum.hpp>
#include <preflearn/core/numbers/order.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

/// Counts, means, and sums of squared and crossed deviations of pairs of numbers.
struct comoments {
    std::size_t count = 0;
    double mean_x = 0, mean_y = 0, squares_x = 0, squares_y = 0, products = 0;

    /// \throws numeric_error for NaN and infinities.
    void add(double x, double y) {
        require<numeric_error>(std::isfinite(x) && std::isfinite(y), "pair ", count, " of a correlation is (", x, ", ",
                               y, ")");
        ++count;
        const auto n = static_cast<double>(count);
        const double dx = x - mean_x, dy = y - mean_y;
        mean_x += dx / n;
        mean_y += dy / n;
        squares_x += dx * (x - mean_x);
        squares_y += dy * (y - mean_y);
        products += dx * (y - mean_y);
    }
    comoments& operator+=(const comoments& other) {
        if (other.count == 0) return *this;
        if (count == 0) return *this = other;
        const auto n = static_cast<double>(count), m = static_cast<double>(other.count);
        const double dx = other.mean_x - mean_x, dy = other.mean_y - mean_y, scale = n * m / (n + m);
        squares_x += other.squares_x + dx * dx * scale;
        squares_y += other.squares_y + dy * dy * scale;
        products += other.products + dx * dy * scale;
        mean_x += dx * m / (n + m);
        mean_y += dy * m / (n + m);
        count += other.count;
        return *this;
    }
};

namespace detail {

/// \throws numeric_error where the sums of squares have overflowed.
inline void refuse_overflow(const comoments& m) {
    require<numeric_error>(std::isfinite(m.squares_x) && std::isfinite(m.squares_y) && std::isfinite(m.products),
                           "the sums of squares of ", m.count, " pairs of numbers overflow");
}

/// r with Fisher's z interval of variance spread / (n - 3); the standard error is that of r by the delta method.
inline estimate fisher_interval(double r, std::size_t count, double spread, double lost, double confidence) {
    // What is 1 but for rounding is 1, and its interval a point.
    const double value = 1 - std::abs(r) <= rounding_share ? std::copysign(1, r) : r;
    const double degrees = static_cast<double>(count) - lost;
    estimate e{.value = value, .count = count, .status = estimate_status::ok};
    if (degrees <= 0) return e;
    const double error = std::sqrt(spread / degrees), z = std::atanh(value), half = normal_critical(confidence) * error;
    e.standard_error = error * (1 - value * value);
    e.bounds = {std::tanh(z - half), std::tanh(z + half)};
    return e;
}

} // namespace detail

/// Fewer than two pairs: too_few; a side that is constant but for rounding: constant_input.
/// \throws numeric_error where the sums of squares have overflowed.
inline estimate pearson(const comoments& m, double confidence = 0.95) {
    if (m.count < 2) return estimate::none(m.count == 0 ? estimate_status::empty : estimate_status::too_few, m.count);
    detail::refuse_overflow(m);
    const auto count = static_cast<double>(m.count);
    if (squares_of_rounding(m.squares_x, m.mean_x, count) || squares_of_rounding(m.squares_y, m.mean_y, count))
        return estimate::none(estimate_status::constant_input, m.count);
    const double r = m.products / (std::sqrt(m.squares_x) * std::sqrt(m.squares_y));
    return detail::fisher_interval(r, m.count, 1, 3, confidence);
}

/// \throws argument_error when the lengths differ, numeric_error naming the index of a NaN or an infinity.
inline estimate pearson(std::span<const double> x, std::span<const double> y, double confidence = 0.95) {
    require(x.size() == y.size(), "a correlation of ", x.size(), " and ", y.size(), " values");
    comoments m;
    for (std::size_t i = 0; i < x.size(); ++i) m.add(x[i], y[i]);
    return pearson(m, confidence);
}

/// Spearman's correlation: Pearson's of midranks, whose mean is known. Infinities have a rank. A side that is constant
/// but for rounding has no ranks: constant_input.
inline estimate spearman(std::span<const double> x, std::span<const double> y, double confidence = 0.95) {
    require(x.size() == y.size(), "a correlation of ", x.size(), " and ", y.size(), " values");
    if (x.size() > 1 && (equal_but_for_rounding(x) || equal_but_for_rounding(y))) {
        for (const std::span values : {x, y}) detail::refuse_nan(values);
        return estimate::none(estimate_status::constant_input, x.size());
    }
    const std::vector<double> ranks_x = midranks(x), ranks_y = midranks(y);
    constexpr std::size_t grain = 1024;
    const double mean = (static_cast<double>(x.size()) + 1) / 2;
    std::vector<std::array<double, 3>> blocks((x.size() + grain - 1) / grain);
    parallel_blocks(x.size(), grain, [&](std::size_t begin, std::size_t end) {
        double squares_x = 0, squares_y = 0, products = 0;
        for (std::size_t i = begin; i < end; ++i) {
            const double dx = ranks_x[i] - mean, dy = ranks_y[i] - mean;
            squares_x += dx * dx;
            squares_y += dy * dy;
            products += dx * dy;
        }
        blocks[begin / grain] = {squares_x, squares_y, products};
    });
    std::array<exact_sum, 3> sums;
    for (const std::array<double, 3>& block : blocks)
        for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += block[k];
    const comoments all{x.size(), mean, mean, sums[0].value(), sums[1].value(), sums[2].value()};
    const estimate e = pearson(all, confidence);
    if (!e.defined()) return e;
    return detail::fisher_interval(e.value, e.count, 1 + e.value * e.value / 2, 3, confidence);
}

/// The two-sided p-value of no correlation (Student's t with n - 2 degrees of freedom), for Pearson and Spearman.
inline double correlation_p_value(const estimate& e) {
    if (!e.defined() || e.count < 3) return undefined;
    const double degrees = static_cast<double>(e.count) - 2;
    return student_p_value(e.value * std::sqrt(degrees / std::max(0.0, (1 - e.value) * (1 + e.value))), degrees);
}

} // namespace preflearn
