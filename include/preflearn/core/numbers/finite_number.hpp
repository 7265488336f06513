/// \file
/// Numbers as people and programs write them into text files.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <locale>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

namespace preflearn {

/// The double nearest to a decimal number, which may have blanks around it and begin with a plus; one too small for a
/// double is zero or subnormal, as IEEE 754 rounds. Nothing unless the whole text is a number and the double finite.
inline std::optional<double> finite_number(std::string_view text) {
    while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
    while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
    if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
    double value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end != text.data() + text.size()) return std::nullopt;
    if (failure == std::errc::result_out_of_range) { // which does not say on which side
        std::istringstream stream{std::string(text)};
        stream.imbue(std::locale::classic());
        if (!(stream >> value)) return std::nullopt;
    } else if (failure != std::errc() || !std::isfinite(value)) {
        return std::nullopt;
    }
    return value;
}

/// The shortest digits that read back as the same number; zero has no sign.
inline std::string shortest_digits(double value) {
    std::array<char, 32> digits{};
    const auto [end, failure] = std::to_chars(digits.data(), digits.data() + digits.size(), value == 0 ? 0 : value);
    return {digits.data(), end};
}

} // namespace preflearn
