/// \file
/// c = a · Wᵀ in float for some rows of a, the numbers of W decoded in registers and multiplied at once
/// (turned_blocks.hpp), never written: W is read once, in one stream, and nothing is packed but the rows of a. An
/// element is the chain of fused multiply-adds of chained_product.hpp.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <span>
#include <utility>

#include <Eigen/Core>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/stored/stored_values.hpp>
#include <preflearn/products/lanes.hpp>
#include <preflearn/products/turned_blocks.hpp>

namespace preflearn::detail {

/// Numbers of `float_lanes` rows at inner indices k … k + count − 1, decoded one by one: what no whole piece holds.
[[gnu::noinline]] inline void decode_lanes(const stored_matrix& w, const lane_rows& rows, std::size_t k,
                                           std::size_t count, float* out) {
    float row[64]; // NOLINT
    const std::size_t row_bytes = w.row_bytes();
    for (std::size_t l = 0; l < float_lanes; ++l) {
        decode_values(w.type, {rows.begin[l], row_bytes}, k, std::span(row, count));
        for (std::size_t i = 0; i < count; ++i) out[i * float_lanes + l] = row[i];
    }
}

/// Asks for the rows of W that come next while these are multiplied: without it, decoding takes nearly twice as long.
/// They are asked into the second-level cache: the first holds less than what is asked before it is used, and decoding
/// floats or halves would take half as long again.
struct rows_ahead {
    const std::byte *next, *end; ///< what was not asked for yet
    std::size_t stride;

    rows_ahead(const stored_matrix& w, std::size_t first, std::size_t count, std::size_t row_stride)
        : next(w.bytes.data() + std::min(first, w.rows) * row_stride),
          end(w.bytes.data() + std::min(first + count, w.rows) * row_stride), stride(row_stride) {}

