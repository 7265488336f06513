/// \file
/// A row-major matrix owned by someone else: what backends compute on. It knows no library, so that
/// device code can use it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <type_traits>

namespace preflearn {

/// `rows` × `columns` elements; row r starts at `data + r * stride`.
template <class T> struct matrix_view {
    T* data = nullptr;
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::size_t stride = 0;

    matrix_view() = default;
    constexpr matrix_view(T* values, std::size_t row_count, std::size_t column_count, std::size_t row_stride)
        : data(values), rows(row_count), columns(column_count), stride(row_stride) {}
    constexpr matrix_view(T* values, std::size_t row_count, std::size_t column_count)
        : matrix_view(values, row_count, column_count, column_count) {}
    /// A view of mutable elements is also a view of constant ones.
    template <class U>
        requires std::is_same_v<T, const U>
    constexpr matrix_view(const matrix_view<U>& other)
        : matrix_view(other.data, other.rows, other.columns, other.stride) {}

    [[nodiscard]] constexpr T* row(std::size_t r) const { return data + r * stride; }
    [[nodiscard]] constexpr T& operator()(std::size_t r, std::size_t c) const { return data[r * stride + c]; }
    /// `count` rows from `begin` on.
    [[nodiscard]] constexpr matrix_view row_block(std::size_t begin, std::size_t count) const {
        return {data + begin * stride, count, columns, stride};
    }
    /// `count` columns from `begin` on.
    [[nodiscard]] constexpr matrix_view column_block(std::size_t begin, std::size_t count) const {
        return {data + begin, rows, count, stride};
    }
};

} // namespace preflearn
