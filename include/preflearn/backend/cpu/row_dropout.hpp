/// \file
/// Dropout whose bits a neighbour cannot change: whether an entry is left out follows from the row's key, the product
/// and the column, by SplitMix64 (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195), so that a backward pass, or
/// another batch that has the row, draws the same without keeping anything. A word decides on four entries.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include <preflearn/backend/operands.hpp>

namespace preflearn {

namespace detail {

constexpr std::uint64_t dropout_word(std::uint64_t state) {
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
    return state ^ (state >> 31);
}

} // namespace detail

/// Entries `begin` … `begin` + `count` − 1 of row `row`, given as `x`, after dropout, in `to`, which may be `x`.
/// `begin` is a multiple of 4.
template <class T>
void drop_entries(const T* x, std::size_t begin, std::size_t count, const row_dropout& dropout, std::size_t row,
                  T* to) {
    constexpr std::uint64_t golden = 0x9E3779B97F4A7C15;
    const std::uint64_t start = detail::dropout_word(dropout.keys[row] ^ (golden * (dropout.stream + 1)));
    const T factor = T(65536) / static_cast<T>(65536 - dropout.dropped);
    for (std::size_t c = 0; c < count; c += 4) {
        std::uint64_t word = detail::dropout_word(start + golden * ((begin + c) / 4 + 1));
        for (std::size_t j = c; j < c + 4 && j < count; ++j, word >>= 16)
            to[j] = (word & 0xFFFF) < dropout.dropped ? T(0) : x[j] * factor;
    }
}

} // namespace preflearn
