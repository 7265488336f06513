/// \file
/// c = op(a) · op(b) of few columns, as attention over a short text and low ranks have them: packing the factors would
/// take longer than multiplying, or half of the packed columns would be empty. The rows of a are read where they lie,
/// so are those of b where they are near each other, whose last packet is loaded in part; else b is copied or turned
/// into a buffer, some inner indices at a time. Every element is the chain of fused multiply-adds of
/// chained_product.hpp.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <Eigen/Core>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>

namespace preflearn::detail {

/// The first `count` numbers at `from`, then zeros; at most a packet.
template <class Packet, class T> Packet load_some(const T* from, std::size_t count) {
    using namespace Eigen::internal;
    using traits = unpacket_traits<Packet>;
    if (count >= traits::size) return ploadu<Packet>(from);
    if constexpr (traits::masked_load_available) {
        using mask = std::conditional_t<traits::size == 16, std::uint16_t, std::uint8_t>;
        return ploadu<Packet>(from, static_cast<mask>((1U << count) - 1));
    } else {
        alignas(64) T values[traits::size] = {}; // NOLINT
        for (std::size_t i = 0; i < count; ++i) values[i] = from[i];
        return pload<Packet>(values);
    }
}

/// Writes the first `count` numbers of a packet. A masked store of 32 bytes is slow on some processors.
template <class Packet, class T> void store_some(T* to, const Packet& packet, std::size_t count) {
    using namespace Eigen::internal;
    using traits = unpacket_traits<Packet>;
    if (count >= traits::size) return pstoreu(to, packet);
    if constexpr (traits::masked_store_available && traits::size == 16) {
        pstoreu(to, packet, static_cast<std::uint16_t>((1U << count) - 1));
    } else {
        alignas(64) T values[traits::size]; // NOLINT
        pstore(values, packet);
        for (std::size_t i = 0; i < count; ++i) to[i] = values[i];
    }
}

/// Products of up to two packets of columns.
template <class T> struct small_product {
    using packet = typename Eigen::internal::packet_traits<T>::type;
    static constexpr std::size_t lanes = Eigen::internal::unpacket_traits<packet>::size;
    /// Inner indices of a buffer, and columns.
    static constexpr std::size_t inner = 128, columns = 2 * lanes;
    /// Rows of a kernel.
    static constexpr std::size_t height = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 8 : 4;

    /// Whether a product of m × n numbers over k inner indices is faster here than packed, or by the kernels of few
    /// rows.
    static bool fits(std::size_t m, std::size_t n, std::size_t k) {
        return k != 0 && n <= columns && (k <= inner / 2 || m > 3 * height);
    }

    /// c = op(a) · op(b) or c += op(a) · op(b), over at least one inner index, without checks.
    static void run(transpose op_a, matrix_view<const T> a, transpose op_b, matrix_view<const T> b, matrix_view<T> c,
                    store mode) {
        alignas(64) T buffer[inner * columns]; // NOLINT
        const std::size_t depth = op_a == transpose::no ? a.columns : a.rows;
        const std::size_t down = op_a == transpose::no ? a.stride : 1, along = op_a == transpose::no ? 1 : a.stride;
        const bool in_place = op_b == transpose::no && (b.stride <= columns || c.rows <= 2 * height);
        const std::size_t piece = in_place ? depth : inner;
        for (std::size_t k = 0; k < depth; k += piece) {
            const std::size_t count = std::min(piece, depth - k);
            right_factor right{buffer, columns, columns};
            if (in_place)
                right = {b.data, b.stride, c.columns};
            else if (op_b == transpose::yes)
                turn(b.column_block(k, count), buffer);
            else
                copy(b.row_block(k, count), buffer);
            add_rows({a.data + k * along, down, along, count, c.rows}, right, c, k == 0 ? mode : store::add);
        }
    }

  private:
    struct left_factor {
        const T* first;
        std::size_t down, along, depth, rows; ///< steps to the next row and inner index, and their numbers
    };
    struct right_factor {
        const T* first;
        std::size_t stride, columns; ///< as many columns may be read
    };

    /// All rows, some at once.
    static void add_rows(const left_factor& a, const right_factor& b, matrix_view<T> c, store mode) {
        for (std::size_t r = 0; r < a.rows; r += height) {
            const left_factor left{a.first + r * a.down, a.down, a.along, a.depth, std::min(height, a.rows - r)};
            const auto some = [&]<std::size_t Rows>(std::integral_constant<std::size_t, Rows>) {
                const matrix_view<T> out = c.row_block(r, left.rows);
                if (c.columns > lanes)
                    multiply<true>(left, b, out, mode, std::make_index_sequence<Rows>{});
                else
                    multiply<false>(left, b, out, mode, std::make_index_sequence<Rows>{});
            };
            if (left.rows > height / 2)
                some(std::integral_constant<std::size_t, height>{});
            else
                some(std::integral_constant<std::size_t, height / 2>{});
        }
    }

    /// Rows of b in rows of `columns`; zeros follow what fills no whole packet.
    static void copy(matrix_view<const T> b, T* to) {
        for (std::size_t k = 0; k < b.rows; ++k)
            for (std::size_t j = 0; j < b.columns; j += lanes)
                Eigen::internal::pstore(to + k * columns + j, load_some<packet>(b.row(k) + j, b.columns - j));
    }
    /// to(k, j) = b(j, k), in rows of `columns`; zeros follow what fills no whole packet.
    static void turn(matrix_view<const T> b, T* to) {
        for (std::size_t j = 0; j < b.rows; j += lanes)
            for (std::size_t k = 0; k < b.columns; k += lanes)
                turn_square(b.row_block(j, std::min(lanes, b.rows - j)).column_block(k, std::min(lanes, b.columns - k)),
                            to + k * columns + j, packet());
    }
    /// Of at most as many rows and columns as a packet of this kind has lanes.
    template <class Packet> static void turn_square(matrix_view<const T> b, T* to, const Packet& /*kind*/) {
        using namespace Eigen::internal;
        PacketBlock<Packet, static_cast<int>(lanes)> square;
        for (std::size_t j = 0; j < lanes; ++j)
            square.packet[j] = j < b.rows ? load_some<Packet>(b.row(j), b.columns) : pset1<Packet>(T(0));
        ptranspose(square);
        for (std::size_t k = 0; k < b.columns; ++k) pstore(to + k * columns, square.packet[k]);
    }

    /// Some rows at once, of which the last ones may be one row again that is not written. Without loops over rows, so
    /// that the sums stay in registers.
    template <bool Wide, std::size_t... Row>
    static void multiply(const left_factor& a, const right_factor& b, matrix_view<T> c, store mode,
                         std::index_sequence<Row...> /*rows*/) {
        using namespace Eigen::internal;
        const T* const from[] = {a.first + std::min(Row, a.rows - 1) * a.down...}; // NOLINT
        const packet zero = pset1<packet>(T(0));
        const std::size_t first_of_last = Wide ? lanes : 0, count = c.columns - first_of_last;
        const bool adds = mode == store::add;
        packet low[sizeof...(Row)], last[sizeof...(Row)]; // NOLINT: std::array would drop the packet's attributes
        ((low[Row] = Wide && adds && Row < a.rows ? ploadu<packet>(c.row(Row)) : zero), ...);
        ((last[Row] = adds && Row < a.rows ? load_some<packet>(c.row(Row) + first_of_last, count) : zero), ...);
        const std::size_t readable = std::min(b.columns - first_of_last, lanes);
        for (std::size_t k = 0; k < a.depth; ++k) {
            const T* const row = b.first + k * b.stride;
            const packet left = Wide ? ploadu<packet>(row) : zero;
            const packet right = load_some<packet>(row + first_of_last, readable);
            const auto add = [&](packet& of_low, packet& of_last, T number) {
                const packet factor = pset1<packet>(number);
                if constexpr (Wide) of_low = pmadd(factor, left, of_low);
                of_last = pmadd(factor, right, of_last);
            };
            (add(low[Row], last[Row], from[Row][k * a.along]), ...);
        }
        const auto write = [&](const packet& of_low, const packet& of_last, std::size_t r) {
            if (r >= a.rows) return;
            if constexpr (Wide) pstoreu(c.row(r), of_low);
            store_some(c.row(r) + first_of_last, of_last, count);
        };
        (write(low[Row], last[Row], Row), ...);
    }
};

} // namespace preflearn::detail
