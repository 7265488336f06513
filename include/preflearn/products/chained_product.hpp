/// \file
/// The matrix product whose bits a neighbour cannot change: every element of c = op(a) · op(b) is one chain of fused
/// multiply-adds over the inner index, from 0 on, or from the element of c that is added to. So an element depends on
/// its row of op(a) and its column of op(b) alone, not on how many others there are, where it stands, or how the work
/// is cut; and two products one after the other, the second added, equal that of the joined inner range.
///
/// A block of rows of `a` and a panel of columns of `b` are packed into the cache; the kernel in between holds as many
/// sums as there are registers (Goto & van de Geijn 2008, doi:10.1145/1356052.1356053). A few rows do not pay for the
/// packing, and go through few_rows.hpp; somewhat more, of rows of b in float, through turned_product.hpp; small
/// factors through small_product.hpp.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>

#include <Eigen/Core>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/kept_blocks.hpp>
#include <preflearn/products/few_rows.hpp>
#include <preflearn/products/small_product.hpp>
#include <preflearn/products/turned_product.hpp>

namespace preflearn {

/// Rows of op(a) that are packed at once; a multiple of the kernel's.
inline constexpr std::size_t product_rows = 288;

namespace detail {

/// How many numbers of type T the kernel takes at a time.
template <class T> struct product_kernel {
    using packet = typename Eigen::internal::packet_traits<T>::type;
    static constexpr std::size_t lanes = Eigen::internal::unpacket_traits<packet>::size;
    static constexpr std::size_t rows = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 12 : 6;
    static constexpr std::size_t columns = 2 * lanes;
    static constexpr std::size_t depth = 256;                         ///< inner indices of a packed piece
    static constexpr std::size_t row_stride = depth + 64 / sizeof(T); ///< of packed a: rows differ in their cache sets

    /// c += a · b, or c = a · b when `fresh`: packed rows I… of a, a packed panel of b, rows I… of c. Written without
    /// loops over rows, so that the sums stay in registers whatever the optimiser thinks of unrolling.
    template <std::size_t... I>
    static void run(const T* a, const T* b, std::size_t inner, T* c, std::size_t stride, bool fresh) {
        using namespace Eigen::internal;
        packet sums[sizeof...(I)][2]; // NOLINT: std::array would drop the packet's attributes
        const packet zero = pset1<packet>(T(0));
        ((sums[I][0] = fresh ? zero : ploadu<packet>(c + I * stride),
          sums[I][1] = fresh ? zero : ploadu<packet>(c + I * stride + lanes)),
         ...);
        for (std::size_t k = 0; k < inner; ++k) {
            const packet low = pload<packet>(b + k * columns), high = pload<packet>(b + k * columns + lanes);
            ((sums[I][0] = pmadd(pset1<packet>(a[I * row_stride + k]), low, sums[I][0]),
              sums[I][1] = pmadd(pset1<packet>(a[I * row_stride + k]), high, sums[I][1])),
             ...);
        }
        ((pstoreu(c + I * stride, sums[I][0]), pstoreu(c + I * stride + lanes, sums[I][1])), ...);
    }

    using function = void (*)(const T*, const T*, std::size_t, T*, std::size_t, bool);
    template <std::size_t... I> static constexpr function of_rows(std::index_sequence<I...>) { return &run<I...>; }
    /// The kernel of 1, 2, … rows.
    static constexpr std::array<function, rows> runs = []<std::size_t... Count>(std::index_sequence<Count...>) {
        return std::array<function, rows>{of_rows(std::make_index_sequence<Count + 1>{})...};
    }
    (std::make_index_sequence<rows>{});
};

/// Turns a square of as many rows as a packet of this kind has lanes.
template <class T, class Packet, std::size_t... I>
void transpose_square(const T* from, std::size_t from_stride, T* to, std::size_t to_stride, const Packet& /*kind*/,
                      std::index_sequence<I...>) {
    using namespace Eigen::internal;
    PacketBlock<Packet, static_cast<int>(sizeof...(I))> square{{ploadu<Packet>(from + I * from_stride)...}};
    ptranspose(square);
    (pstoreu(to + I * to_stride, square.packet[I]), ...);
}

/// to(c, r) = from(r, c); `to` has rows of `stride`.
template <class T> void pack_transposed(matrix_view<const T> from, T* to, std::size_t stride) {
    constexpr std::size_t side = product_kernel<T>::lanes;
    for (std::size_t r = 0; r < from.rows; r += side) {
        for (std::size_t c = 0; c < from.columns; c += side) {
            if (r + side <= from.rows && c + side <= from.columns) {
                transpose_square(from.row(r) + c, from.stride, to + c * stride + r, stride,
                                 typename product_kernel<T>::packet(), std::make_index_sequence<side>{});
            } else {
                for (std::size_t i = r; i < std::min(r + side, from.rows); ++i)
                    for (std::size_t j = c; j < std::min(c + side, from.columns); ++j) to[j * stride + i] = from(i, j);
            }
        }
    }
}

template <class T> void pack(matrix_view<const T> from, T* to, std::size_t stride) {
    for (std::size_t r = 0; r < from.rows; ++r) std::copy_n(from.row(r), from.columns, to + r * stride);
}

} // namespace detail

/// Where panels of a product's right factor come from: `fill(source, k, depth, j, n, panel)` writes its inner indices
/// k … k + depth − 1 of columns j … j + n − 1, an inner index after the other in rows of product_kernel<T>::columns.
template <class T> struct panel_source {
    const void* source;
    void (*fill)(const void* source, std::size_t k, std::size_t depth, std::size_t j, std::size_t n, T* panel);
};

/// c = op(a) · b, or c += op(a) · b, of panels of b, on the calling thread and without checks.
template <class T>
void multiply_by_panels(transpose op_a, matrix_view<const T> a, const panel_source<T>& b, matrix_view<T> c,
                        store mode) {
    using kernel = detail::product_kernel<T>;
    static_assert(product_rows % kernel::rows == 0);
    const std::size_t inner = op_a == transpose::no ? a.columns : a.rows;
    if (inner == 0 && mode == store::replace)
        for (std::size_t r = 0; r < c.rows; ++r) std::fill_n(c.row(r), c.columns, T(0));
    const number_block<T> rows(std::min(c.rows, product_rows) * kernel::row_stride);
    alignas(64) T panel[kernel::depth * kernel::columns];      // NOLINT
    alignas(64) T corner[kernel::rows * kernel::columns] = {}; // NOLINT
    for (std::size_t r = 0; r < c.rows; r += product_rows) {
        const std::size_t m = std::min(product_rows, c.rows - r);
        for (std::size_t k = 0; k < inner; k += kernel::depth) {
            const std::size_t depth = std::min(kernel::depth, inner - k);
            const bool fresh = mode == store::replace && k == 0;
            if (op_a == transpose::no)
                detail::pack(a.row_block(r, m).column_block(k, depth), rows.data(), kernel::row_stride);
            else
                detail::pack_transposed(a.row_block(k, depth).column_block(r, m), rows.data(), kernel::row_stride);
            for (std::size_t j = 0; j < c.columns; j += kernel::columns) {
                const std::size_t n = std::min(kernel::columns, c.columns - j);
                if (n < kernel::columns) std::fill_n(panel, depth * kernel::columns, T(0));
                b.fill(b.source, k, depth, j, n, panel);
                for (std::size_t i = 0; i < m; i += kernel::rows) {
                    const std::size_t count = std::min(kernel::rows, m - i);
                    T* const out = c.row(r + i) + j;
                    const T* const factors = rows.data() + i * kernel::row_stride;
                    if (n == kernel::columns) {
                        kernel::runs[count - 1](factors, panel, depth, out, c.stride, fresh);
                        continue;
                    }
                    for (std::size_t s = 0; s < count && !fresh; ++s)
                        std::copy_n(out + s * c.stride, n, corner + s * kernel::columns);
                    kernel::runs[count - 1](factors, panel, depth, corner, kernel::columns, fresh);
                    for (std::size_t s = 0; s < count; ++s)
                        std::copy_n(corner + s * kernel::columns, n, out + s * c.stride);
                }
            }
        }
    }
}

/// c = op(a) · op(b), or c += op(a) · op(b), on the calling thread and without checks: for use inside parallel tasks.
template <class T>
void multiply_serial(transpose op_a, matrix_view<const T> a, transpose op_b, matrix_view<const T> b, matrix_view<T> c,
                     store mode) {
    const std::size_t inner = op_a == transpose::no ? a.columns : a.rows;
    if (c.rows == 0 || c.columns == 0) return;
    if (detail::small_product<T>::fits(c.rows, c.columns, inner))
        return detail::small_product<T>::run(op_a, a, op_b, b, c, mode);
    if (op_a == transpose::no && c.rows <= detail::few_rows) {
        const auto [columns, depth] = detail::multiply_few_rows(a, op_b, b, c, mode);
        const auto rest = [&](std::size_t k, std::size_t j, std::size_t n, store how) {
            const std::size_t deep = inner - k;
            multiply_serial(op_a, a.column_block(k, deep), op_b,
                            op_b == transpose::no ? b.row_block(k, deep).column_block(j, n)
                                                  : b.row_block(j, n).column_block(k, deep),
                            c.column_block(j, n), how);
        };
        if (columns != 0 && depth != 0) {
            if (depth < inner) rest(depth, 0, columns, store::add);
            if (columns < c.columns) rest(0, columns, c.columns - columns, mode);
            return;
        }
    }
    if constexpr (std::same_as<T, float> && detail::turns_blocks) {
        if (op_a == transpose::no && op_b == transpose::yes && c.rows > detail::few_rows &&
            c.rows <= detail::many_rows && inner >= detail::turned_f32::depth) {
            const stored_matrix rows_of_b{.type = element_type::f32,
                                          .rows = b.rows,
                                          .columns = b.columns,
                                          .bytes =
                                              std::as_bytes(std::span(b.data, (b.rows - 1) * b.stride + b.columns))};
            return detail::multiply_turned<detail::many_rows>(
                &detail::turned_kernel<detail::turned_f32, detail::many_rows>::run, a, rows_of_b,
                b.stride * sizeof(float), 0, c, mode == store::replace);
        }
    }
    const auto fill = [](const void* source, std::size_t k, std::size_t depth, std::size_t j, std::size_t n, T* panel) {
        const auto& [op, from] = *static_cast<const std::pair<transpose, matrix_view<const T>>*>(source);
        if (op == transpose::no)
            detail::pack(from.row_block(k, depth).column_block(j, n), panel, detail::product_kernel<T>::columns);
        else
            detail::pack_transposed(from.row_block(j, n).column_block(k, depth), panel,
                                    detail::product_kernel<T>::columns);
    };
    const std::pair source(op_b, b);
    multiply_by_panels<T>(op_a, a, {&source, fill}, c, mode);
}

} // namespace preflearn
