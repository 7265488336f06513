/// \file
/// c = a · op(b) for a row or a few, as in decoding one response: a number of b is used too rarely to pay for a packed
/// copy. Squares of b are turned in registers and multiplied at once, or its rows are taken as they lie. Every element
/// is the chain of fused multiply-adds of chained_product.hpp, which also does what these kernels leave: the last
/// columns and inner indices.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include <Eigen/Core>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>

namespace preflearn::detail {

/// Up to so many rows these kernels are faster than packing b; with 16 registers, sums and a square of four do not fit.
inline constexpr std::size_t few_rows = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 4 : 3;

/// Packets of up to 32 bytes: a square of wider ones takes longer to turn than its width saves.
template <class T, bool Wide = (sizeof(typename Eigen::internal::packet_traits<T>::type) > 32)> struct square_packet {
    using type = typename Eigen::internal::packet_traits<T>::type;
};
template <class T> struct square_packet<T, true> { using type = typename Eigen::internal::packet_traits<T>::half; };

/// c += a · bᵀ, or c = a · bᵀ when `fresh`, of `Rows` rows. A chain waits for its last addition, so 16 columns are
/// summed at a time: more would be faster from the nearest cache, but slower from memory (more streams than are fetched
/// ahead) and where rows of b lie a power of two apart (one set of the cache holds few of them).
template <class T, std::size_t Rows> struct turned_rows {
    using packet = typename square_packet<T>::type;
    static constexpr std::size_t lanes = sizeof(packet) / sizeof(T);
    static constexpr std::size_t blocks = std::clamp<std::size_t>(16 / lanes, 1, 4);
    /// c has a multiple of so many columns, a one of so many inner indices (a cache line).
    static constexpr std::size_t columns = blocks * lanes, depth = std::max(64 / sizeof(T), lanes);

    static void run(matrix_view<const T> a, matrix_view<const T> b, matrix_view<T> c, bool fresh) {
        for (std::size_t j = 0; j < c.columns; j += columns)
            add(a, b.row(j), b.stride, c.data + j, c.stride, fresh, std::make_index_sequence<blocks>{});
    }

  private:
    template <std::size_t... Block>
    static void add(matrix_view<const T> a, const T* b, std::size_t stride, T* c, std::size_t c_stride, bool fresh,
                    std::index_sequence<Block...> /*blocks*/) {
        using namespace Eigen::internal;
        packet sums[blocks][Rows]; // NOLINT: std::array would drop the packet's attributes
        for (std::size_t r = 0; r < Rows; ++r)
            ((sums[Block][r] = fresh ? pset1<packet>(T(0)) : ploadu<packet>(c + r * c_stride + Block * lanes)), ...);
        // where rows of b share a cache set, a line that is left half used is gone when its other half is due
        const std::size_t piece = stride * sizeof(T) % 4096 == 0 ? depth : lanes;
        for (std::size_t k = 0; k < a.columns; k += piece) {
            const auto add_piece = [&](const T* rows, auto& block_sums) {
                for (std::size_t i = k; i < k + piece; i += lanes)
                    add_square(a.data + i, a.stride, rows + i, stride, block_sums, std::make_index_sequence<lanes>{});
            };
            (add_piece(b + Block * lanes * stride, sums[Block]), ...);
        }
        for (std::size_t r = 0; r < Rows; ++r) (pstoreu(c + r * c_stride + Block * lanes, sums[Block][r]), ...);
    }
    template <class Packet, std::size_t... Lane>
    static void add_square(const T* a, std::size_t a_stride, const T* b, std::size_t stride, Packet (&sums)[Rows],
                           std::index_sequence<Lane...> /*lanes*/) {
        using namespace Eigen::internal;
        PacketBlock<Packet, static_cast<int>(lanes)> square{{ploadu<Packet>(b + Lane * stride)...}};
        ptranspose(square);
        for (std::size_t r = 0; r < Rows; ++r)
            ((sums[r] = pmadd(pset1<Packet>(a[r * a_stride + Lane]), square.packet[Lane], sums[r])), ...);
    }
};

/// c += a · b, or c = a · b when `fresh`: a few rows of b at a time, so that they are read in a few streams.
template <class T> struct straight_rows {
    using packet = typename Eigen::internal::packet_traits<T>::type;
    static constexpr std::size_t columns = sizeof(packet) / sizeof(T), depth = 8;

    static void run(matrix_view<const T> a, matrix_view<const T> b, matrix_view<T> c, bool fresh) {
        for (std::size_t k = 0; k < a.columns; k += depth)
            for (std::size_t r = 0; r < a.rows; ++r)
                add(a.row(r) + k, b.row(k), b.stride, c.row(r), c.columns, fresh && k == 0,
                    std::make_index_sequence<depth>{});
    }

  private:
    template <std::size_t... K>
    static void add(const T* a, const T* b, std::size_t stride, T* c, std::size_t count, bool fresh,
                    std::index_sequence<K...> /*depth*/) {
        using namespace Eigen::internal;
        const packet factors[] = {pset1<packet>(a[K])...}; // NOLINT
        for (std::size_t j = 0; j < count; j += columns) {
            packet sum = fresh ? pset1<packet>(T(0)) : ploadu<packet>(c + j);
            ((sum = pmadd(factors[K], ploadu<packet>(b + K * stride + j), sum)), ...);
            pstoreu(c + j, sum);
        }
    }
};

/// What of c a product of up to `few_rows` rows has done: its first columns, over the first inner indices.
struct done_part {
    std::size_t columns, depth;
};

/// c = a · op(b), or c += a · op(b), as far as whole packets reach.
template <class T>
done_part multiply_few_rows(matrix_view<const T> a, transpose op_b, matrix_view<const T> b, matrix_view<T> c,
                            store mode) {
    const auto part = [&]<class Kernel>(const Kernel& /*kind*/) {
        const done_part done{c.columns / Kernel::columns * Kernel::columns, a.columns / Kernel::depth * Kernel::depth};
        if (done.depth != 0)
            Kernel::run(a.column_block(0, done.depth), b, c.column_block(0, done.columns), mode == store::replace);
        return done;
    };
    if (op_b == transpose::no) return part(straight_rows<T>{});
    switch (c.rows) {
    case 1:
        return part(turned_rows<T, 1>{});
    case 2:
        return part(turned_rows<T, 2>{});
    case 3:
        return part(turned_rows<T, 3>{});
    default:
        return part(turned_rows<T, few_rows>{});
    }
}

} // namespace preflearn::detail
