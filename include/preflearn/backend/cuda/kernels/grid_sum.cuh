/// \file
/// Sums over all threads of a launch, in that launch: each block writes the sums of its threads, and the last one to
/// finish adds up those of all blocks in their order. Which block is the last makes no difference to the bits.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/backend/cuda/kernels/device.cuh>
#include <preflearn/backend/cuda/sum_room.hpp>

namespace preflearn::cuda {

/// Of a block of `sum_threads`: threads 0 … Fields − 1 return the sum of their field, combined by `combine(field, a,
/// b)`.
template <unsigned Fields, class Combine>
__device__ __forceinline__ double block_fields(const double (&mine)[Fields], const Combine& combine) {
    constexpr unsigned warps = sum_threads / 32;
    double* const of_warps = shared_array<double, static_cast<int>(Fields * warps)>();
#pragma unroll
    for (unsigned field = 0; field < Fields; ++field) {
        double sum = mine[field];
        for (unsigned apart = 16; apart > 0; apart /= 2)
            sum = combine(field, sum, __shfl_down_sync(0xffffffffU, sum, apart));
        if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32 * Fields + field] = sum;
    }
    __syncthreads();
    double sum = 0;
    if (threadIdx.x < Fields) {
        sum = of_warps[threadIdx.x];
        for (unsigned warp = 1; warp < warps; ++warp)
            sum = combine(threadIdx.x, sum, of_warps[warp * Fields + threadIdx.x]);
    }
    __syncthreads(); // before the array is written again
    return sum;
}

/// Adds up `mine` of all threads: sums[0 … Fields) are those of the grid, then come those of each block. `done` is 0
/// before and after. `combine` commutes and is associative but for rounding, `none` is what it leaves unchanged.
template <unsigned Fields, class Combine>
__device__ __forceinline__ void sum_over_grid(const double (&mine)[Fields], const double (&none)[Fields], double* sums,
                                              unsigned* done, const Combine& combine) {
    unsigned* const order = shared_array<unsigned, 1>();
    double* const of_blocks = sums + Fields;
    const double of_block = block_fields(mine, combine);
    if (threadIdx.x < Fields) of_blocks[blockIdx.x * Fields + threadIdx.x] = of_block;
    __syncthreads();
    if (threadIdx.x == 0) {
        __threadfence(); // what the block wrote comes before its number, and after it what the others wrote
        *order = atomicAdd(done, 1U);
        __threadfence();
    }
    __syncthreads();
    if (*order != gridDim.x - 1) return;
    double total[Fields];
    for (unsigned field = 0; field < Fields; ++field) total[field] = none[field];
    const volatile double* const all = of_blocks; // written by other blocks of this launch
    for (unsigned block = threadIdx.x; block < gridDim.x; block += blockDim.x)
        for (unsigned field = 0; field < Fields; ++field)
            total[field] = combine(field, total[field], all[block * Fields + field]);
    const double of_grid = block_fields(total, combine);
    if (threadIdx.x < Fields) sums[threadIdx.x] = of_grid;
    if (threadIdx.x == 0) *done = 0;
}

} // namespace preflearn::cuda
