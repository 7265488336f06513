/// \file
/// The numbers that are no numbers.
// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

namespace test {

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

} // namespace test
