/// \file
/// Rewards from hidden states: R rows of width d, elements of e bytes, by a weight vector.
///
///     reward_head    Rde + de + 4R    the weight is asked for once a row, 2Rde + 4R, and comes from L1
///     FLOPs          2Rd
///
/// Launch: a warp a response; bound by memory, and for the few responses of a batch by the launch. Fusion: after the
/// last norm, on the scored rows alone; a GEMM of one column would be no faster and round to the element's type.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include <preflearn/backend/cuda/kernels/device.cuh>
#include <preflearn/backend/cuda/kernels/dot.cuh>
#include <preflearn/backend/cuda/kernels/launch.cuh>
#include <preflearn/backend/cuda/kernels/log_prob.cuh>
#include <preflearn/backend/cuda/kernels/rows.cuh>
#include <preflearn/backend/cuda/operations.hpp>

namespace preflearn::cuda {

template <unsigned Width, Element E>
__global__ void reward_rows(device_rows<const E> hidden, const E* weight, float bias, float* rewards) {
    const std::size_t i = (std::size_t{blockIdx.x} * blockDim.x + threadIdx.x) / 32;
    if (i >= hidden.rows) return;
    const float reward = warp_dot<Width>(hidden.data + i * hidden.stride, weight, hidden.columns);
    if (threadIdx.x % 32 == 0) rewards[i] = reward + bias;
}

template <Element E>
void reward_head(device_rows<const E> hidden, const E* weight, float bias, float* rewards, cudaStream_t stream) {
    constexpr unsigned width = 16 / sizeof(E);
    const bool packs = takes_packs<width>(hidden) &&
                       takes_packs<width>(device_rows<const E>{weight, 1, hidden.columns, hidden.columns});
    detail::launch_each(packs ? reward_rows<width, E> : reward_rows<1, E>, hidden.rows, 32, stream, hidden, weight,
                        bias, rewards);
}

template void reward_head<float>(device_rows<const float>, const float*, float, float*, cudaStream_t);
template void reward_head<bfloat16>(device_rows<const bfloat16>, const bfloat16*, float, float*, cudaStream_t);
template void reward_head<float16>(device_rows<const float16>, const float16*, float, float*, cudaStream_t);

} // namespace preflearn::cuda
