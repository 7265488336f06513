/// \file
/// An axis of a figure: which part of the number line it shows and where its ticks stand, at round steps of
/// 1, 2 or 5 times a power of ten. Any finite data has an axis: none, one value, values of any size.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// The end points that the caller wants; an absent one follows the data.
struct axis_limits {
    std::optional<double> low{};
    std::optional<double> high{};
};

/// The part of the number line that data takes; values that are not finite do not count.
struct data_range {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    void include(double value) {
        if (!std::isfinite(value)) return;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    void include(std::span<const double> values) {
        for (const double value : values) include(value);
    }
};

struct axis_tick {
    double value = 0;
    std::string label;
};

/// low < high, both within ±1e300; ticks lie between them, in order.
struct plot_axis {
    double low = 0;
    double high = 1;
    std::vector<axis_tick> ticks{};

    /// Where a value stands: 0 at `low`, 1 at `high`, and beyond them outside [0, 1].
    [[nodiscard]] double share(double value) const { return (value - low) / (high - low); }
};

namespace detail {

/// 10 to an integer's power, exact where a double can be.
inline double power_of_ten(int exponent) { return std::pow(10.0, exponent); }

/// An exponent in Unicode superscripts.
inline std::string superscript(int exponent) {
    constexpr const char* digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    std::string text = exponent < 0 ? "⁻" : "";
    for (const char c : std::to_string(std::abs(exponent))) text += digits[c - '0'];
    return text;
}

/// A number with `digits` after the point and a typographic minus; no sign before zero.
inline std::string tick_number(double value, int digits) {
    std::string text = fmt::format("{:.{}f}", std::abs(value), digits);
    const bool zero = text.find_first_not_of("0.") == std::string::npos;
    return value < 0 && !zero ? "−" + text : text;
}

} // namespace detail

/// Ticks between two end points: at most `most` (two or more), at multiples of 1, 2 or 5 times a power of ten. Labels
/// have the digits that tell them apart; very large and very small ones are written as 2×10⁷.
/// \throws argument_error unless low < high and most is 2 or more.
inline std::vector<axis_tick> nice_ticks(double low, double high, int most) {
    require(low < high && most >= 2, "up to ", most, " ticks from ", low, " to ", high);
    const double span = high - low;
    int exponent = static_cast<int>(std::floor(std::log10(span / most))) - 1;
    constexpr int mantissas[] = {1, 2, 5};
    std::size_t which = 0;
    const auto step = [&] { return mantissas[which] * detail::power_of_ten(exponent); };
    const auto first = [&] { return std::ceil(low / step() - 1e-9); };
    const auto last = [&] { return std::floor(high / step() + 1e-9); };
    while (last() - first() + 1 > most) {
        which = (which + 1) % 3;
        if (which == 0) ++exponent;
    }
    // dividing by a whole power of ten rounds once, multiplying by 0.1 rounds twice
    const auto value_at = [&](double multiple) {
        return exponent < 0 ? multiple * mantissas[which] / detail::power_of_ten(-exponent) : multiple * step();
    };
    const double largest = std::max(std::abs(low), std::abs(high));
    const int magnitude = static_cast<int>(std::floor(std::log10(largest)));
    const bool scientific = magnitude > 5 || magnitude < -4;
    const int digits = std::max(0, scientific ? magnitude - exponent : -exponent);
    std::vector<axis_tick> ticks;
    for (double multiple = first(); multiple <= last(); ++multiple) {
        const double value = value_at(multiple);
        std::string label = scientific && multiple != 0
                                ? detail::tick_number(value / detail::power_of_ten(magnitude), digits) + "×10" +
                                      detail::superscript(magnitude)
                                : detail::tick_number(value, scientific ? 0 : digits);
        ticks.push_back({value, std::move(label)});
    }
    return ticks;
}

/// The axis for `data`, without ticks: its range and `padding` (a share of it) beyond either end that the caller left
/// open; [0, 1] for no data, and something around the value for one value. Values beyond ±1e300 lie outside.
/// \throws argument_error when the caller's end points are not in order, or not within ±1e300.
inline plot_axis axis_for(data_range data, const axis_limits& limits = {}, double padding = 0.04) {
    constexpr double most = 1e300;
    for (const auto& end : {limits.low, limits.high}) {
        require(!end || std::abs(*end) <= most, "an axis ends at ", end.value_or(0), ", expected within ±1e300");
    }
    if (data.low > data.high) data = {limits.low.value_or(0), limits.high.value_or(1)};
    double low = limits.low.value_or(std::clamp(data.low, -most, most));
    double high = limits.high.value_or(std::clamp(data.high, -most, most));
    const double size = std::max(std::abs(low), std::abs(high));
    const bool distinct = high - low > std::max(1e-12 * size, 1e-300); // closer, and ticks would not differ
    if (limits.low && limits.high) {
        require(distinct, "an axis from ", low, " to ", high, ", expected an interval");
    } else if (distinct) {
        const double room = padding * (high - low);
        if (!limits.low) low -= room;
        if (!limits.high) high += room;
    } else {
        const double room = size > 1e-299 ? 0.1 * size : 1;
        if (limits.low) {
            high = low + room;
        } else if (limits.high) {
            low = high - room;
        } else {
            low -= room;
            high += room;
        }
    }
    return {low, high};
}

} // namespace preflearn
