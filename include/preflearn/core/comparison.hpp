/// \file
/// What is compared: a prompt x and two responses. Prompt and response types are the domain: token
/// spans (language models), texts, feature vectors (reward models), item ids (ratings).
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <ranges>
#include <span>
#include <type_traits>
#include <vector>

#include <preflearn/core/system/compiler.hpp>

namespace preflearn {

/// "Given `prompt`, `first` or `second`?" The id is the pair's name: labels find their pair by it, and
/// random teachers draw from it, so it must be unique in a data set.
template <class Prompt, class Response = Prompt> struct comparison {
    std::uint64_t id = 0;
    Prompt prompt{};
    Response first{};
    Response second{};
};

/// One response y to a prompt x, the unit that policies and reward models score.
template <class Prompt, class Response = Prompt> struct completion {
    Prompt prompt{};
    Response response{};
};

/// The prompt of domains without one (ratings of items).
struct no_prompt {
    friend bool operator==(no_prompt, no_prompt) = default;
};

/// Anything with an id, a prompt and two responses of one type; a user's own struct is as good as `comparison`.
///
/// Semantics: `c.id` is unique in its data set; the value is cheap to copy or is handled by reference.
template <class C>
concept Comparison = requires(const C& c) {
    { c.id } -> std::convertible_to<std::uint64_t>;
    c.prompt;
    c.first;
    c.second;
    requires std::same_as<std::remove_cvref_t<decltype(c.first)>, std::remove_cvref_t<decltype(c.second)>>;
};

template <class C> using prompt_of = std::remove_cvref_t<decltype(std::declval<const C&>().prompt)>;
template <class C> using response_of = std::remove_cvref_t<decltype(std::declval<const C&>().first)>;
/// The completion type of a comparison type.
template <class C> using completion_of = completion<prompt_of<C>, response_of<C>>;

/// The elements of a contiguous range, const or not, as algorithms hand them on.
template <std::ranges::contiguous_range Range> auto view_of(const Range& range) {
    return std::span<const std::ranges::range_value_t<Range>>(range);
}

/// Both responses of every comparison, interleaved: entry 2i is `first` of pair i, entry 2i + 1 its `second`.
/// Neighbours share their prompt, which a language model uses to compute it once.
template <std::ranges::contiguous_range Comparisons>
    requires Comparison<std::ranges::range_value_t<Comparisons>>
auto completions_of(const Comparisons& comparisons) {
    std::vector<completion_of<std::ranges::range_value_t<Comparisons>>> all;
    all.reserve(2 * std::ranges::size(comparisons));
    for (const auto& c : comparisons) {
        all.push_back({c.prompt, c.first});
        all.push_back({c.prompt, c.second});
    }
    return all;
}

} // namespace preflearn
