/// \file
/// The members of a small aggregate, seen without naming them: how many there are is how many values it can be
/// initialised with.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace preflearn {

namespace detail {

/// Initialises whatever it is asked for; or base classes of T alone.
struct anything {
    template <class T> operator T() const;
};
template <class T> struct any_base {
    template <class Base>
        requires(std::is_base_of_v<Base, T> && !std::same_as<Base, T>)
    operator Base() const;
};

template <std::size_t> using one_of_many = anything;

template <class T, std::size_t... Before> constexpr bool takes(std::index_sequence<Before...>) {
    return requires { T{one_of_many<Before>{}...}; };
}
/// Whether braces of two values may stand after some others and before some more.
template <class T, std::size_t... Before, std::size_t... After>
constexpr bool takes_braces(std::index_sequence<Before...>, std::index_sequence<After...>) {
    return requires { T{one_of_many<Before>{}..., {anything{}, anything{}}, one_of_many<After>{}...}; };
}

inline constexpr std::size_t most_fields = 8;

template <class T> constexpr std::size_t initialisers() {
    return []<std::size_t... N>(std::index_sequence<N...>) {
        std::size_t count = 0;
        ((count = takes<T>(std::make_index_sequence<N + 1>()) ? N + 1 : count), ...);
        return count;
    }
    (std::make_index_sequence<most_fields + 1>());
}
/// An array of C takes the values of its elements without braces: with braces around them, there are fewer places left
/// for others than there were.
template <class T> constexpr bool holds_array() {
    constexpr std::size_t count = initialisers<T>();
    return []<std::size_t... N>(std::index_sequence<N...>) {
        return ((takes_braces<T>(std::make_index_sequence<N>(), std::index_sequence<>()) &&
                 !takes_braces<T>(std::make_index_sequence<N>(), std::make_index_sequence<count - N - 1>())) ||
                ...);
    }
    (std::make_index_sequence<count>());
}

} // namespace detail

/// An aggregate of at most eight members, without base classes and without an array of C.
template <class T>
concept SmallAggregate = std::is_aggregate_v<T> && !std::is_array_v<T> && !requires {
    T{detail::any_base<T>{}};
}
&&(detail::initialisers<T>() <= detail::most_fields) && !detail::holds_array<T>();

/// Calls `see(member)` with every member, in their order.
template <SmallAggregate T, class See> void for_each_field(const T& whole, const See& see) {
    constexpr std::size_t count = detail::initialisers<T>();
    const auto all = [&](const auto&... field) { (see(field), ...); };
    if constexpr (count == 1) {
        const auto& [a] = whole;
        all(a);
    } else if constexpr (count == 2) {
        const auto& [a, b] = whole;
        all(a, b);
    } else if constexpr (count == 3) {
        const auto& [a, b, c] = whole;
        all(a, b, c);
    } else if constexpr (count == 4) {
        const auto& [a, b, c, d] = whole;
        all(a, b, c, d);
    } else if constexpr (count == 5) {
        const auto& [a, b, c, d, e] = whole;
        all(a, b, c, d, e);
    } else if constexpr (count == 6) {
        const auto& [a, b, c, d, e, f] = whole;
        all(a, b, c, d, e, f);
    } else if constexpr (count == 7) {
        const auto& [a, b, c, d, e, f, g] = whole;
        all(a, b, c, d, e, f, g);
    } else if constexpr (count == 8) {
        const auto& [a, b, c, d, e, f, g, h] = whole;
        all(a, b, c, d, e, f, g, h);
    }
}

} // namespace preflearn
