/// \file
/// Finite differences for the parts of a model.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/core/random.hpp>

namespace test {

inline std::vector<double> normals(std::size_t count, std::uint64_t stream, double scale = 1) {
    preflearn::generator random(17, "normals", stream);
    std::vector<double> values(count);
    for (double& value : values) value = scale * random.normal();
    return values;
}

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

inline double dot(std::span<const double> a, std::span<const double> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

} // namespace test
