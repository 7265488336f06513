/// \file
/// The matrix product of large factors: the result is cut into tiles that run in parallel. Every element is summed in
/// one order (chained_product.hpp), so neither the cut nor the number of threads or rows can be seen in its bits. Tiles
/// are large enough that packing the factors again costs little; one thread packs them once.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/products/chained_product.hpp>

namespace preflearn {

namespace detail {

/// Rows and columns of a tile: the whole result for small products, else tiles of 288 × 512, or, for several threads,
/// about 8 tiles.
inline std::pair<std::size_t, std::size_t> product_tile(std::size_t rows, std::size_t columns, std::size_t inner,
                                                        std::size_t threads) {
    constexpr std::size_t serial = std::size_t{1} << 18; // multiplications that one thread does in a few µs
    const std::size_t area = std::max<std::size_t>(rows, 1) * std::max<std::size_t>(columns, 1);
    if (area <= serial / std::max<std::size_t>(inner, 1))
        return {std::max<std::size_t>(rows, 1), std::max<std::size_t>(columns, 1)};
    const auto part = [](std::size_t size, std::size_t parts, std::size_t grain) {
        const std::size_t each = (size + parts - 1) / std::max<std::size_t>(parts, 1);
        return std::max<std::size_t>((each + grain - 1) / grain * grain, grain);
    };
    const std::size_t down = (rows + product_rows - 1) / product_rows;
    const std::size_t across = std::max<std::size_t>((columns + 511) / 512, threads == 1 ? 1 : (8 + down - 1) / down);
    return {part(rows, down, 12), part(columns, across, 32)};
}

} // namespace detail

/// \throws argument_error unless c has the shape of op(a) · op(b).
template <class T>
void check_product(transpose op_a, matrix_view<const T> a, transpose op_b, matrix_view<const T> b, matrix_view<T> c) {
    const std::size_t rows = op_a == transpose::no ? a.rows : a.columns;
    const std::size_t inner = op_a == transpose::no ? a.columns : a.rows;
    const std::size_t inner_b = op_b == transpose::no ? b.rows : b.columns;
    const std::size_t columns = op_b == transpose::no ? b.columns : b.rows;
    require(inner == inner_b && c.rows == rows && c.columns == columns, "multiply: (", rows, " x ", inner, ") times (",
            inner_b, " x ", columns, ") does not fit a result of (", c.rows, " x ", c.columns, ")");
}

/// c = op(a) · op(b), or c += op(a) · op(b). c must not overlap a or b. An element's bits depend on its row of
/// op(a) and its column of op(b) alone. Inside a parallel loop it runs serially. \throws argument_error when the
/// shapes do not fit.
template <class T>
void multiply_in_tiles(transpose op_a, matrix_view<const T> a, transpose op_b, matrix_view<const T> b, matrix_view<T> c,
                       store mode) {
    check_product(op_a, a, op_b, b, c);
    const std::size_t rows = c.rows, columns = c.columns, inner = op_a == transpose::no ? a.columns : a.rows;
    const auto [tile_rows, tile_columns] = detail::product_tile(rows, columns, inner, thread_count());
    const std::size_t down = (rows + tile_rows - 1) / tile_rows;
    const std::size_t across = (columns + tile_columns - 1) / tile_columns;
    parallel_for(down * across, [&, tr = tile_rows, tc = tile_columns](std::size_t tile) {
        const std::size_t r = tile / across * tr, m = std::min(tr, rows - r);
        const std::size_t k = tile % across * tc, n = std::min(tc, columns - k);
        multiply_serial(op_a, op_a == transpose::no ? a.row_block(r, m) : a.column_block(r, m), op_b,
                        op_b == transpose::no ? b.column_block(k, n) : b.row_block(k, n),
                        c.row_block(r, m).column_block(k, n), mode);
    });
}

} // namespace preflearn
