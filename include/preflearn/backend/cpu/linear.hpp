/// \file
/// y = x Wᵀ + b, with what an adapter adds (low_rank.hpp), and its gradients. Trained weights are factors of a product
/// as they lie; stored ones become numbers where they are needed, by the thread that multiplies by them
/// (stored_product.hpp). An element of a result is one chain of fused multiply-adds either way (chained_product.hpp),
/// begun with the bias or what is added to: stored and trained weights of equal numbers give equal bits.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>

#include <preflearn/backend/cpu/low_rank.hpp>
#include <preflearn/backend/cpu/matrix.hpp>
#include <preflearn/backend/operands.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/products/product.hpp>
#include <preflearn/products/stored_product.hpp>

namespace preflearn {

namespace detail {

/// Rows of a stored matrix that become numbers at a time: about 512 KB of them.
template <class T> std::size_t stored_tile_rows(std::size_t columns) {
    const std::size_t fit = (std::size_t{512} << 10) / sizeof(T) / std::max<std::size_t>(columns, 1);
    return std::clamp<std::size_t>(fit / 32 * 32, 32, 512);
}

/// dx = dy W, or dx += dy W: every task has its own inputs, and goes over the outputs in their order.
template <class T>
void multiply_stored_back(matrix_view<const T> dy, const stored_matrix& weights, matrix_view<T> dx, store mode) {
    const std::size_t block = std::max<std::size_t>(block_elements(weights.type), 32);
    const std::size_t width = std::max<std::size_t>(128, weights.columns / 8) / block * block;
    parallel_blocks(weights.columns, std::max(width, block), [&](std::size_t begin, std::size_t end) {
        const std::size_t tile = stored_tile_rows<T>(end - begin);
        cpu_matrix<T> room(std::min(tile, weights.rows), end - begin);
        for (std::size_t first = 0; first < weights.rows; first += tile) {
            const auto numbers = room.view().row_block(0, std::min(tile, weights.rows - first));
            read_rows(weights, first, numbers, begin);
            multiply_serial<T>(transpose::no, dy.column_block(first, numbers.rows), transpose::no, numbers,
                               dx.column_block(begin, end - begin), first == 0 ? mode : store::add);
        }
    });
}

/// Adds the sums of the columns of `rows`, taken in double and in the order of the rows.
template <class T> void add_column_sums(matrix_view<const T> rows, T* sums) {
    constexpr std::size_t width = 64; // columns of a task
    const std::size_t grain = std::max(width, 65536 / (1 + rows.rows) / width * width);
    parallel_blocks(rows.columns, grain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t first = begin; first < end; first += width) {
            std::array<double, width> of_columns{};
            const std::size_t count = std::min(width, end - first);
            for (std::size_t r = 0; r < rows.rows; ++r)
                for (std::size_t c = 0; c < count; ++c) of_columns[c] += static_cast<double>(rows(r, first + c));
            for (std::size_t c = 0; c < count; ++c) sums[first + c] += static_cast<T>(of_columns[c]);
        }
    });
}

} // namespace detail

/// Products by chains of fused multiply-adds: what a processor's backend multiplies by unless another type is named.
/// Such a type has `stored`, what it makes of a frozen matrix by `hold`, and `supports<T>`: whether it multiplies
/// numbers of type T; its multiply_frozen takes a matrix, or a span of those that make one. A row of a product by W or
/// Wᵀ has the same bits whatever the rows beside it, and all products for any number of threads.
struct chained_products {
    static constexpr std::string_view name = "cpu";
    template <class T> static constexpr bool supports = std::floating_point<T>;
    using stored = stored_matrix;

    static stored_matrix hold(stored_matrix matrix) { return matrix; }
    /// c = op(a) · op(b), or c += op(a) · op(b). \throws argument_error when the shapes do not fit.
    template <class T>
    static void multiply(transpose op_a, matrix_view<const T> a, transpose op_b, matrix_view<const T> b,
                         matrix_view<T> c, store mode) {
        multiply_in_tiles(op_a, a, op_b, b, c, mode);
    }
    /// y = x Wᵀ, or y += x Wᵀ, of matrices one below the other.
    template <class T>
    static void multiply_frozen(matrix_view<const T> x, std::span<const stored_matrix> w, matrix_view<T> y,
                                store mode) {
        detail::multiply_stored<T>(x, w, y, mode);
    }
    /// dx = dy W, or dx += dy W.
    template <class T>
    static void multiply_frozen_back(matrix_view<const T> dy, const stored_matrix& w, matrix_view<T> dx, store mode) {
        detail::multiply_stored_back<T>(dy, w, dx, mode);
    }
};

