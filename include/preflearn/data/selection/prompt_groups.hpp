/// \file
/// Pairs with equal prompts, brought together whatever the prompt is: a text, tokens, a feature vector, a value.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <compare>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <ranges>
#include <span>
#include <string_view>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/requirements.hpp>

namespace preflearn {

namespace detail {

/// An order of prompts: texts by bytes, ranges by their elements, numbers with -0 = 0 and NaN in a place of its own.
template <class T> std::weak_ordering prompt_order(const T& a, const T& b) {
    if constexpr (std::convertible_to<const T&, std::string_view>) {
        return std::string_view(a) <=> std::string_view(b);
    } else if constexpr (std::ranges::input_range<const T>) {
        auto left = std::ranges::begin(a);
        auto right = std::ranges::begin(b);
        for (; left != std::ranges::end(a) && right != std::ranges::end(b); ++left, ++right) {
            if (const auto order = prompt_order(*left, *right); order != 0) return order;
        }
        return (left != std::ranges::end(a)) <=> (right != std::ranges::end(b));
    } else {
        return std::compare_weak_order_fallback(a, b);
    }
}

template <class T>
concept OrderedPrompt = std::ranges::input_range<const T> || requires(const T& a, const T& b) {
    std::compare_weak_order_fallback(a, b);
};

} // namespace detail

/// The indices of the comparisons, one rising list for each different prompt. A pair of a domain without prompts is a
/// group of its own. Takes n log n comparisons of prompts, or n · groups where prompts know only ==.
template <std::ranges::contiguous_range Comparisons>
std::vector<std::vector<std::size_t>> group_by_prompt(const Comparisons& range) {
    using C = std::ranges::range_value_t<Comparisons>;
    check_comparison<C>();
    const auto comparisons = view_of(range);
    using prompt = prompt_of<C>;
    std::vector<std::size_t> order(comparisons.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::vector<std::vector<std::size_t>> groups;
    if constexpr (std::same_as<prompt, no_prompt>) {
        for (const std::size_t i : order) groups.push_back({i});
    } else if constexpr (detail::OrderedPrompt<prompt>) {
        const auto compare = [&](std::size_t i, std::size_t j) {
            return detail::prompt_order<prompt>(comparisons[i].prompt, comparisons[j].prompt);
        };
        std::ranges::sort(order, [&](std::size_t i, std::size_t j) {
            const auto by_prompt = compare(i, j);
            return by_prompt < 0 || (by_prompt == 0 && i < j);
        });
        for (const std::size_t i : order) {
            if (groups.empty() || compare(groups.back().front(), i) != 0) groups.emplace_back();
            groups.back().push_back(i);
        }
    } else {
        static_assert(std::equality_comparable<prompt>, "grouping by prompt needs prompts that are ranges or have ==");
        for (const std::size_t i : order) {
            const auto same = std::ranges::find_if(groups, [&](const std::vector<std::size_t>& group) {
                return comparisons[group.front()].prompt == comparisons[i].prompt;
            });
            (same == groups.end() ? groups.emplace_back() : *same).push_back(i);
        }
    }
    return groups;
}

} // namespace preflearn
