/// \file
/// How a product of hidden states with a vocabulary matrix is cut, so that the whole of its result is never held:
/// panels of rows × tiles of the vocabulary, consecutive tiles in groups that run in parallel. How the vocabulary is
/// cut depends on its size alone, so a row's sums do not depend on the rows beside it or on the number of threads. A
/// vocabulary matrix is one in memory or a stored one, of which a tile becomes numbers when it is its turn.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

/// Tiles have up to 1 MB of floats, which lies in the second-level cache.
struct vocabulary_tiles {
    /// Rows of a panel whose logits are not kept.
    static constexpr std::size_t rows_at_most = 512;
    static constexpr std::size_t groups_at_most = 16;
    static constexpr std::size_t tokens_at_most = 512;

    std::size_t rows, height, vocabulary, width;

    vocabulary_tiles(std::size_t row_count, std::size_t most_rows, std::size_t tokens)
        : rows(row_count), vocabulary(tokens), width(std::clamp<std::size_t>(tokens, 1, tokens_at_most)) {
        const std::size_t count = std::max<std::size_t>((rows + most_rows - 1) / most_rows, 1);
        height = std::max<std::size_t>((rows + count - 1) / count, 1);
    }

    [[nodiscard]] std::size_t panels() const { return (rows + height - 1) / height; }
    [[nodiscard]] std::size_t tiles() const { return (vocabulary + width - 1) / width; }
    [[nodiscard]] std::size_t groups() const { return std::min(tiles(), groups_at_most); }
    /// Groups that each need `each` bytes, in about `bytes` of memory; 4 at least, where there are as many tiles.
    [[nodiscard]] std::size_t groups(std::size_t bytes, std::size_t each) const {
        const std::size_t fit = bytes / std::max<std::size_t>(each, 1) / 4 * 4;
        return std::min(tiles(), std::clamp<std::size_t>(fit, 4, groups_at_most));
    }

    struct row_range {
        std::size_t first, count;
    };
    [[nodiscard]] row_range panel(std::size_t p) const { return {p * height, std::min(height, rows - p * height)}; }

    /// The first tile of a group; that of group `of_groups` is the number of tiles.
    [[nodiscard]] std::size_t first_tile(std::size_t group, std::size_t of_groups) const {
        return tiles() * group / of_groups;
    }
    /// Calls use(first token, tokens) for the tiles of a group, in order.
    template <class Use> void for_tiles(std::size_t group, std::size_t of_groups, const Use& use) const {
        for (std::size_t t = first_tile(group, of_groups); t < first_tile(group + 1, of_groups); ++t)
            use(t * width, std::min(width, vocabulary - t * width));
    }
};

/// The rows of `count` tokens of a vocabulary matrix from `first` on: of one in memory, where they lie.
template <class T>
matrix_view<const T> tokens_of(matrix_view<const T> head, std::size_t first, std::size_t count,
                               matrix_view<T> /*room*/) {
    return head.row_block(first, count);
}
/// Of a stored one, as numbers in `room`, which has as many rows at least.
template <class T>
matrix_view<const T> tokens_of(const stored_matrix& head, std::size_t first, std::size_t count, matrix_view<T> room) {
    read_rows(head, first, room.row_block(0, count));
    return room.row_block(0, count);
}
/// Rows of the room that tokens_of needs for up to `count` tokens.
template <class T> std::size_t tokens_room(matrix_view<const T> /*head*/, std::size_t /*count*/) { return 0; }
inline std::size_t tokens_room(const stored_matrix& /*head*/, std::size_t count) { return count; }

/// z = hidden · Wᵀ, W being the rows of z's tokens, from `first` on, in a vocabulary matrix. Returns W where it is
/// `wanted`. A form of vocabulary matrix that has a product of its own overloads this.
template <class Matrices, class T, class Head>
matrix_view<const T> multiply_by_tokens(matrix_view<const T> hidden, const Head& head, std::size_t first,
                                        matrix_view<T> z, matrix_view<T> room, bool /*wanted*/) {
    const matrix_view<const T> weights = tokens_of(head, first, z.columns, room);
    Matrices::template multiply<T>(transpose::no, hidden, transpose::yes, weights, z, store::replace);
    return weights;
}

/// Adds matrices of the shape of `sum`, which lie one below the other in `parts`, in their order.
template <class T> void add_parts(matrix_view<const T> parts, matrix_view<T> sum) {
    parallel_blocks(sum.rows, 64, [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r)
            for (std::size_t part = r; part < parts.rows; part += sum.rows)
                for (std::size_t k = 0; k < sum.columns; ++k) sum(r, k) += parts(part, k);
    });
}

} // namespace preflearn
