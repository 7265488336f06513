/// \file
/// Elementary functions of rows whose bits do not depend on where a row lies. Eigen's vector code and the scalar code
/// that it uses before the first aligned address and after the last whole packet differ in their last bits; so does a
/// sum in another number of lanes. Here a row is taken in pieces of one size in aligned memory, the last one filled up:
/// an entry's result depends on its value alone, a sum on the entries and their number.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include <Eigen/Core>

namespace preflearn {

/// Some entries of a row, in aligned memory.
template <class T> using row_piece = Eigen::Array<T, 256 / sizeof(T), 1>;

/// Entries in a piece.
template <class T> inline constexpr std::size_t row_piece_size = 256 / sizeof(T);

/// `count` values, then zeros.
template <class T> row_piece<T> load_piece(const T* values, std::size_t count) {
    row_piece<T> piece;
    std::copy_n(values, count, piece.data());
    std::fill(piece.data() + count, piece.data() + row_piece_size<T>, T(0));
    return piece;
}

/// Calls use(first, count) for the pieces of a row of `size` entries.
template <class T, class Use> void for_pieces(std::size_t size, const Use& use) {
    constexpr std::size_t most = row_piece_size<T>;
    std::size_t first = 0;
    for (; first + most <= size; first += most) use(first, most);
    if (first < size) use(first, size - first);
}

/// Σ of the entries that terms(first, count) gives of each piece of a row of `size` entries.
template <class T, class Terms> T sum_of_row(std::size_t size, const Terms& terms) {
    row_piece<T> sums = row_piece<T>::Zero();
    for_pieces<T>(size, [&](std::size_t first, std::size_t count) {
        row_piece<T> piece = terms(first, count);
        std::fill(piece.data() + count, piece.data() + row_piece_size<T>, T(0));
        sums += piece;
    });
    return sums.sum();
}

/// What the entries of a row were divided by to become exponentials at most 1, as a logarithm, and their sum.
template <class T> struct exponential_sum { T high, sum; };

/// Replaces the entries of a row, at least one, by e^{entry − highest}.
template <class T> exponential_sum<T> exponentials_of_row(T* row, std::size_t size) {
    const T high =
        Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>(row, static_cast<Eigen::Index>(size)).maxCoeff();
    const T sum = sum_of_row<T>(size, [&](std::size_t first, std::size_t count) {
        const row_piece<T> e = (load_piece(row + first, count) - high).exp();
        std::copy_n(e.data(), count, row + first);
        return e;
    });
    return {high, sum};
}

} // namespace preflearn
