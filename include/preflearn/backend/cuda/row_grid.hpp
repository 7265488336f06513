/// \file
/// How rows are shared out among the blocks and threads of a kernel: by their shape alone, so that what is computed of
/// a row, and how many bytes are asked for, follow from it.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include <cuda_runtime_api.h>

namespace preflearn::cuda {

/// To a multiple of `unit`.
constexpr std::size_t rounded_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }

/// Rows that a thread of add_bias goes through where there are that many.
inline constexpr std::size_t rows_of_a_bias = 16;

/// Heads that share a thread's cosines and sines.
inline constexpr unsigned heads_of_a_turn = 4;

/// Blocks and threads over rows of `pieces` pieces: x across a row, y down the rows, which a block may go through in
/// several steps.
struct piece_grid {
    dim3 blocks, threads;

    piece_grid(std::size_t rows, std::size_t pieces, std::size_t rows_a_thread = 1) {
        constexpr std::size_t most = 256, most_blocks_down = 65535;
        const std::size_t blocks_across = (pieces + most - 1) / most;
        std::size_t across = rounded_up((pieces + blocks_across - 1) / blocks_across, 32);
        while (across / 2 >= pieces) across /= 2; // a short row is less than a warp
        const std::size_t down = most / across, rows_a_block = down * rows_a_thread;
        threads = dim3(static_cast<unsigned>(across), static_cast<unsigned>(down));
        blocks = dim3(static_cast<unsigned>(blocks_across),
                      static_cast<unsigned>(std::min((rows + rows_a_block - 1) / rows_a_block, most_blocks_down)));
    }
};

/// Elements of a part that a thread holds, and threads of a part, at most.
inline constexpr unsigned norm_held = 16, norm_threads = 512;

/// How a launch shares out rows: `blocks` for each head, of `teams` teams of `lanes` threads.
struct norm_shape {
    unsigned lanes, teams, blocks;

    /// Of rows whose parts have `size` elements, read in packs of `width`.
    norm_shape(std::size_t rows, std::size_t heads, std::size_t size, unsigned width) {
        constexpr std::size_t warp = 32, block = 128, enough_blocks = 1024, most_rows = 8;
        const std::size_t packs = size / width, packs_held = norm_held / width;
        std::size_t threads = warp;
        if (packs > warp * packs_held)
            threads = std::min<std::size_t>(rounded_up((packs + packs_held - 1) / packs_held, warp), norm_threads);
        while (threads <= warp && threads / 2 >= packs) threads /= 2;
        lanes = static_cast<unsigned>(threads);
        teams = threads > warp ? 1U : static_cast<unsigned>(block / threads);
        const std::size_t rounds = (rows + teams - 1) / teams;
        const std::size_t rows_a_team = std::clamp<std::size_t>(rounds * heads / enough_blocks, 1, most_rows);
        blocks = static_cast<unsigned>((rounds + rows_a_team - 1) / rows_a_team);
    }
};

} // namespace preflearn::cuda
