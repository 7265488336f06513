/// \file
/// An interval of numbers that a value lies in with some confidence: what every measurement of the library returns
/// beside its value.
// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include <preflearn/core/system/compiler.hpp>

namespace preflearn {

/// A confidence interval; NaN where it does not exist.
struct interval {
    double low = std::numeric_limits<double>::quiet_NaN();
    double high = std::numeric_limits<double>::quiet_NaN();
    [[nodiscard]] bool contains(double x) const { return low <= x && x <= high; }
    friend bool operator==(const interval&, const interval&) = default;
};

} // namespace preflearn
