/// \file
/// Gradients against central differences.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace test {

/// The largest difference between a gradient and central differences of `value`, relative to the largest entry.
template <class Value>
double gradient_error(std::span<double> at, std::span<const double> gradient, Value&& value, std::size_t every = 1,
                      double step = 1e-5) {
    double worst = 0, scale = 1e-3;
    for (std::size_t i = 0; i < at.size(); i += every) {
        const double centre = at[i];
        at[i] = centre + step;
        const double up = value();
        at[i] = centre - step;
        const double down = value();
        at[i] = centre;
        const double expected = (up - down) / (2 * step);
        worst = std::max(worst, std::abs(gradient[i] - expected));
        scale = std::max(scale, std::abs(expected));
    }
    return worst / scale;
}

} // namespace test
