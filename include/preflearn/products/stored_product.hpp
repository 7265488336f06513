/// \file
/// c = a · Wᵀ of a stored W, read where it lies. For some rows of a, numbers are decoded in registers
/// (turned_product.hpp) and multiplied at once; for more, panels of them are decoded straight into the packed form of
/// chained_product.hpp. Either way an element is the chain of fused multiply-adds that the same weights in memory give.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/products/chained_product.hpp>
#include <preflearn/products/turned_blocks.hpp>
#include <preflearn/products/turned_product.hpp>

namespace preflearn {

namespace detail {

/// Writes inner indices k … k + depth − 1 of `float_lanes` rows from `first` on to columns of a packed panel.
template <class Turned>
void turn_to_panel(const stored_matrix& w, std::size_t first, std::size_t k, std::size_t depth, float* panel) {
    constexpr std::size_t stride = product_kernel<float>::columns;
    const std::size_t end = k + depth / Turned::depth * Turned::depth;
    const lane_rows rows(w, first, w.row_bytes());
    Turned turned;
    for (std::size_t done = k; done < end; done += Turned::depth, panel += Turned::depth * stride) {
        turned.load(rows, done / Turned::block * Turned::block_size, done % Turned::block / Turned::depth);
        float* to = panel;
        const auto write = [&]<std::size_t Part, std::size_t... N>(std::integral_constant<std::size_t, Part>,
                                                                   std::index_sequence<N...>) {
            for (std::size_t word = 0; word < Turned::depth / Turned::parts / Turned::of_word; ++word)
                ((Eigen::internal::pstore(to, std::bit_cast<float_packet>(turned.template value<Part, N>(word))),
                  to += stride),
                 ...);
        };
        [&]<std::size_t... P>(std::index_sequence<P...>) {
            (write(std::integral_constant<std::size_t, P>{}, std::make_index_sequence<Turned::of_word>{}), ...);
        }
        (std::make_index_sequence<Turned::parts>{});
    }
    const std::size_t left = depth % Turned::depth;
    if (left == 0) return;
    float rest[float_lanes * Turned::depth]; // NOLINT
    decode_lanes(w, rows, end, left, rest);
    for (std::size_t i = 0; i < left; ++i) std::copy_n(rest + i * float_lanes, float_lanes, panel + i * stride);
}

/// The kernels of a stored type; null: it is not turned in registers.
struct turned_kernels {
    turned_run one = nullptr, many = nullptr;
    void (*to_panel)(const stored_matrix& w, std::size_t first, std::size_t k, std::size_t depth,
                     float* panel) = nullptr;
};
template <class Turned> turned_kernels kernels_of_turned() {
    if constexpr (!turns_blocks)
        return {};
    else
        return {&turned_kernel<Turned, 1>::run, &turned_kernel<Turned, many_rows>::run, &turn_to_panel<Turned>};
}
inline turned_kernels kernels_of(element_type type) {
    switch (type) {
    case element_type::f32:
        return kernels_of_turned<turned_f32>();
    case element_type::bf16:
        return kernels_of_turned<turned_halves<true>>();
    case element_type::f16:
        return kernels_of_turned<turned_halves<false>>();
    case element_type::q8_0:
        return kernels_of_turned<turned_q8_0>();
    case element_type::q4_0:
        return kernels_of_turned<turned_q4_0>();
    case element_type::q4_1:
        return kernels_of_turned<turned_q4_1>();
    case element_type::q5_0:
        return kernels_of_turned<turned_q5_0>();
    case element_type::q5_1:
        return kernels_of_turned<turned_q5_1>();
    case element_type::q4_k:
        return kernels_of_turned<turned_q4_k>();
    case element_type::q5_k:
        return kernels_of_turned<turned_q5_k>();
    case element_type::q6_k:
        return kernels_of_turned<turned_q6_k>();
    default:
        return {};
    }
}

/// Columns of Wᵀ as panels; `row` is the first row of W that belongs to the product.
struct stored_panels {
    const stored_matrix& matrix;
    std::size_t row;
    turned_kernels kernels;

    static void fill(const void* source, std::size_t k, std::size_t depth, std::size_t j, std::size_t n, float* panel) {
        const auto& from = *static_cast<const stored_panels*>(source);
        for (std::size_t l = 0; l < n; l += float_lanes)
            from.kernels.to_panel(from.matrix, from.row + j + l, k, depth, panel + l);
    }
};

/// c = a · Wᵀ, or c += a · Wᵀ, with the c.columns rows of W from `first` on, on the calling thread. What no kernel
/// turns (doubles, rare types) becomes numbers a tile at a time.
template <class T>
void multiply_stored_serial(matrix_view<const T> a, const stored_matrix& w, std::size_t first, matrix_view<T> c,
                            store mode) {
    if constexpr (std::same_as<T, float>) {
        if (const turned_kernels kernels = kernels_of(w.type); kernels.one != nullptr) {
            if (c.rows <= many_rows)
                return multiply_turned_rows(kernels.one, kernels.many, a, w, w.row_bytes(), first, c,
                                            mode == store::replace);
            const stored_panels panels{w, first, kernels};
            return multiply_by_panels<float>(transpose::no, a, {&panels, &stored_panels::fill}, c, mode);
        }
    }
    constexpr std::size_t tile = 64;
    std::vector<T> room(std::min(tile, c.columns) * w.columns);
    for (std::size_t j = 0; j < c.columns; j += tile) {
        const matrix_view<T> numbers(room.data(), std::min(tile, c.columns - j), w.columns);
        read_rows(w, first + j, numbers);
        multiply_serial<T>(transpose::no, a, transpose::yes, numbers, c.column_block(j, numbers.rows), mode);
    }
}

/// Rows of W that are a task, of a product with `rows` rows of a: a dozen tasks or more, and each long enough.
inline std::size_t stored_task(std::size_t weight_rows, std::size_t rows) {
    const std::size_t tasks = rows <= 64 ? 16 : 8;
    return std::clamp<std::size_t>((weight_rows / tasks + 31) / 32 * 32, 32, 512);
}

/// y = x Wᵀ, or y += x Wᵀ, W being the matrices one below the other. Every task has outputs of its own, so every weight
/// is read once; the tasks of all matrices are one loop, since decoding waits for the end of each.
template <class T>
void multiply_stored(matrix_view<const T> x, std::span<const stored_matrix> weights, matrix_view<T> y, store mode) {
    struct task {
        const stored_matrix* part;
        std::size_t row, count, column;
    };
    std::vector<task> tasks;
    std::size_t column = 0;
    for (const stored_matrix& part : weights) {
        const std::size_t each = stored_task(part.rows, x.rows);
        for (std::size_t row = 0; row < part.rows; row += each)
            tasks.push_back({&part, row, std::min(each, part.rows - row), column + row});
        column += part.rows;
    }
    parallel_for(tasks.size(), [&](std::size_t i) {
        const task& t = tasks[i];
        multiply_stored_serial<T>(x, *t.part, t.row, y.column_block(t.column, t.count), mode);
    });
}

} // namespace detail

} // namespace preflearn
