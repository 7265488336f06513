/// \file
/// How noisy simulated annotators must be to agree with the reward behind them as often as people do: the temperature T
/// at which the mean of σ(|margin| / T) over pairs is the wanted share.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// The temperature for `drawn_label` whose expected agreement with the sign of these margins is `agreement` (a tie
/// counts half). The agreement falls from the share without ties (T → 0) to one half (T → ∞); it is found by bisection
/// of log T. \throws argument_error when the margins cannot give that agreement; numeric_error naming a margin that is
/// not finite.
inline double temperature_for_agreement(std::span<const double> margins, double agreement) {
    std::size_t decided = 0;
    double largest = 0;
    for (std::size_t i = 0; i < margins.size(); ++i) {
        require<numeric_error>(std::isfinite(margins[i]), "margin ", i, " is ", margins[i]);
        decided += margins[i] != 0;
        largest = std::max(largest, std::abs(margins[i]));
    }
    const double most =
        margins.empty() ? 0 : 0.5 + 0.5 * static_cast<double>(decided) / static_cast<double>(margins.size());
    require(agreement > 0.5 && agreement < most, "an agreement of ", agreement, " was asked for, ", margins.size(),
            " margins of which ", margins.size() - decided, " are zero can give more than 0.5 and less than ", most);
    const auto expected = [&](double temperature) {
        double sum = 0;
        for (const double margin : margins) sum += sigmoid(std::abs(margin) / temperature);
        return sum / static_cast<double>(margins.size());
    };
    double low = std::log(largest) - 60, high = std::log(largest) + 60;
    for (int step = 0; step < 200; ++step) {
        const double middle = (low + high) / 2;
        (expected(std::exp(middle)) > agreement ? low : high) = middle;
    }
    return std::exp((low + high) / 2);
}

} // namespace preflearn
