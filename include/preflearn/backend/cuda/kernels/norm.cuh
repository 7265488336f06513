/// \file
/// Normalisation of rows, or of each of H parts (heads) of a row, on a device: by the root mean square,
/// y = x / √(mean(x²) + ε) · w, or by mean and variance, y = (x − mean) / √(variance + ε) · w + b; or y += scale ·
/// that, in one pass, which is what a block adds where a norm follows it. N rows of d elements of e bytes:
///
///     normalise         2Nde + de     read, write, weight (a layer norm's bias: another de); statistics 4NH or 8NH
///     add_normalised    3Nde + de     and the row that is added to
///     asked             the same, with the weight once a team of threads that has a row: at most once in eight rows
///                       where there are many
///     FLOPs             about 5Nd
///
/// Launch: a row (part) lies in the registers of a team, 16 elements a thread at most, so that it is read once: up to
/// 512 elements the lanes of a warp, or some of them, which need no barrier; up to 8192 a block. A team goes through
/// several rows and keeps weight and bias in registers. Wider rows, and those that do not lie as packs of 16 bytes do,
/// are read by a block again for every sum, from L1 or L2. Sums are taken in float, in an order that the width and this
/// choice alone fix; the squares of a layer norm are those of differences.
/// Fusion: the sum of the residual rows is made by the product before (β = 1), so that what is left to fuse is the sum
/// after a norm. 16-bit results are rounded once, at the store.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include <preflearn/backend/cuda/kernels/device.cuh>
#include <preflearn/backend/cuda/kernels/launch.cuh>
#include <preflearn/backend/cuda/kernels/rows.cuh>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/backend/cuda/row_grid.hpp>

