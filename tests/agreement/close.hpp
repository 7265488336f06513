/// \file
/// Comparison of a number with a golden one at a relative tolerance.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include <doctest/doctest.h>

/// |found - expected| <= tolerance · max(|expected|, 1e-300); two NaNs are close.
inline bool close(double found, double expected, double tolerance) {
    const bool result = (std::isnan(found) && std::isnan(expected)) ||
                        std::abs(found - expected) <= tolerance * std::max(std::abs(expected), 1e-300);
    if (!result) MESSAGE("found " << doctest::toString(found) << ", expected " << doctest::toString(expected));
    return result;
}