    /// The next bytes, as they lie.
    void ask(std::size_t bytes) {
        for (const std::byte* const to = next + bytes; next < to && next < end; next += 64)
            __builtin_prefetch(next, 0, 2);
    }
    /// Byte `at` of every row.
    void ask_of_rows(std::size_t at) const {
        for (const std::byte* row = next; row < end; row += stride) __builtin_prefetch(row + at, 0, 2);
    }
};

/// Rows of a that are multiplied together where there are several: as many as there are registers for their sums.
inline constexpr std::size_t many_rows = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 16 : 12;

/// `Rows` rows of a by groups of `float_lanes` rows of W: two groups for one row, so that one chain's additions fill
/// the other's waits.
template <class Turned, std::size_t Rows> struct turned_kernel {
    static constexpr std::size_t groups = Rows == 1 ? 2 : 1, columns = groups * float_lanes;
    /// Inner indices of a packed piece of several rows, and where the next row lies in it; one row is not packed.
    static constexpr std::size_t depth = 256, row_stride = depth + 16;

    /// sums = a · Wᵀ, or sums += a · Wᵀ, over inner indices k … k + count − 1; sums have rows of `columns`.
    static void run(const float* a, const stored_matrix& w, const lane_rows* rows, rows_ahead& ahead, std::size_t k,
                    std::size_t count, float* sums, bool fresh) {
        run(a, w, rows, ahead, k, count, sums, fresh, std::make_index_sequence<groups>{});
    }

  private:
    /// The sums of one group of rows of W, in registers.
    struct chains {
        float_packet of_row[Rows]; // NOLINT: std::array would drop the packet's attributes

        void load(const float* sums, bool fresh) {
            using namespace Eigen::internal;
            for (std::size_t r = 0; r < Rows; ++r)
                of_row[r] = fresh ? pset1<float_packet>(0.0F) : pload<float_packet>(sums + r * columns);
        }
        void store(float* sums) const {
            for (std::size_t r = 0; r < Rows; ++r) Eigen::internal::pstore(sums + r * columns, of_row[r]);
        }
        void add(const float* a, float_packet w) { add(a, w, std::make_index_sequence<Rows>{}); }
        template <std::size_t... R> void add(const float* a, float_packet w, std::index_sequence<R...> /*rows*/) {
            using namespace Eigen::internal;
            ((of_row[R] = pmadd(pset1<float_packet>(a[R * row_stride]), w, of_row[R])), ...);
        }
    };

    template <std::size_t... G>
    static void run(const float* a, const stored_matrix& w, const lane_rows* rows, rows_ahead& ahead, std::size_t k,
                    std::size_t count, float* sums, bool fresh, std::index_sequence<G...> every_group) {
        chains all[groups]; // NOLINT
        (all[G].load(sums + G * float_lanes, fresh), ...);
        const std::size_t whole = k + count / Turned::depth * Turned::depth;
        Turned turned[groups]; // NOLINT
        for (std::size_t i = k; i < whole; i += Turned::depth) {
            const std::size_t at = i / Turned::block * Turned::block_size, piece = i % Turned::block / Turned::depth;
            (turned[G].load(rows[G], at, piece), ...);
            constexpr std::size_t bytes = Turned::block_size * Turned::depth / Turned::block; // of a row's piece
            if constexpr (Rows == 1)
                ahead.ask(columns * bytes + 64);
            else
                ahead.ask_of_rows(at + piece * bytes);
            [&]<std::size_t... P>(std::index_sequence<P...>) {
                (add_part<P>(a + (i - k) + P * (Turned::depth / Turned::parts), turned, all, every_group), ...);
            }
            (std::make_index_sequence<Turned::parts>{});
        }
        if (const std::size_t left = k + count - whole; left != 0) {
            float rest[groups][float_lanes * Turned::depth]; // NOLINT
            (decode_lanes(w, rows[G], whole, left, rest[G]), ...);
            for (std::size_t i = 0; i < left; ++i)
                (all[G].add(a + (whole - k) + i, Eigen::internal::ploadu<float_packet>(rest[G] + i * float_lanes)),
                 ...);
        }
        (all[G].store(sums + G * float_lanes), ...);
    }

    template <std::size_t Part, std::size_t... G>
    static void add_part(const float* a, const Turned (&turned)[groups], chains (&all)[groups],
                         std::index_sequence<G...> /*groups*/) {
        const auto add_number = [&]<std::size_t N>(std::size_t word, std::integral_constant<std::size_t, N>) {
            (all[G].add(a + word * Turned::of_word + N,
                        std::bit_cast<float_packet>(turned[G].template value<Part, N>(word))),
             ...);
        };
        for (std::size_t word = 0; word < Turned::depth / Turned::parts / Turned::of_word; ++word)
            [&]<std::size_t... N>(std::index_sequence<N...>) {
                (add_number(word, std::integral_constant<std::size_t, N>{}), ...);
            }
        (std::make_index_sequence<Turned::of_word>{});
    }
};

/// What turned_kernel::run does, of any stored type.
using turned_run = void (*)(const float* a, const stored_matrix& w, const lane_rows* rows, rows_ahead& ahead,
                            std::size_t k, std::size_t count, float* sums, bool fresh);

/// c = a · Wᵀ, or c += a · Wᵀ, of up to `Rows` rows and the c.columns rows of W from `first` on, which lie `stride`
/// bytes apart; `run` is that of a turned_kernel of so many rows. Sums of some columns stay in a block of their own
/// until they are whole: rows of c may lie so far apart that they share a cache set.
template <std::size_t Rows>
void multiply_turned(turned_run run, matrix_view<const float> a, const stored_matrix& w, std::size_t stride,
                     std::size_t first, matrix_view<float> c, bool fresh) {
    using kernel = turned_kernel<turned_f32, Rows>; // its shape is that of all
    constexpr std::size_t columns = kernel::columns, blocks = 128 / columns;
    const std::size_t piece = Rows == 1 ? std::max<std::size_t>(a.columns, 1) : kernel::depth;
    alignas(64) float packed[Rows == 1 ? 1 : Rows * kernel::row_stride]; // NOLINT
    alignas(64) float sums[blocks][Rows * columns];                      // NOLINT
    for (std::size_t r = a.rows; r < Rows; ++r)
        std::fill_n(packed + r * kernel::row_stride, std::min(piece, a.columns), 0.0F);
    if (Rows == 1) rows_ahead(w, first, columns, stride).ask(std::size_t{16} << 10);
    for (std::size_t begin = 0; begin < c.columns; begin += blocks * columns) {
        const auto each_block = [&](const auto& use) {
            for (std::size_t b = 0, j = begin; b < blocks && j < c.columns; ++b, j += columns)
                use(sums[b], j, std::min(columns, c.columns - j));
        };
        if (!fresh)
            each_block([&](float* of_block, std::size_t j, std::size_t n) {
                if (n < columns || c.rows < Rows) std::fill_n(of_block, Rows * columns, 0.0F);
                for (std::size_t r = 0; r < c.rows; ++r) std::copy_n(c.row(r) + j, n, of_block + r * columns);
            });
        for (std::size_t k = 0; k == 0 || k < a.columns; k += piece) {
            const std::size_t count = std::min(piece, a.columns - k);
            for (std::size_t r = 0; Rows != 1 && r < a.rows; ++r)
                std::copy_n(a.row(r) + k, count, packed + r * kernel::row_stride);
            each_block([&](float* of_block, std::size_t j, std::size_t /*n*/) {
                rows_ahead ahead(w, first + j + columns, columns, stride);
                [&]<std::size_t... G>(std::index_sequence<G...>) {
                    const lane_rows rows[] = {lane_rows(w, first + j + G * float_lanes, stride)...}; // NOLINT
                    run(Rows == 1 ? a.data : packed, w, rows, ahead, k, count, of_block, fresh && k == 0);
                }
                (std::make_index_sequence<kernel::groups>{});
            });
        }
        each_block([&](const float* of_block, std::size_t j, std::size_t n) {
            for (std::size_t r = 0; r < c.rows; ++r) std::copy_n(of_block + r * columns, n, c.row(r) + j);
        });
    }
}

/// Of up to `many_rows` rows. Up to four are multiplied one by one, the bytes of W lying in the cache by then.
inline void multiply_turned_rows(turned_run one, turned_run many, matrix_view<const float> a, const stored_matrix& w,
                                 std::size_t stride, std::size_t first, matrix_view<float> c, bool fresh) {
    if (c.rows > 4) return multiply_turned<many_rows>(many, a, w, stride, first, c, fresh);
    for (std::size_t r = 0; r < c.rows; ++r)
        multiply_turned<1>(one, a.row_block(r, 1), w, stride, first, c.row_block(r, 1), fresh);
}

} // namespace preflearn::detail
