/// \file
/// Several tests at once: Holm's step-down correction (1979). The k-th smallest of m p-values is multiplied by m - k +
/// 1 and raised to the adjusted value before it; rejecting where an adjusted value is at most α keeps the chance of any
/// false rejection at α, whatever the tests have to do with each other.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// One adjusted value a test, in their order; NaN is no test: it stays NaN and does not count.
/// \throws argument_error naming the index of a p-value outside [0, 1].
inline std::vector<double> holm_adjusted(std::span<const double> p_values) {
    std::vector<double> adjusted(p_values.begin(), p_values.end());
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < p_values.size(); ++i) {
        if (std::isnan(p_values[i])) continue;
        require(p_values[i] >= 0 && p_values[i] <= 1, "p-value ", i, " is ", p_values[i]);
        order.push_back(i);
    }
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        return p_values[a] < p_values[b] || (p_values[a] == p_values[b] && a < b);
    });
    double largest = 0;
    for (std::size_t k = 0; k < order.size(); ++k) {
        largest = std::max(largest, std::min(1.0, p_values[order[k]] * static_cast<double>(order.size() - k)));
        adjusted[order[k]] = largest;
    }
    return adjusted;
}

} // namespace preflearn
