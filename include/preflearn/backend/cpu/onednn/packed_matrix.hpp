/// \file
/// A frozen matrix as oneDNN's products read it: Wᵀ, inputs × outputs, in tiles of some hundred outputs that each lie
/// in one piece. Packed once, when a backend takes hold of the matrix; of a mapped file the pages that were read are
/// given back. Quantised matrices stay as they are stored, which is smaller.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include <preflearn/backend/cpu/matrix.hpp>
#include <preflearn/backend/cpu/onednn/serial_product.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/stored/mapped_pages.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/vocabulary/tiles.hpp>
#include <preflearn/products/chained_product.hpp>
#include <preflearn/products/lanes.hpp>
#include <preflearn/products/stored_product.hpp>

namespace preflearn {

/// How outputs × inputs numbers are cut into tiles of outputs.
struct output_tiles {
    std::size_t outputs, inputs;
    std::size_t width; ///< outputs of a tile

    /// Tiles of a vocabulary are as wide as those in which logits are computed.
    static output_tiles of(std::size_t outputs, std::size_t inputs) {
        return {outputs, inputs, outputs >= 8192 ? vocabulary_tiles::tokens_at_most : 192};
    }
    [[nodiscard]] std::size_t count() const { return (outputs + width - 1) / width; }
    [[nodiscard]] std::size_t width_of(std::size_t tile) const { return std::min(width, outputs - tile * width); }
    /// Of a tile's first number.
    [[nodiscard]] std::size_t offset(std::size_t tile) const { return tile * width * inputs; }
    /// Columns first … first + count − 1 of Wᵀ, which lie in one tile.
    template <class Factor>
    [[nodiscard]] matrix_view<const Factor> columns(const Factor* numbers, std::size_t first, std::size_t count) const {
        const std::size_t tile = first / width;
        return {numbers + offset(tile) + (first - tile * width), inputs, count, width_of(tile)};
    }
};

/// Some rows of a stored matrix.
struct stored_rows {
    const stored_matrix& matrix;
    std::size_t first, rows, columns;
};
inline matrix_view<const float> tokens_of(const stored_rows& w, std::size_t first, std::size_t count,
                                          matrix_view<float> room) {
    return tokens_of(w.matrix, w.first + first, count, room);
}
inline std::size_t tokens_room(const stored_rows& /*w*/, std::size_t count) { return count; }

namespace detail {

/// As float or bfloat16.
template <class Factor> void round_row(const float* from, std::size_t count, Factor* to) {
    for (std::size_t i = 0; i < count; ++i) to[i] = Factor(from[i]);
}

/// to(c, r) = from(r, c), rounded; `to` has rows of `stride`.
inline void pack_turned(matrix_view<const float> from, float* to, std::size_t stride) {
    pack_transposed(from, to, stride);
}
inline void pack_turned(matrix_view<const float> from, bfloat16* to, std::size_t stride) {
    constexpr std::size_t strip = 32;
    cpu_matrix<float> turned(strip, from.rows);
    for (std::size_t c = 0; c < from.columns; c += strip) {
        const std::size_t n = std::min(strip, from.columns - c);
        pack_transposed(from.column_block(c, n), turned.view().data, from.rows);
        for (std::size_t i = 0; i < n; ++i) round_row(turned.view().row(i), from.rows, to + (c + i) * stride);
    }
}

/// Wᵀ's columns of rows first … first + count − 1 of W, `count` side by side.
template <class Factor>
void pack_columns(matrix_view<const float> w, std::size_t first, std::size_t count, Factor* out) {
    pack_turned(w.row_block(first, count), out, count);
}
template <class Factor> void pack_columns(const stored_matrix& w, std::size_t first, std::size_t count, Factor* out) {
    using kernel = product_kernel<float>;
    const auto to_panel = kernels_of(w.type).to_panel;
    if (to_panel == nullptr) { // rare types
        cpu_matrix<float> rows(count, w.columns);
        read_rows(w, first, rows.view());
        return pack_turned(rows.view(), out, count);
    }
    alignas(64) float panel[kernel::depth * kernel::columns]; // NOLINT
    for (std::size_t j = 0; j < count; j += kernel::columns) {
        const std::size_t n = std::min(kernel::columns, count - j);
        for (std::size_t k = 0; k < w.columns; k += kernel::depth) {
            const std::size_t depth = std::min(kernel::depth, w.columns - k);
            for (std::size_t l = 0; l < n; l += float_lanes) to_panel(w, first + j + l, k, depth, panel + l);
            for (std::size_t i = 0; i < depth; ++i)
                round_row(panel + i * kernel::columns, n, out + (k + i) * count + j);
        }
    }
}
template <class Factor> void pack_columns(const stored_rows& w, std::size_t first, std::size_t count, Factor* out) {
    pack_columns(w.matrix, w.first + first, count, out);
}

} // namespace detail

/// `source` is read where its rows are wanted as numbers. Copies share all.
template <class Factor> struct packed_matrix {
    std::size_t rows = 0, columns = 0;
    stored_matrix source{};
    std::shared_ptr<const cpu_matrix<Factor>> tiles{}; ///< null: quantised, or there is no product for them

    packed_matrix() = default;
    explicit packed_matrix(stored_matrix matrix)
        : rows(matrix.rows), columns(matrix.columns), source(std::move(matrix)) {
        if (block_elements(source.type) != 1 || !multiplies_by_onednn<float>()) return;
        const output_tiles cut = shape();
        const auto packed = std::make_shared<cpu_matrix<Factor>>(1, rows * columns);
        parallel_for(cut.count(), [&](std::size_t t) {
            detail::pack_columns(source, t * cut.width, cut.width_of(t), packed->view().data + cut.offset(t));
        });
        if (source.mapped) give_back_pages(source.bytes);
        tiles = packed;
    }

    [[nodiscard]] output_tiles shape() const { return output_tiles::of(rows, columns); }
};

/// Rows of a packed matrix as numbers (read_rows of stored_matrix.hpp, tokens_of of vocabulary/tiles.hpp).
template <class Factor, std::floating_point T>
void read_rows(const packed_matrix<Factor>& matrix, std::size_t first, matrix_view<T> out, std::size_t column = 0) {
    read_rows(matrix.source, first, out, column);
}
template <class Factor, class T>
matrix_view<const T> tokens_of(const packed_matrix<Factor>& head, std::size_t first, std::size_t count,
                               matrix_view<T> room) {
    return tokens_of(head.source, first, count, room);
}
template <class Factor> std::size_t tokens_room(const packed_matrix<Factor>& head, std::size_t count) {
    return tokens_room(head.source, count);
}

} // namespace preflearn
