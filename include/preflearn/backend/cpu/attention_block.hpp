/// \file
/// Attention is computed a block of queries of one segment and one key-value head at a time: the query heads that share
/// the head are stacked into one product. A block says which rows it reads; the products below go over its keys, which
/// are a part of the segment's prefix and of its own rows.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <preflearn/backend/operands.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/products/chained_product.hpp>

namespace preflearn {

/// Neighbouring queries of a segment and the keys that any of them may see, in rows of queries and of keys: `prefix`
/// rows of the prefix, then `own` of the segment. Query i sees the keys from first_key(i) to end_key(i) of these.
struct attention_block {
    std::size_t row, count; ///< of queries
    std::size_t prefix_row, prefix, own_row, own;
    std::size_t before; ///< keys before query 0's own
    std::size_t window; ///< 0: none

    [[nodiscard]] std::size_t keys() const { return prefix + own; }
    [[nodiscard]] std::size_t end_key(std::size_t i) const { return before + i + 1; }
    [[nodiscard]] std::size_t first_key(std::size_t i) const {
        const std::size_t end = end_key(i);
        return window != 0 && end > window ? end - window : 0;
    }

    /// Queries first … first + count − 1 of a segment; keys that none of them sees are left out.
    static attention_block of(const row_segment& segment, own_keys place, std::size_t window, std::size_t first,
                              std::size_t count) {
        attention_block b{segment.row + first,
                          count,
                          segment.prefix_row,
                          segment.prefix_length,
                          place == own_keys::beside_queries ? segment.row : segment.prefix_row + segment.prefix_length,
                          first + count,
                          segment.prefix_length + first,
                          window};
        const std::size_t unseen = b.first_key(0), of_prefix = std::min(unseen, b.prefix);
        b.prefix_row += of_prefix;
        b.prefix -= of_prefix;
        b.own_row += unseen - of_prefix;
        b.own -= unseen - of_prefix;
        b.before -= unseen;
        return b;
    }

    /// Calls use(rows of `values`, first key) for the keys' rows, in one piece when they are neighbours.
    template <class T, class Use> void each_part(matrix_view<T> values, const Use& use) const {
        if (prefix != 0 && prefix_row + prefix == own_row)
            return use(values.row_block(prefix_row, keys()), std::size_t{0});
        if (prefix != 0) use(values.row_block(prefix_row, prefix), std::size_t{0});
        use(values.row_block(own_row, own), prefix);
    }

    /// to = left · valuesᵀ, a column a key.
    template <class T>
    void times_transposed(matrix_view<const T> left, matrix_view<const T> values, matrix_view<T> to) const {
        each_part(values, [&](matrix_view<const T> part, std::size_t at) {
            multiply_serial<T>(transpose::no, left, transpose::yes, part, to.column_block(at, part.rows),
                               store::replace);
        });
    }
    /// to = table · values, the table with a column a key.
    template <class T> void times(matrix_view<const T> table, matrix_view<const T> values, matrix_view<T> to) const {
        store mode = store::replace;
        each_part(values, [&](matrix_view<const T> part, std::size_t at) {
            multiply_serial<T>(transpose::no, table.column_block(at, part.rows), transpose::no, part, to, mode);
            mode = store::add;
        });
    }
    /// values += tableᵀ · right.
    template <class T>
    void accumulate(matrix_view<const T> table, matrix_view<const T> right, matrix_view<T> values) const {
        each_part(values, [&](matrix_view<T> part, std::size_t at) {
            multiply_serial<T>(transpose::yes, table.column_block(at, part.rows), transpose::no, right, part,
                               store::add);
        });
    }
};

/// The blocks of a plan; those of group g are starts[g] … starts[g + 1] − 1.
struct attention_blocks {
    std::vector<attention_block> blocks;
    std::vector<std::size_t> starts{0};

    /// `most` queries a block.
    attention_blocks(const attention_plan& plan, std::size_t window, std::size_t most) {
        const auto add = [&](const row_segment& segment) {
            for (std::size_t first = 0; first < segment.length; first += most)
                blocks.push_back(
                    attention_block::of(segment, plan.keys, window, first, std::min(most, segment.length - first)));
        };
        if (plan.groups.empty())
            for (const row_segment& segment : plan.segments) add(segment);
        for (std::size_t g = 0; g + 1 < plan.groups.size(); ++g) {
            for (std::size_t s = plan.groups[g]; s < plan.groups[g + 1]; ++s) add(plan.segments[s]);
            starts.push_back(blocks.size());
        }
    }
};

} // namespace preflearn
