/// \file
/// Rows that are filled, copied, added, gathered and scattered. What is added goes row after row in their order, so
/// that sums have the same bits for any number of threads.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

namespace detail {

/// Calls use(row) for the rows of `rows`, some in parallel.
template <class T, class Use> void each_row(matrix_view<T> rows, const Use& use) {
    parallel_blocks(rows.rows, 1 + 65536 / (1 + rows.columns), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r) use(r);
    });
}

/// \throws argument_error unless `given` numbers name one row each of `rows` that are `columns` wide.
template <class T>
void check_operand_rows(const char* operation, std::size_t given, matrix_view<T> rows, std::size_t columns) {
    require(given == rows.rows && columns == rows.columns, operation, ": ", given, " rows of width ", columns,
            " do not fit ", rows.rows, " x ", rows.columns);
}

} // namespace detail

template <class T> void fill_rows(matrix_view<T> rows, T value) {
    if (rows.stride != rows.columns)
        return detail::each_row(rows, [&](std::size_t r) { std::fill_n(rows.row(r), rows.columns, value); });
    parallel_blocks(rows.rows * rows.columns, std::size_t{1} << 20,
                    [&](std::size_t begin, std::size_t end) { std::fill(rows.data + begin, rows.data + end, value); });
}

/// Copies rows unless both are one array.
template <class T> void copy_rows(matrix_view<const T> from, matrix_view<T> to) {
    if (from.data == to.data) return;
    detail::check_operand_rows("copy", from.rows, to, from.columns);
    detail::each_row(to, [&](std::size_t r) { std::copy_n(from.row(r), from.columns, to.row(r)); });
}

/// to += factor · from.
template <class T> void add_rows(matrix_view<const T> from, matrix_view<T> to, T factor) {
    detail::check_operand_rows("add", from.rows, to, from.columns);
    detail::each_row(to, [&](std::size_t r) {
        const T* const added = from.row(r);
        T* const sum = to.row(r);
        for (std::size_t c = 0; c < to.columns; ++c) sum[c] += factor * added[c];
    });
}

/// Row i of `to` = row numbers[i] of `from`.
template <class T>
void gather_rows(matrix_view<const T> from, std::span<const std::size_t> numbers, matrix_view<T> to) {
    detail::check_operand_rows("gather_rows", numbers.size(), to, from.columns);
    detail::each_row(to, [&](std::size_t r) { std::copy_n(from.row(numbers[r]), from.columns, to.row(r)); });
}

/// Row numbers[i] of `to` = row i of `from`; no number twice.
template <class T>
void scatter_rows(matrix_view<const T> from, std::span<const std::size_t> numbers, matrix_view<T> to) {
    detail::check_operand_rows("scatter_rows", numbers.size(), from, to.columns);
    detail::each_row(from, [&](std::size_t r) { std::copy_n(from.row(r), from.columns, to.row(numbers[r])); });
}

/// Row numbers[i] of `to` += factor · row i of `from`; a number may come often.
template <class T, class Number>
void add_to_rows(matrix_view<const T> from, std::span<const Number> numbers, T factor, matrix_view<T> to) {
    detail::check_operand_rows("add to rows", numbers.size(), from, to.columns);
    parallel_blocks(from.columns, std::max<std::size_t>(64, 65536 / (1 + from.rows)),
                    [&](std::size_t begin, std::size_t end) {
                        for (std::size_t r = 0; r < from.rows; ++r) {
                            const T* const added = from.row(r);
                            T* const sum = to.row(static_cast<std::size_t>(numbers[r]));
                            for (std::size_t c = begin; c < end; ++c) sum[c] += factor * added[c];
                        }
                    });
}

} // namespace preflearn
