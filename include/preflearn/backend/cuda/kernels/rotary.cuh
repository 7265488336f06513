/// \file
/// Rotary position embeddings on a device, in place, of queries and keys in one launch (they stand side by side): entry
/// i < pairs of a head goes with entry pairs + i, by the angle of its row; what is behind the two stays. N rows, H
/// heads of which P pairs turn, elements of e bytes:
///
///     bytes    4NHPe + 8NP             read and write what turns; cosines and sines, made once a batch in double
///     asked    4NHPe + 8NP ⌈H/4⌉       a thread keeps cosines and sines of its pairs for four heads
///     FLOPs    6NHP
///
/// Launch: a thread takes four pairs (one, where addresses do not allow packs) of up to four heads of one row, all
/// loaded before the first is written; threads of a block go over pairs, then rows; blocks over rows and groups of
/// heads. Four pairs, because cosines are floats: their packs of 16 bytes and the elements' of 8 are then both
/// neighbours in a warp. No fusion with the product before (cuBLASLt has no such epilogue) or with attention (keys are
/// read once a tile of queries, and would be turned as often).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include <preflearn/backend/cuda/kernels/device.cuh>
#include <preflearn/backend/cuda/kernels/launch.cuh>
#include <preflearn/backend/cuda/kernels/rows.cuh>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/backend/cuda/row_grid.hpp>

namespace preflearn::cuda {

template <unsigned Width, Element E>
__global__ void rotate_pieces(const float* turns, std::size_t pairs, std::size_t heads, device_rows<E> x) {
    const std::size_t pair = (std::size_t{blockIdx.x} * blockDim.x + threadIdx.x) * Width;
    if (pair >= pairs) return;
    const std::size_t dim = x.columns / heads, first = std::size_t{blockIdx.z} * heads_of_a_turn;
    for (std::size_t row = std::size_t{blockIdx.y} * blockDim.y + threadIdx.y; row < x.rows;
         row += std::size_t{gridDim.y} * blockDim.y) {
        const float* const turn = turns + row * 2 * pairs + pair;
        const auto cosine = load_piece<Width>(turn), sine = load_piece<Width>(turn + pairs);
        E* const head = x.data + row * x.stride + first * dim + pair;
        piece<Width, E> low[heads_of_a_turn], high[heads_of_a_turn];
#pragma unroll
        for (unsigned h = 0; h < heads_of_a_turn; ++h) {
            if (first + h >= heads) break;
            low[h] = load_piece<Width>(head + h * dim);
            high[h] = load_piece<Width>(head + h * dim + pairs);
        }
#pragma unroll
        for (unsigned h = 0; h < heads_of_a_turn; ++h) {
            if (first + h >= heads) break;
            for (unsigned i = 0; i < Width; ++i) {
                const float a = widen(low[h][i]), b = widen(high[h][i]);
                low[h][i] = narrow<E>(a * cosine[i] - b * sine[i]);
                high[h][i] = narrow<E>(b * cosine[i] + a * sine[i]);
            }
            store_piece(head + h * dim, low[h]);
            store_piece(head + h * dim + pairs, high[h]);
        }
    }
}

// ---- the operation

template <Element E>
void rotate(const float* turns, std::size_t pairs, std::size_t heads, device_rows<E> x, cudaStream_t stream) {
    constexpr unsigned width = 4;
    if (x.rows == 0 || pairs == 0 || heads == 0) return;
    const device_rows<const float> angles{turns, x.rows, pairs, 2 * pairs};
    const device_rows<E> head{x.data, x.rows * heads, x.columns / heads, x.columns / heads};
    const bool packs = takes_packs<width>(x) && takes_packs<width>(head) && takes_packs<width>(angles);
    piece_grid grid(x.rows, packs ? pairs / width : pairs);
    grid.blocks.z = static_cast<unsigned>((heads + heads_of_a_turn - 1) / heads_of_a_turn);
    launch(packs ? rotate_pieces<width, E> : rotate_pieces<1, E>, grid.blocks, grid.threads, 0, stream, turns, pairs,
           heads, x);
}

template void rotate<float>(const float*, std::size_t, std::size_t, device_rows<float>, cudaStream_t);
template void rotate<bfloat16>(const float*, std::size_t, std::size_t, device_rows<bfloat16>, cudaStream_t);
template void rotate<float16>(const float*, std::size_t, std::size_t, device_rows<float16>, cudaStream_t);

} // namespace preflearn::cuda