namespace detail {

/// The same adapter as one beside weights of another kind.
template <class T, class Stored>
low_rank_map<host_memory, T> adapter_of(const affine_map<host_operands<Stored>, T>& weights) {
    low_rank_map<host_memory, T> same{.down = weights.adapter.down, .dropout = weights.adapter.dropout};
    for (std::size_t p = 0; p < most_adapted_parts; ++p) {
        const auto& [first, up, scale] = weights.adapter.parts[p];
        same.parts[p] = {first, up, scale};
    }
    return same;
}

/// x Wᵀ + b without what an adapter adds.
template <class T, class Products>
void multiply_weights(matrix_view<const T> x, const affine_map<host_operands<typename Products::stored>, T>& weights,
                      matrix_view<T> y, store mode) {
    require(x.rows == y.rows && x.columns == weights.matrix.columns() && y.columns == weights.matrix.rows() &&
                (!weights.bias.data || weights.bias.columns == y.columns),
            "linear: rows of ", x.rows, " x ", x.columns, ", weights of ", weights.matrix.rows(), " x ",
            weights.matrix.columns(), " and a bias of ", weights.bias.columns, " do not fit a result of ", y.rows,
            " x ", y.columns);
    if (weights.bias.data) {
        parallel_blocks(y.rows, 1 + 65536 / (1 + y.columns), [&](std::size_t begin, std::size_t end) {
            for (std::size_t r = begin; r < end; ++r)
                for (std::size_t c = 0; c < y.columns; ++c)
                    y(r, c) = mode == store::add ? y(r, c) + weights.bias.data[c] : weights.bias.data[c];
        });
        mode = store::add;
    }
    if (weights.matrix.stored.empty())
        return Products::template multiply<T>(transpose::no, x, transpose::yes, weights.matrix.trained, y, mode);
    const auto parts = weights.matrix.stored;
    for (const auto& part : parts)
        require(part.columns == x.columns, "linear: a stored part of the weights is ", part.columns, " wide, expected ",
                x.columns);
    if constexpr (requires { Products::template multiply_frozen<T>(x, parts, y, mode); }) {
        Products::template multiply_frozen<T>(x, parts, y, mode);
    } else {
        std::size_t first = 0;
        for (const auto& part : parts) {
            Products::template multiply_frozen<T>(x, part, y.column_block(first, part.rows), mode);
            first += part.rows;
        }
    }
}

} // namespace detail

/// y = x Wᵀ + b + what the adapter adds, or y += that; by the products of a type like chained_products.
/// \throws argument_error when the shapes do not fit.
template <class T, class Products = chained_products>
void linear_rows(matrix_view<const T> x, const affine_map<host_operands<typename Products::stored>, T>& weights,
                 matrix_view<T> y, store mode) {
    detail::multiply_weights<T, Products>(x, weights, y, mode);
    if (weights.adapter.down.data) add_low_rank(x, detail::adapter_of(weights), y);
}

/// Given d loss / dy: dx = dy W or, as `mode` says, dx += dy W, with the adapter's part, and adds to the gradients of
/// weight, bias and adapter; what has no data is not wanted. `x` may be without data where neither the weight's nor the
/// adapter's gradient is wanted.
/// \throws argument_error when the shapes do not fit, or a gradient of stored weights is wanted.
template <class T, class Products = chained_products>
void linear_rows_backward(matrix_view<const T> x,
                          const affine_map<host_operands<typename Products::stored>, T>& weights,
                          matrix_view<const T> dy, matrix_view<T> dx, store mode,
                          const parameter_gradients<host_memory, T>& into) {
    if (dx.data && weights.matrix.stored.empty())
        Products::template multiply<T>(transpose::no, dy, transpose::no, weights.matrix.trained, dx, mode);
    std::size_t first = 0;
    for (const auto& part : weights.matrix.stored) {
        if (!dx.data) break;
        Products::template multiply_frozen_back<T>(dy.column_block(first, part.rows), part, dx, mode);
        first += part.rows;
        mode = store::add;
    }
    require(!into.weight.data || weights.matrix.stored.empty(), "linear: stored weights are frozen, a gradient of them "
                                                                "was asked for");
    if (into.weight.data) Products::template multiply<T>(transpose::yes, dy, transpose::no, x, into.weight, store::add);
    if (into.bias.data) detail::add_column_sums<T>(dy, into.bias.data);
    if (weights.adapter.down.data) low_rank_backward(x, detail::adapter_of(weights), dy, dx, into);
}

} // namespace preflearn
