/// \file
/// Tokens become rows of a table that lies on the device in one piece or several; ids are checked by the host.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/backend/cuda/array.hpp>
#include <preflearn/backend/cuda/held_matrix.hpp>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/core/tokens.hpp>

namespace preflearn::cuda {

/// y's row r = scale · row ids[r] of the table. \throws argument_error naming an id that is no row of it
template <Element E>
void embed_tokens(std::span<const token_id> ids, device_rows<const E> table, float scale, device_rows<E> y) {
    const auto numbers = checked_numbers("embed: token", ids, table.rows);
    embed(numbers.data(), table, scale, y, compute_stream());
}

/// The same of parts that stand one below the other.
template <Element E>
void embed_tokens(std::span<const token_id> ids, std::span<const held_matrix<E>> table, float scale, device_rows<E> y) {
    std::size_t rows = 0;
    for (const held_matrix<E>& part : table) rows += part.rows;
    for_pieces<E>(table, [&](device_rows<const E> piece, std::size_t first) {
        if (piece.rows == rows) return embed_tokens(ids, piece, scale, y);
        if (first == 0) (void)checked_numbers("embed: token", ids, rows);
        std::vector<token_id> own;
        std::vector<std::uint32_t> places;
        for (std::size_t r = 0; r < ids.size(); ++r) {
            const auto id = static_cast<std::size_t>(ids[r]);
            if (id < first || id - first >= piece.rows) continue;
            own.push_back(static_cast<token_id>(id - first));
            places.push_back(static_cast<std::uint32_t>(r));
        }
        if (own.empty()) return;
        device_matrix<E> room(own.size(), y.columns);
        const auto to = copied_to_device(std::span<const std::uint32_t>(places));
        embed_tokens<E>(own, piece, scale, room.rows());
        scatter_rows(std::as_const(room).rows(), to.data(), y, compute_stream());
    });
}

} // namespace preflearn::cuda
