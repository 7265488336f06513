/// \file
/// Keeps the pairs that fit a model's context.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <ranges>
#include <span>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/requirements.hpp>

namespace preflearn {

template <class C> struct filtered_comparisons {
    /// In the order given.
    std::vector<C> kept;
    std::size_t dropped = 0;
};

/// Keeps the pairs whose prompt and either response together have at most `maximum` tokens.
/// `count_tokens` gives the length of a prompt or a response. It is called once for each text, in the order prompt,
/// first, second of each pair, so that a callable that encodes may keep what it made. Tokens that a policy adds of its
/// own (begin-of-sequence) are not counted unless the callable does.
template <std::ranges::contiguous_range Comparisons, class Count>
auto filter_by_length(const Comparisons& comparisons, Count&& count_tokens, std::size_t maximum = 512) {
    using C = std::ranges::range_value_t<Comparisons>;
    check_comparison<C>();
    static_assert(
        requires(const C& c) {
            { std::invoke(count_tokens, c.prompt) } -> std::convertible_to<std::size_t>;
            { std::invoke(count_tokens, c.first) } -> std::convertible_to<std::size_t>;
        },
        "the length of a text is measured by a callable that takes a prompt or a response and returns a number of "
        "tokens");
    filtered_comparisons<C> result;
    for (const C& c : comparisons) {
        const auto prompt = static_cast<std::size_t>(std::invoke(count_tokens, c.prompt));
        const auto first = static_cast<std::size_t>(std::invoke(count_tokens, c.first));
        const auto second = static_cast<std::size_t>(std::invoke(count_tokens, c.second));
        if (prompt <= maximum && std::max(first, second) <= maximum - prompt) {
            result.kept.push_back(c);
        } else {
            ++result.dropped;
        }
    }
    return result;
}

} // namespace preflearn
