/// \file
/// Prefers the longer response: the shortcut that human and model judges are known to share (Singhal et al. 2023,
/// arXiv:2310.03716), as a baseline.
// SPDX-License-Identifier: MIT
#pragma once

#include <ranges>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/preference.hpp>

namespace preflearn {

/// The size of a range: tokens of a token sequence, bytes (not characters) of a text.
struct range_size {
    template <std::ranges::sized_range Response> auto operator()(const Response& response) const {
        return std::ranges::size(response);
    }
};

/// A Teacher on all responses that `length` measures, any callable whose result has an order. Hard labels, a tie for
/// equal lengths; swapping the responses mirrors the verdict. No margin: a difference in length is no log-odds.
template <class Length = range_size> struct longer_response {
    Length length{};

    template <Comparison C>
        requires requires(const Length& measure, const C& c) { measure(c.first) < measure(c.second); }
    preference operator()(const C& c) const {
        const auto first = length(c.first), second = length(c.second);
        if (second < first) return preference::for_first();
        return first < second ? preference::for_second() : preference::tied();
    }
};

} // namespace preflearn
