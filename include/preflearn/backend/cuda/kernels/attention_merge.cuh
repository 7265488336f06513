/// \file
/// Puts together what the blocks found that share out the keys of a tile: of parts p with mixed values o_p and
/// log-sums l_p, o = Σ 2^(l_p − l) o_p with l = log₂ Σ 2^(l_p), in the order of the keys, so that equal input gives
/// equal bits. Part p is of the tile's keys from p · keys on.
///
/// Bytes: reads parts · NH(h + 1) · 4, writes NHhe. FLOPs: 3h a part, row and head. Launch: a block a tile and head, a
/// thread a column. Not fused with the attention: the last block of a tile to end would have to do it, which needs
/// counters between blocks; moved are (h + 1) / (keys a part · h / G) of the keys' and values' bytes, a few percent.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <preflearn/backend/cuda/kernels/attention_share.cuh>
#include <preflearn/backend/cuda/kernels/device.cuh>

namespace preflearn::cuda {

template <Element E> __global__ void __launch_bounds__(256) attention_merge_kernel(const attention_arguments<E> all) {
    const attention_tile tile = all.tiles[blockIdx.x];
    const key_range keys = keys_of(tile, all.shape.window);
    const std::uint32_t count = (keys.end - keys.first + all.parts.keys - 1) / all.parts.keys;
    const attention_partials parts(all.parts, all.queries.rows, all.shape);
    const std::size_t head = blockIdx.y, dim = all.shape.dim;
    for (std::size_t row = tile.row; row < std::size_t{tile.row} + tile.count; ++row) {
        float high = -HUGE_VALF, sum = 0;
        for (std::uint32_t p = 0; p < count; ++p) high = fmaxf(high, parts.logs[parts.at(p, row, head)]);
        for (std::uint32_t p = 0; p < count; ++p) sum += exp2f(parts.logs[parts.at(p, row, head)] - high);
        for (std::size_t d = threadIdx.x; d < dim; d += blockDim.x) {
            float out = 0;
            for (std::uint32_t p = 0; p < count; ++p) {
                const std::size_t at = parts.at(p, row, head);
                out += exp2f(parts.logs[at] - high) * parts.mixed[at * dim + d];
            }
            all.mixed.data[row * all.mixed.stride + head * dim + d] = narrow<E>(out / sum);
        }
        if (threadIdx.x == 0 && all.normaliser != nullptr)
            all.normaliser[row * all.shape.heads + head] = ln_of_2 * (high + log2f(sum));
    }
}

} // namespace preflearn::cuda
