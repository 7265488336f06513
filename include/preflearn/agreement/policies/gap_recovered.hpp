/// \file
/// The share of the gap between a weak teacher and a ceiling that a student recovers (Burns et al. 2023),
/// (student - weak) / (ceiling - weak). A ratio whose denominator may be near 0: beside the bootstrap it has Fieller's
/// interval (1954), which says honestly when the data do not bound it.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <preflearn/agreement/ranks/correlation.hpp>
#include <preflearn/agreement/uncertainty/bootstrap.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// A ratio of two means of paired observations with Fieller's interval; the standard error is the delta method's.
struct ratio_estimate {
    estimate ratio{};
    /// False when the denominator does not differ from 0 at this confidence: then the bounds are ±∞.
    bool bounded = false;
};

/// mean(numerators) / mean(denominators). A mean denominator that is 0 but for rounding: constant_input.
/// \param rounding what rounding may have left in a denominator, where it is the difference of larger numbers
/// \throws argument_error when the lengths differ, numeric_error naming the index of a NaN or an infinity.
inline ratio_estimate ratio_of_means(std::span<const double> numerators, std::span<const double> denominators,
                                     double confidence = 0.95, double rounding = 0) {
    require(numerators.size() == denominators.size(), numerators.size(), " numerators and ", denominators.size(),
            " denominators");
    comoments m;
    double size = 0;
    for (std::size_t i = 0; i < numerators.size(); ++i) {
        m.add(numerators[i], denominators[i]);
        size += (std::abs(denominators[i]) - size) / static_cast<double>(i + 1);
    }
    if (m.count == 0) return {};
    detail::refuse_overflow(m);
    if (std::abs(m.mean_y) <= rounding_share * size + rounding)
        return {estimate::none(estimate_status::constant_input, m.count)};
    const double a = m.mean_x, b = m.mean_y;
    ratio_estimate result{{.value = a / b, .count = m.count, .status = estimate_status::ok}};
    if (m.count < 2) return result;
    const double degrees = static_cast<double>(m.count - 1), scale = 1 / (degrees * static_cast<double>(m.count));
    const double va = m.squares_x * scale, vb = m.squares_y * scale, c = m.products * scale, r = a / b;
    result.ratio.standard_error = std::sqrt(std::max(0.0, va - 2 * r * c + r * r * vb)) / std::abs(b);
    const double t = student_critical(confidence, degrees), square = t * t;
    // The ratios θ that are not rejected: (a - θb)² <= t² (va - 2θc + θ² vb).
    const double leading = b * b - square * vb, middle = a * b - square * c, last = a * a - square * va;
    result.bounded = leading > rounding_share * b * b;
    if (result.bounded) {
        const double root = std::sqrt(std::max(0.0, middle * middle - leading * last));
        result.ratio.bounds = {(middle - root) / leading, (middle + root) / leading};
    } else {
        result.ratio.bounds = {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
    }
    return result;
}

struct gap_recovered_result {
    ratio_estimate fieller{};
    bootstrap_result bootstrap{};
};

/// Scores of three systems on the same prompts (or seeds), one per entry. 0: no better than the teacher; 1: the
/// ceiling. A gap that is 0 but for rounding, on every prompt or on the mean: constant_input for both intervals.
inline gap_recovered_result gap_recovered(std::span<const double> weak, std::span<const double> student,
                                          std::span<const double> ceiling, const bootstrap_options& options = {}) {
    require(weak.size() == student.size() && weak.size() == ceiling.size(), "scores of ", weak.size(), " (weak), ",
            student.size(), " (student) and ", ceiling.size(), " (ceiling) prompts");
    std::vector<double> gained(weak.size()), gap(weak.size());
    double largest = 0;
    for (std::size_t i = 0; i < weak.size(); ++i) {
        gained[i] = difference_of(student[i], weak[i]);
        gap[i] = difference_of(ceiling[i], weak[i]);
        largest = std::max({largest, std::abs(ceiling[i]), std::abs(weak[i])});
    }
    const double rounding = rounding_share * largest;
    return {ratio_of_means(gained, gap, options.confidence, rounding), bootstrap_ratio(gained, gap, options, rounding)};
}

} // namespace preflearn
