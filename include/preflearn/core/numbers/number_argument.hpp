/// \file
/// Numbers as a command line gives them. What stands there is read in one way or refused: "-1" is no huge unsigned
/// number, "010" is ten and not eight, and neither nan nor inf is a number that a program can do something with.
// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// What is wrong with a text that is to be a whole number that `Integer` can hold; nothing where it is one. Digits are
/// decimal, with no sign but a minus.
template <std::integral Integer> std::string number_fault(std::string_view text) {
    using limits = std::numeric_limits<Integer>;
    Integer value{};
    const char* const end = text.data() + text.size();
    const auto [at, fault] = std::from_chars(text.data(), end, value);
    if (fault == std::errc{} && at == end) return "";
    return message("a whole number from ", limits::min(), " to ", limits::max(), " was expected, found ",
                   excerpt{text});
}

/// The same of a finite number: 0.5, 5e-1, -3.
template <std::floating_point Real> std::string number_fault(std::string_view text) {
    if (finite_number(text)) return "";
    return message("a finite number was expected, found ", excerpt{text});
}

/// What is wrong with the level of confidence of an interval, a share of 1; nothing where it is one. 95 and 1 can be
/// read as percent and are refused in words.
inline std::string confidence_fault(std::string_view text) {
    const std::optional<double> given = finite_number(text);
    if (!given) return number_fault<double>(text);
    const double value = *given;
    if (value > 0 && value < 1) return "";
    std::string fault = message("a confidence is a share inside (0, 1), as 0.95, found ", excerpt{text});
    if (value >= 1 && value < 100) fault += message("; for ", value, " percent write ", shortest_digits(value / 100));
    return fault;
}

} // namespace preflearn
