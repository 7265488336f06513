/// \file
/// c = a · Wᵀ of a stored W, read where it lies. For one row of a, numbers are decoded in registers (turned_blocks.hpp)
/// and multiplied at once; for several, panels of them are decoded straight into the packed form of
/// chained_product.hpp. Either way an element is the chain of fused multiply-adds that the same weights in memory give.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <utility>

#include <Eigen/Core>

#include <preflearn/backend/cpu/turned_blocks.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/products/chained_product.hpp>

namespace preflearn {

namespace detail {

/// Numbers of `lanes` rows at inner indices k … k + count − 1, decoded one by one: what no whole piece holds.
inline void decode_lanes(const stored_matrix& matrix, std::size_t first, std::size_t k, std::size_t count, float* out) {
    std::array<float, 256> row;
    for (std::size_t done = 0; done < count; done += row.size()) {
        const std::size_t n = std::min(row.size(), count - done);
        for (std::size_t l = 0; l < lanes; ++l) {
            read_rows(matrix, std::min(first + l, matrix.rows - 1), matrix_view<float>(row.data(), 1, n), k + done);
            for (std::size_t i = 0; i < n; ++i) out[(done + i) * lanes + l] = row[i];
        }
    }
}

/// Asks for the bytes of the rows that come next, a part of them with every piece of these rows.
class row_prefetch {
  public:
    row_prefetch(const stored_matrix& matrix, std::size_t first, std::size_t rows, std::size_t row_bytes)
        : next_(matrix.bytes.data() + std::min(first, matrix.rows) * row_bytes),
          end_(matrix.bytes.data() + std::min(first + rows, matrix.rows) * row_bytes) {}
    void ask(std::size_t bytes) {
        for (const std::byte* const to = next_ + bytes; next_ < to && next_ < end_; next_ += 64)
            __builtin_prefetch(next_, 0, 2);
    }

