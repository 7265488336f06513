/// \file
/// The product of two rows by a warp: each lane takes pieces 32 apart, sums in float in their order, and the lanes'
/// sums are added in halves. So the bits depend on the width and the size of the pieces alone.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include <preflearn/backend/cuda/kernels/device.cuh>
#include <preflearn/backend/cuda/kernels/rows.cuh>
#include <preflearn/backend/cuda/operations.hpp>

namespace preflearn::cuda {

/// a · b, in lane 0. All lanes of the warp take part.
template <unsigned Width, Element E> __device__ float warp_dot(const E* a, const E* b, std::size_t size) {
    float sum = 0;
    for (std::size_t c = threadIdx.x % 32 * Width; c < size; c += 32 * Width) {
        const auto x = load_piece<Width>(a + c);
        const auto y = load_piece<Width>(b + c);
        for (unsigned i = 0; i < Width; ++i) sum += widen(x[i]) * widen(y[i]);
    }
    for (unsigned apart = 16; apart > 0; apart /= 2) sum += __shfl_down_sync(0xffffffffU, sum, apart);
    return sum;
}

} // namespace preflearn::cuda
