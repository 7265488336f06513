/// \file
/// Errors of a batch that name the pair. A model that is given many completions counts them in its messages, which says
/// nothing to a caller; where a batch fails, its pairs are tried one by one, and the first that fails is named.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

namespace detail {

/// A message without "completion 6: " at its start.
inline std::string_view without_completion(std::string_view text) {
    constexpr std::string_view start = "completion ";
    if (!text.starts_with(start)) return text;
    const std::size_t end = text.find_first_not_of("0123456789", start.size());
    return end != std::string_view::npos && end > start.size() && text.substr(end).starts_with(": ")
               ? text.substr(end + 2)
               : text;
}

/// The first of `count` that fails by itself, named; `whole` where none does.
template <class TryOne, class Name>
std::string culprit_message(std::string_view whole, std::size_t count, TryOne&& try_one, Name&& name) {
    for (std::size_t i = 0; i < count; ++i) {
        try {
            try_one(i);
        } catch (const error& failure) {
            return message(name(i), ": ", without_completion(failure.what()));
        }
    }
    return std::string(whole);
}

} // namespace detail

/// `run()`; where it throws a numeric_error or an argument_error, the same kind of error with the message of the first
/// i < count for which `try_one(i)` throws, behind `name(i)`.
template <class Run, class TryOne, class Name>
decltype(auto) naming_the_culprit(Run&& run, std::size_t count, TryOne&& try_one, Name&& name) {
    return rewording_errors(
        run, [&](std::string_view whole) { return detail::culprit_message(whole, count, try_one, name); });
}

} // namespace preflearn
