/// \file
/// The tiles of an attention_plan, made by the host once a batch: neighbouring queries of one segment, so many that,
/// times the heads that share a key, they fill the rows of a kernel's tile. A tile says where its keys stand and
/// nothing of windows, which differ from layer to layer and cut a tile's keys in the kernel. Responses to one prompt
/// refer to the prompt's only rows; a tile is filled by one response (16 queries at four heads a key), so that tiles of
/// several responses would read no less.
///
/// Where tiles are few and keys many (decoding: one query a sequence), the keys of every tile are shared out among
/// blocks, whose results are merged in order: as in Flash-Decoding (Dao et al. 2023).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/backend/operands.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn::cuda {

/// What a kernel is told of a layer's attention.
/// \throws argument_error when query heads cannot share the key heads evenly.
inline attention_launch launch_of(const attention_shape& shape) {
    require(shape.key_value_heads != 0 && shape.heads % shape.key_value_heads == 0, "attention: ", shape.heads,
            " heads cannot share ", shape.key_value_heads, " key and value heads evenly");
    const double scale = shape.scale != 0 ? shape.scale : 1 / std::sqrt(static_cast<double>(shape.dim));
    return {.heads = static_cast<std::uint32_t>(shape.heads),
            .key_value_heads = static_cast<std::uint32_t>(shape.key_value_heads),
            .dim = static_cast<std::uint32_t>(shape.dim),
            .scale = static_cast<float>(scale),
            .window = static_cast<std::uint32_t>(shape.window),
            .cap = static_cast<float>(shape.cap)};
}

/// The tiles of a batch, on the host; those with most keys first, so that the last blocks to start are short.
struct attention_tiles {
    std::vector<attention_tile> tiles;

    /// `queries` a tile at most; see attention_tile_queries.
    /// \throws argument_error when a row's number needs more than 32 bits.
    attention_tiles(const attention_plan& plan, std::size_t queries) {
        require(queries != 0, "attention: a tile has one query at least");
        for (const row_segment& segment : plan.segments)
            for (std::size_t first = 0; first < segment.length; first += queries)
                tiles.push_back(tile_of(segment, plan.keys, first, std::min(queries, segment.length - first)));
        std::sort(tiles.begin(), tiles.end(), [](const attention_tile& a, const attention_tile& b) {
            const auto last_a = a.position + a.count, last_b = b.position + b.count;
            return last_a != last_b ? last_a > last_b : a.row < b.row;
        });
    }

    /// The most keys that a tile's queries see together.
    [[nodiscard]] std::size_t most_keys(std::size_t window) const {
        std::size_t most = 0;
        for (const attention_tile& tile : tiles) {
            const std::size_t all = std::size_t{tile.position} + tile.count;
            most = std::max(most, window == 0 ? all : std::min(all, window + tile.count - 1));
        }
        return most;
    }

  private:
    static attention_tile tile_of(const row_segment& segment, own_keys place, std::size_t first, std::size_t count) {
        const std::size_t after_prefix = segment.prefix_row + segment.prefix_length;
        const std::size_t own_row = place == own_keys::beside_queries ? segment.row : after_prefix;
        constexpr std::size_t limit = std::numeric_limits<std::uint32_t>::max();
        require(segment.row + segment.length <= limit && own_row + segment.length <= limit && after_prefix <= limit,
                "attention: a batch of more rows than 32 bits can count");
        return {.row = static_cast<std::uint32_t>(segment.row + first),
                .count = static_cast<std::uint32_t>(count),
                .position = static_cast<std::uint32_t>(segment.prefix_length + first),
                .prefix_row = static_cast<std::uint32_t>(segment.prefix_row),
                .prefix_count = static_cast<std::uint32_t>(segment.prefix_length),
                .own_row = static_cast<std::uint32_t>(own_row)};
    }
};

/// Into how many parts a batch's keys are shared out on a device of so many multiprocessors: two blocks for each of
/// these where there are keys enough, and one part where tiles do so already. Where count is above 1, `partial` is
/// still to be set, to partial_floats floats.
inline attention_parts share_keys(const attention_tiles& batch, const attention_launch& shape,
                                  std::size_t multiprocessors) {
    constexpr std::size_t fewest = 256, unit = 64; // keys of a part, and what that is a multiple of
    const auto quotient_up = [](std::size_t a, std::size_t b) { return (a + b - 1) / b; };
    const std::size_t blocks = batch.tiles.size() * shape.key_value_heads, keys = batch.most_keys(shape.window);
    if (blocks == 0 || keys <= fewest) return {};
    const std::size_t wanted = std::min(quotient_up(2 * multiprocessors, blocks), quotient_up(keys, fewest));
    if (wanted <= 1) return {};
    const std::size_t keys_a_part = quotient_up(quotient_up(keys, wanted), unit) * unit;
    return {.count = static_cast<std::uint32_t>(quotient_up(keys, keys_a_part)),
            .keys = static_cast<std::uint32_t>(keys_a_part)};
}

/// Floats that the parts of so many rows of queries need: mixed values and log Σ exp of each part.
inline std::size_t partial_floats(const attention_parts& parts, const attention_launch& shape, std::size_t rows) {
    return parts.count <= 1 ? 0 : parts.count * rows * shape.heads * (std::size_t{shape.dim} + 1);
}

} // namespace preflearn::cuda
