/// \file
/// Tokens and positions become rows: x = scale · table[id], x += table[position].
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <preflearn/backend/cpu/matrix.hpp>
#include <preflearn/backend/cpu/rows.hpp>
#include <preflearn/backend/operands.hpp>
#include <preflearn/core/tokens.hpp>

namespace preflearn {

/// Row r of `x` = scale · row ids[r] of the table; ids must be its rows.
template <class T, class Stored = stored_matrix>
void embed_rows(std::span<const token_id> ids, const weight_matrix<host_operands<Stored>, T>& table, double scale,
                matrix_view<T> x) {
    detail::check_operand_rows("embed", ids.size(), x, table.columns());
    detail::each_row(x, [&](std::size_t r) {
        std::size_t id = static_cast<std::size_t>(ids[r]), part = 0;
        if (table.stored.empty()) {
            std::copy_n(table.trained.row(id), x.columns, x.row(r));
        } else {
            for (; id >= table.stored[part].rows; ++part) id -= table.stored[part].rows;
            read_rows(table.stored[part], id, x.row_block(r, 1));
        }
        if (scale != 1)
            for (std::size_t c = 0; c < x.columns; ++c) x(r, c) *= static_cast<T>(scale);
    });
}

/// Row r of `x` += row positions[r] of the table.
template <class T>
void add_position_rows(std::span<const std::uint32_t> positions, matrix_view<const T> table, matrix_view<T> x) {
    detail::check_operand_rows("add_positions", positions.size(), x, table.columns);
    detail::each_row(x, [&](std::size_t r) {
        const T* const added = table.row(positions[r]);
        for (std::size_t c = 0; c < x.columns; ++c) x(r, c) += added[c];
    });
}

} // namespace preflearn
