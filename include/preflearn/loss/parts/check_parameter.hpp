/// \file
/// What many losses expect of their parameters, refused in one sentence each.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string_view>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// \throws argument_error when a parameter is not positive and finite.
inline void check_positive(std::string_view name, double value) {
    require(value > 0 && std::isfinite(value), name, " is ", value, ", a positive number was expected");
}

/// \throws argument_error when a parameter is not in [0, 1].
inline void check_probability(std::string_view name, double value) {
    require(value >= 0 && value <= 1, name, " is ", value, ", a probability was expected");
}

} // namespace preflearn
