/// \file
/// Puts together what the blocks found that share out the keys of a tile: of parts p with mixed values o_p and
/// log-sums l_p, o = Σ 2^(l_p − l) o_p with l = log₂ Σ 2^(l_p), in the order of the keys, so that equal input gives
/// equal bits. Part p is of the tile's keys from p · keys on.
///
///     least bytes       parts · 4NH(h + 1) + NHhe
///     asked             the same, but a part's log-sum once a column
///     FLOPs             about 8h a part, row and head
///     bound by          bytes
///
/// Launch: a block a tile and head, a thread a column. Not fused with the attention: the last block of a tile to end
/// would have to do it, which needs counters between blocks; written and read again are 4G / (keys of a part · e) of
/// the keys' and values' bytes, a few percent.
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
    for (std::size_t row = tile.row; row < std::size_t{tile.row} + tile.count; ++row)
        for (std::size_t d = threadIdx.x; d < dim; d += blockDim.x) {
            log_sum all_parts = no_sum;
            float out = 0;
            for (std::uint32_t p = 0; p < count; ++p) {
                const std::size_t at = parts.at(p, row, head);
                const float log = parts.logs[at], before = all_parts.maximum;
                all_parts = with(all_parts, log);
                const float base = exponent_base(all_parts.maximum);
                out = out * exp2f(before - base) + exp2f(log - base) * parts.mixed[at * dim + d];
            }
            all.mixed.data[row * all.mixed.stride + head * dim + d] = narrow<E>(out / all_parts.sum);
            if (d == 0 && all.normaliser != nullptr)
                all.normaliser[row * all.shape.heads + head] = ln_of_2 * log2_of(all_parts);
        }
}

} // namespace preflearn::cuda
