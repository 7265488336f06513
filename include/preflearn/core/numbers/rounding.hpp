/// \file
/// When is a difference nothing but rounding? Numbers that are equal on paper, 0.1 + 0.2 and 0.3, differ by a few units
/// in the last place; what is divided by such a difference is noise. Every ratio whose denominator is a difference asks
/// here first, so that all of them draw the line at the same place.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace preflearn {

/// What a few roundings, a sum of a hundred terms say, may move a number by, as a share of it: 2^-48.
inline constexpr double rounding_share = 16 * std::numeric_limits<double>::epsilon();

/// a - b, and 0 where a and b are equal but for rounding. Equal infinities have the difference 0.
inline double difference_of(double a, double b) {
    if (a == b) return 0;
    const double difference = a - b;
    return std::abs(difference) <= rounding_share * std::max(std::abs(a), std::abs(b)) && std::isfinite(a) &&
                   std::isfinite(b)
               ? 0
               : difference;
}

/// Whether all values are one number but for rounding: also for one value, or none. NaN equals nothing.
inline bool equal_but_for_rounding(std::span<const double> values) {
    if (values.empty()) return true;
    double low = values[0], high = values[0];
    for (const double x : values) {
        low = std::min(low, x);
        high = std::max(high, x);
        if (difference_of(low, high) != 0 || std::isnan(x)) return false;
    }
    return true;
}

/// Whether a sum of squared deviations of `count` numbers around `mean` is what rounding leaves of equal numbers.
inline bool squares_of_rounding(double squares, double mean, double count) {
    const double step = rounding_share * mean;
    return squares <= step * step * count;
}

} // namespace preflearn
