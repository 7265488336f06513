/// \file
/// The domains that teachers must work on: texts in a user's own struct, token sequences, items without a prompt.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core.hpp>

namespace test {

/// A user's own pair, which knows nothing of the library and has more than it asks for.
struct forum_pair {
    int id;
    std::string prompt, first, second;
    std::string source;
};

using item_pair = preflearn::comparison<preflearn::no_prompt, int>;

inline std::vector<forum_pair> forum_pairs(int count) {
    std::vector<forum_pair> all;
    for (int i = 0; i < count; ++i)
        all.push_back({i, "?", std::string(static_cast<std::size_t>(i * 7 % 5), 'a'),
                       std::string(static_cast<std::size_t>(i * 3 % 4), 'b'), "forum"});
    return all;
}
inline std::vector<item_pair> item_pairs(int count) {
    std::vector<item_pair> all;
    for (int i = 0; i < count; ++i) all.push_back({static_cast<std::uint64_t>(1000 + i), {}, i * 7 % 5, i * 3 % 4});
    return all;
}

template <class C> C swapped(C c) {
    std::swap(c.first, c.second);
    return c;
}

/// Whether two verdicts are the same up to rounding.
inline bool same(const preflearn::preference& a, const preflearn::preference& b) {
    const auto near = [](double x, double y) { return x == doctest::Approx(y).epsilon(1e-12); };
    return near(a.first(), b.first()) && near(a.tie(), b.tie()) && a.abstained() == b.abstained() &&
           a.margin().has_value() == b.margin().has_value() &&
           (!a.margin() || near(a.margin().value_or(0), b.margin().value_or(0)));
}

/// Pairs whose verdict is not mirrored when their responses are swapped.
template <class T, class C> std::size_t mirror_faults(const T& teacher, const std::vector<C>& pairs) {
    std::size_t faults = 0;
    for (const C& c : pairs) faults += !same(teacher(swapped(c)), teacher(c).mirrored());
    return faults;
}

/// Whether the batch gives what single calls give, in any order.
template <class T, class C> bool batch_agrees(const T& teacher, std::vector<C> pairs) {
    const auto agrees = [&] {
        const auto all = preflearn::preferences(teacher, std::span<const C>(pairs));
        if (all.size() != pairs.size()) return false;
        for (std::size_t i = 0; i < all.size(); ++i)
            if (!(all[i] == teacher(pairs[i]))) return false;
        return true;
    };
    if (!agrees()) return false;
    preflearn::generator(1, "order").shuffle(std::span(pairs));
    return agrees();
}

/// Whether a share observed in `draws` is within four and a half standard errors of its probability.
inline bool consistent(std::size_t hits, std::size_t draws, double probability) {
    const double n = static_cast<double>(draws), error = std::sqrt(n * probability * (1 - probability));
    return std::abs(static_cast<double>(hits) - n * probability) <= 4.5 * error;
}

} // namespace test
