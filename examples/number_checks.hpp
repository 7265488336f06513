// Checks of numbers that a command line gives. CLI11's own name the largest double, 309 digits, where a number is too
// small.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <CLI/CLI.hpp>

/// A number above 0.
inline CLI::Validator positive_number() {
    const auto check = [](const std::string& given) -> std::string {
        return CLI::PositiveNumber(given).empty() ? "" : "a number above 0 was expected, found '" + given + "'";
    };
    return CLI::Validator(check, "POSITIVE");
}

/// A number that is 0 or more.
inline CLI::Validator non_negative_number() {
    const auto check = [](const std::string& given) -> std::string {
        return CLI::NonNegativeNumber(given).empty() ? "" : "a number of 0 or more was expected, found '" + given + "'";
    };
    return CLI::Validator(check, "NONNEGATIVE");
}