  private:
    const std::byte *next_, *end_;
};

/// c = a · Wᵀ, or c += a · Wᵀ, of one row and the `columns` rows of W from `first` on. Two groups of rows at a time, so
/// that one chain's additions fill the other's waits.
template <class Turned>
void multiply_turned(const float* a, const stored_matrix& w, std::size_t first, float* c, std::size_t columns,
                     bool fresh) {
    using Eigen::internal::pmadd, Eigen::internal::pset1;
    constexpr std::size_t together = 2 * lanes;
    const std::size_t row_bytes = w.row_bytes(), whole = w.columns / Turned::depth * Turned::depth;
    alignas(lane_floats) float sums[together] = {}, rest[lanes * Turned::depth]; // NOLINT
    for (std::size_t j = 0; j < columns; j += together) {
        const std::size_t count = std::min(together, columns - j);
        const lane_rows low(w, first + j, row_bytes), high(w, first + j + lanes, row_bytes);
        row_prefetch next(w, first + j + together, together, row_bytes);
        if (!fresh) std::copy_n(c + j, count, sums);
        float_packet sum_low = fresh ? pset1<float_packet>(0.0F) : Eigen::internal::pload<float_packet>(sums),
                     sum_high = fresh ? pset1<float_packet>(0.0F) : Eigen::internal::pload<float_packet>(sums + lanes);
        Turned turned_low, turned_high;
        for (std::size_t k = 0; k < whole; k += Turned::depth) {
            const std::size_t at = k / Turned::block * Turned::block_size, piece = k % Turned::block / Turned::depth;
            turned_low.load(low, at, piece);
            turned_high.load(high, at, piece);
            next.ask(together * Turned::block_size * Turned::depth / Turned::block + 64);
            for (std::size_t word = 0, i = k; word < Turned::depth / Turned::of_word; ++word, i += Turned::of_word)
                [&]<std::size_t... N>(std::index_sequence<N...>) {
                    ((sum_low = pmadd(pset1<float_packet>(a[i + N]),
                                      std::bit_cast<float_packet>(turned_low.template value<N>(word)), sum_low),
                      sum_high = pmadd(pset1<float_packet>(a[i + N]),
                                       std::bit_cast<float_packet>(turned_high.template value<N>(word)), sum_high)),
                     ...);
                }
            (std::make_index_sequence<Turned::of_word>{});
        }
        for (auto [at, sum] : {std::pair{first + j, &sum_low}, {first + j + lanes, &sum_high}}) {
            decode_lanes(w, at, whole, w.columns - whole, rest);
            for (std::size_t k = whole; k < w.columns; ++k)
                *sum = pmadd(pset1<float_packet>(a[k]),
                             Eigen::internal::pload<float_packet>(rest + (k - whole) * lanes), *sum);
        }
        Eigen::internal::pstore(sums, sum_low);
        Eigen::internal::pstore(sums + lanes, sum_high);
        std::copy_n(sums, count, c + j);
    }
}

/// Writes inner indices k … k + depth − 1 of `lanes` rows from `first` on to columns of a packed panel.
template <class Turned>
void turn_to_panel(const stored_matrix& w, std::size_t first, std::size_t k, std::size_t depth, float* panel) {
    constexpr std::size_t stride = product_kernel<float>::columns;
    const std::size_t end = k + depth / Turned::depth * Turned::depth;
    const lane_rows rows(w, first, w.row_bytes());
    Turned turned;
    for (std::size_t done = k; done < end; done += Turned::depth, panel += Turned::depth * stride) {
        turned.load(rows, done / Turned::block * Turned::block_size, done % Turned::block / Turned::depth);
        for (std::size_t word = 0; word < Turned::depth / Turned::of_word; ++word)
            [&]<std::size_t... N>(std::index_sequence<N...>) {
                (Eigen::internal::pstore(panel + (word * Turned::of_word + N) * stride,
                                         std::bit_cast<float_packet>(turned.template value<N>(word))),
                 ...);
            }
        (std::make_index_sequence<Turned::of_word>{});
    }
    float rest[lanes * Turned::depth]; // NOLINT
    const std::size_t left = depth % Turned::depth;
    decode_lanes(w, first, end, left, rest);
    for (std::size_t i = 0; i < left; ++i) std::copy_n(rest + i * lanes, lanes, panel + i * stride);
}

/// Columns of Wᵀ as panels; `row` is the first row of W that belongs to the product.
template <class T> struct stored_panels {
    const stored_matrix& matrix;
    std::size_t row;

    static void fill(const void* source, std::size_t k, std::size_t depth, std::size_t j, std::size_t n, T* panel) {
        const auto& [w, row] = *static_cast<const stored_panels*>(source);
        if constexpr (std::same_as<T, float>) {
            const auto by_lanes = [&]<class Turned>(Turned) {
                for (std::size_t l = 0; l < n; l += lanes) turn_to_panel<Turned>(w, row + j + l, k, depth, panel + l);
            };
            if (with_turned(w.type, by_lanes)) return;
        }
        constexpr std::size_t stride = product_kernel<T>::columns;
        std::array<T, product_kernel<T>::depth> numbers;
        for (std::size_t c = 0; c < n; ++c) {
            read_rows(w, row + j + c, matrix_view<T>(numbers.data(), 1, depth), k);
            for (std::size_t i = 0; i < depth; ++i) panel[i * stride + c] = numbers[i];
        }
    }
};

/// c = a · Wᵀ, or c += a · Wᵀ, with the c.columns rows of W from `first` on, on the calling thread.
template <class T>
void multiply_stored_serial(matrix_view<const T> a, const stored_matrix& w, std::size_t first, matrix_view<T> c,
                            store mode) {
    if constexpr (std::same_as<T, float>) {
        const auto at_once = [&]<class Turned>(Turned) {
            multiply_turned<Turned>(a.data, w, first, c.data, c.columns, mode == store::replace);
        };
        if (c.rows == 1 && with_turned(w.type, at_once)) return;
    }
    const stored_panels<T> panels{w, first};
    multiply_by_panels<T>(transpose::no, a, {&panels, &stored_panels<T>::fill}, c, mode);
}

/// Rows of W that are a task, of a product with `rows` rows of a: a dozen tasks or more, and each long enough.
inline std::size_t stored_task(std::size_t weight_rows, std::size_t rows) {
    const std::size_t tasks = rows <= 64 ? 16 : 8;
    return std::clamp<std::size_t>((weight_rows / tasks + 31) / 32 * 32, 32, 512);
}

/// y = x Wᵀ, or y += x Wᵀ: every task has outputs of its own, so every weight is read once.
template <class T>
void multiply_stored(matrix_view<const T> x, const stored_matrix& weights, matrix_view<T> y, store mode) {
    parallel_blocks(weights.rows, stored_task(weights.rows, x.rows), [&](std::size_t begin, std::size_t end) {
        multiply_stored_serial<T>(x, weights, begin, y.column_block(begin, end - begin), mode);
    });
}

} // namespace detail

} // namespace preflearn