namespace preflearn::cuda {

/// What the kernels of a norm are told.
template <Element E> struct norm_task {
    device_rows<const E> x;
    device_rows<E> y;
    device_rows<float> statistics; ///< no data: not wanted
    device_norm<E> norm;
    float scale; ///< of what is added
    bool add;    ///< y += scale · norm(x)

    /// One element, given 1/√(…) and the mean.
    __device__ float normed(float value, float mean, float inverse, float weight, float bias) const {
        return (value - mean) * inverse * weight + bias;
    }
    /// Of a part, by one of its threads.
    __device__ void keep(std::size_t row, std::size_t head, float mean, float inverse) const {
        if (!statistics.data) return;
        float* const to = statistics.data + row * statistics.stride + head;
        to[0] = inverse;
        if (norm.kind == norm_kind::layer) to[norm.heads] = mean;
    }
};

/// Sums over a team of `lanes` threads, all of a block or a power of two of neighbours in a warp. Every thread has the
/// same bits.
__device__ __forceinline__ float team_sum(float value, unsigned lanes) {
    if (lanes > warp_lanes) return block_sum(value);
    for (unsigned apart = lanes / 2; apart > 0; apart /= 2)
        value += __shfl_xor_sync(all_lanes, value, static_cast<int>(apart));
    return value;
}

/// Parts in registers: thread (lane, team) of a block holds packs lane, lane + lanes, … of a row.
template <bool Biased, Element E> __global__ void __launch_bounds__(norm_threads, 1) norm_rows(norm_task<E> t) {
    constexpr unsigned width = 16 / sizeof(E), held = norm_held / width;
    const std::size_t heads = t.norm.heads, head = blockIdx.y, size = t.x.columns / heads, rows = t.y.rows;
    const unsigned lanes = blockDim.x, lane = threadIdx.x, packs = static_cast<unsigned>(size / width);
    const unsigned begin = lane * width, step = lanes * width; // of its first pack; between its packs
    const bool layer = t.norm.kind == norm_kind::layer;

    const std::size_t first_row = std::size_t{blockIdx.x} * blockDim.y;
    const unsigned weights = first_row + threadIdx.y < rows ? packs : 0; // none for a team without a row
    piece<width, E> weight[held], bias[Biased ? held : 1];
#pragma unroll
    for (unsigned k = 0; k < held; ++k) {
        for (unsigned i = 0; i < width; ++i) weight[k][i] = static_cast<E>(1.0F);
        if (lane + k * lanes >= weights) continue;
        if (t.norm.weight) weight[k] = load_piece<width>(t.norm.weight + begin + k * step);
        if constexpr (Biased) bias[k] = load_piece<width>(t.norm.bias + begin + k * step);
    }
    for (std::size_t first = first_row; first < rows; first += std::size_t{gridDim.x} * blockDim.y) {
        // a warp stays together
        const std::size_t row = first + threadIdx.y;
        const unsigned end = row < rows ? packs : 0;
        const E* const from = t.x.data + row * t.x.stride + head * size + begin;
        E* const to = t.y.data + row * t.y.stride + head * size + begin;
        float x[held][width], sum = 0, mean = 0;
#pragma unroll
        for (unsigned k = 0; k < held; ++k) {
            if (lane + k * lanes >= end) continue;
            const auto values = load_piece<width>(from + k * step);
            for (unsigned i = 0; i < width; ++i) sum += x[k][i] = widen(values[i]);
        }
        if (layer) mean = team_sum(sum, lanes) / static_cast<float>(size);
        float squares = 0;
#pragma unroll
        for (unsigned k = 0; k < held; ++k) {
            if (lane + k * lanes >= end) continue;
            for (unsigned i = 0; i < width; ++i) squares += (x[k][i] - mean) * (x[k][i] - mean);
        }
        const float inverse = 1 / sqrtf(team_sum(squares, lanes) / static_cast<float>(size) + t.norm.epsilon);
#pragma unroll
        for (unsigned k = 0; k < held; ++k) {
            if (lane + k * lanes >= end) continue;
            piece<width, E> out;
            if (t.add) out = load_piece<width>(to + k * step);
            for (unsigned i = 0; i < width; ++i) {
                const float y = t.normed(x[k][i], mean, inverse, widen(weight[k][i]), Biased ? widen(bias[k][i]) : 0);
                out[i] = narrow<E>(t.add ? widen(out[i]) + t.scale * y : y);
            }
            store_piece(to + k * step, out);
        }
        if (lane == 0 && row < rows) t.keep(row, head, mean, inverse);
    }
}

/// Parts too wide for registers or, with Width = 1, not made of packs: a block reads its part for each sum.
template <unsigned Width, Element E> __global__ void __launch_bounds__(norm_threads) norm_wide_rows(norm_task<E> t) {
    const std::size_t heads = t.norm.heads, head = blockIdx.y, size = t.x.columns / heads;
    const std::size_t begin = threadIdx.x * Width, step = blockDim.x * Width;
    for (std::size_t row = blockIdx.x; row < t.y.rows; row += gridDim.x) {
        const E* const x = t.x.data + row * t.x.stride + head * size;
        E* const y = t.y.data + row * t.y.stride + head * size;
        float mean = 0, squares = 0;
        if (t.norm.kind == norm_kind::layer) {
            float sum = 0;
            for (std::size_t c = begin; c < size; c += step) {
                const auto values = load_piece<Width>(x + c);
                for (unsigned i = 0; i < Width; ++i) sum += widen(values[i]);
            }
            mean = team_sum(sum, blockDim.x) / static_cast<float>(size);
        }
        for (std::size_t c = begin; c < size; c += step) {
            const auto values = load_piece<Width>(x + c);
            for (unsigned i = 0; i < Width; ++i) squares += (widen(values[i]) - mean) * (widen(values[i]) - mean);
        }
        const float inverse = 1 / sqrtf(team_sum(squares, blockDim.x) / static_cast<float>(size) + t.norm.epsilon);
        for (std::size_t c = begin; c < size; c += step) {
            const auto values = load_piece<Width>(x + c);
            piece<Width, E> weight, bias, out;
            if (t.norm.weight) weight = load_piece<Width>(t.norm.weight + c);
            if (t.norm.bias) bias = load_piece<Width>(t.norm.bias + c);
            if (t.add) out = load_piece<Width>(y + c);
            for (unsigned i = 0; i < Width; ++i) {
                const float normed = t.normed(widen(values[i]), mean, inverse, t.norm.weight ? widen(weight[i]) : 1,
                                              t.norm.bias ? widen(bias[i]) : 0);
                out[i] = narrow<E>(t.add ? widen(out[i]) + t.scale * normed : normed);
            }
            store_piece(y + c, out);
        }
        if (threadIdx.x == 0) t.keep(row, head, mean, inverse);
    }
}

// ---- the operations

namespace detail {

template <Element E> void start_norm(const norm_task<E>& task, cudaStream_t stream) {
    constexpr unsigned width = 16 / sizeof(E);
    const std::size_t rows = task.y.rows, heads = task.norm.heads;
    if (rows == 0 || task.y.columns == 0) return;
    const std::size_t size = task.y.columns / heads;
    const auto of_part = [&](const E* values) { return device_rows<const E>{values, heads, size, size}; };
    const bool packs = takes_packs<width>(task.x) && takes_packs<width>(task.y) &&
                       takes_packs<width>(of_part(task.norm.weight)) && takes_packs<width>(of_part(task.norm.bias));
    const unsigned down = static_cast<unsigned>(heads);
    if (!packs || size > std::size_t{norm_held} * norm_threads) {
        const dim3 blocks(static_cast<unsigned>(std::min<std::size_t>(rows, 1U << 20)), down);
        const auto threads = static_cast<unsigned>(std::min<std::size_t>(rounded_up(size, 32), norm_threads));
        launch(packs ? norm_wide_rows<width, E> : norm_wide_rows<1, E>, blocks, dim3(threads), 0, stream, task);
        return;
    }
    const norm_shape shape(rows, heads, size, width);
    launch(task.norm.bias ? norm_rows<true, E> : norm_rows<false, E>, dim3(shape.blocks, down),
           dim3(shape.lanes, shape.teams), 0, stream, task);
}

} // namespace detail

template <Element E>
void normalise(device_rows<const E> x, const device_norm<E>& norm, device_rows<E> y, device_rows<float> statistics,
               cudaStream_t stream) {
    detail::start_norm(norm_task<E>{x, y, statistics, norm, 1, false}, stream);
}

template <Element E>
void add_normalised(device_rows<const E> x, const device_norm<E>& norm, float scale, device_rows<E> y,
                    cudaStream_t stream) {
    detail::start_norm(norm_task<E>{x, y, {}, norm, scale, true}, stream);
}

template void normalise<float>(device_rows<const float>, const device_norm<float>&, device_rows<float>,
                               device_rows<float>, cudaStream_t);
template void normalise<bfloat16>(device_rows<const bfloat16>, const device_norm<bfloat16>&, device_rows<bfloat16>,
                                  device_rows<float>, cudaStream_t);
template void normalise<float16>(device_rows<const float16>, const device_norm<float16>&, device_rows<float16>,
                                 device_rows<float>, cudaStream_t);
template void add_normalised<float>(device_rows<const float>, const device_norm<float>&, float, device_rows<float>,
                                    cudaStream_t);
template void add_normalised<bfloat16>(device_rows<const bfloat16>, const device_norm<bfloat16>&, float,
                                       device_rows<bfloat16>, cudaStream_t);
template void add_normalised<float16>(device_rows<const float16>, const device_norm<float16>&, float,
                                      device_rows<float16>, cudaStream_t);

} // namespace preflearn::cuda
