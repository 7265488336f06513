/// \file
/// Random numbers, products and finite differences for the parts of a model.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/core/numbers/random.hpp>

#include "finite_differences.hpp"

namespace test {

inline std::vector<double> normals(std::size_t count, std::uint64_t stream, double scale = 1) {
    preflearn::generator random(17, "normals", stream);
    std::vector<double> values(count);
    for (double& value : values) value = scale * random.normal();
    return values;
}

inline double dot(std::span<const double> a, std::span<const double> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

} // namespace test
