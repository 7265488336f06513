/// \file
/// What one block of an attention kernel computes: the rows of a tile (row s is query s / heads with head s % heads of
/// those that share a key, so that keys and values are asked for once for all of them) and a range of keys. Rows of
/// neighbouring heads stand side by side in memory, too. Where more heads share a key than a tile has rows, blocks
/// share them out.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include <preflearn/backend/cuda/kernels/device.cuh>
#include <preflearn/backend/cuda/operations.hpp>

namespace preflearn::cuda {

/// What the blocks of one launch have in common.
template <Element E> struct attention_arguments {
    const attention_tile* tiles = nullptr;
    attention_launch shape{};
    attention_parts parts{};
    device_rows<const E> queries{}, keys_values{};
    device_rows<E> mixed{};
    float* normaliser = nullptr;
    std::uint32_t head_shares = 1; ///< blocks that share out the heads of a key
    bool packs = false;            ///< whether every head of every row begins at a 16-byte boundary
};

/// Blocks that the heads of one key are shared out among when a tile has so many rows.
constexpr std::uint32_t head_shares_of(const attention_launch& shape, std::uint32_t rows) {
    return (shape.heads / shape.key_value_heads + rows - 1) / rows;
}
/// Heads of a block, the last block's may be fewer.
constexpr std::uint32_t heads_of_share(const attention_launch& shape, std::uint32_t shares) {
    return (shape.heads / shape.key_value_heads + shares - 1) / shares;
}

/// Positions of keys that a row sees; none for a row that is not there.
struct key_range {
    std::uint32_t first = 0, end = 0;
};

/// What query i of a tile sees.
__device__ __forceinline__ key_range keys_seen(const attention_tile& tile, std::uint32_t window, std::uint32_t i) {
    const std::uint32_t end = tile.position + i + 1;
    return {window != 0 && end > window ? end - window : 0, end};
}
/// What any query of a tile sees.
__device__ __forceinline__ key_range keys_of(const attention_tile& tile, std::uint32_t window) {
    return {keys_seen(tile, window, 0).first, tile.position + tile.count};
}

/// Block (tile, key head and share of its heads, part of the keys) of a launch.
struct attention_share {
    attention_tile tile{};
    std::uint32_t window = 0, part = 0, key_head = 0, first_head = 0, heads = 0;
    key_range keys{}; ///< that any row may see

    template <Element E>
    __device__ __forceinline__ attention_share(const attention_arguments<E>& all, std::uint32_t part_of_keys)
        : tile(all.tiles[blockIdx.x]), window(all.shape.window), part(part_of_keys),
          key_head(blockIdx.y / all.head_shares) {
        const std::uint32_t group = all.shape.heads / all.shape.key_value_heads;
        const std::uint32_t most = heads_of_share(all.shape, all.head_shares);
        const std::uint32_t first = blockIdx.y % all.head_shares * most;
        first_head = key_head * group + first;
        heads = first + most < group ? most : group - first;
        keys = keys_of(tile, window);
        if (all.parts.count > 1) {
            keys.first += part * all.parts.keys;
            keys.end = min(keys.end, keys.first + all.parts.keys);
        }
    }

    /// Nothing is to be done by a block that has none.
    [[nodiscard]] __device__ __forceinline__ bool empty() const { return keys.first >= keys.end; }
    [[nodiscard]] __device__ __forceinline__ std::uint32_t rows() const { return tile.count * heads; }
    /// What row s sees of this block's keys.
    [[nodiscard]] __device__ __forceinline__ key_range seen_by_row(std::uint32_t s) const {
        if (s >= rows()) return {};
        const key_range seen = keys_seen(tile, window, s / heads);
        return {max(seen.first, keys.first), min(seen.end, keys.end)};
    }
    [[nodiscard]] __device__ __forceinline__ std::size_t query_row(std::uint32_t s) const {
        return tile.row + s / heads;
    }
    [[nodiscard]] __device__ __forceinline__ std::uint32_t head(std::uint32_t s) const {
        return first_head + s % heads;
    }
    [[nodiscard]] __device__ __forceinline__ std::size_t key_row(std::uint32_t position) const {
        return position < tile.prefix_count ? tile.prefix_row + position
                                            : tile.own_row + (position - tile.prefix_count);
    }
};

/// Where a part's results stand: mixed values of every row and head, then their log₂ Σ 2^score.
struct attention_partials {
    float *mixed, *logs;
    std::size_t rows, heads, dim;

    __device__ __forceinline__ attention_partials(const attention_parts& parts, std::size_t query_rows,
                                                  const attention_launch& shape)
        : mixed(parts.partial), logs(behind(parts.partial, parts.count * query_rows * shape.heads * shape.dim)),
          rows(query_rows), heads(shape.heads), dim(shape.dim) {}

    [[nodiscard]] __device__ __forceinline__ std::size_t at(std::size_t part, std::size_t row, std::size_t head) const {
        return (part * rows + row) * heads + head;
    }

  private:
    /// Null where there is one part, and nothing is added to null; on a device that would cost a register for nothing.
    static __device__ __forceinline__ float* behind(float* first, std::size_t count) {
#ifndef __CUDA_ARCH__
        if (first == nullptr) return nullptr;
#endif
        return first + count;
    }
};

} // namespace preflearn::cuda
