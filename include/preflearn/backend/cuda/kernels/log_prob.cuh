/// \file
/// The head without a matrix of logits: products of M scored rows and the vocabulary come in float, a tile of tokens at
/// a time, and are folded into each row's running softmax (Milakov & Gimelshein 2018, arXiv:1805.02867); the target's
/// logit is a product of its own. V tokens, width d, elements of e bytes, P targets:
///
///     start_softmax       16M                       write
///     fold_logits         4MV + 32M a tile          read; a row's state is read and written once a tile. A bias: 4MV
///                         (from L2) asked, 4V distinct
///     target_products     2Pde + 12P                read two rows a target, its two numbers (by every lane); write
///     finish_log_probs    12P + 16M + 4P            a target's product, row and token, its row's state; write
///     finish_softmax      16M + 4M each             read; write what is wanted
///     sum_log_probs       4P + 12R                  R responses: values, begins; sums of 8 bytes
///     FLOPs               an exponential and 3 a logit, with moments 6; 2Pd
///
/// The tile is as large as half of L2 (the host says so), so that its 8MV bytes never reach memory; what is left of the
/// head is its GEMM, 2MVd FLOPs and (M + V)de bytes. Launch: a block a row, 16 logits a thread at a time; the chain of
/// a row is long where M is small, but then the GEMM's V·d·e bytes take much longer. A warp a target and a response.
/// Fusion: cap, bias, temperature, maximum, sums and moments in the one pass over a tile; log-probs, which need the
/// last tile, in a pass over targets. Sums are in float (of a response in double), in an order fixed by the shape.
/// Next: no logits at all (Wijmans et al. 2024, arXiv:2411.09009) pays for small models.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <preflearn/backend/cuda/kernels/device.cuh>
#include <preflearn/backend/cuda/kernels/dot.cuh>
#include <preflearn/backend/cuda/kernels/launch.cuh>
#include <preflearn/backend/cuda/kernels/rows.cuh>
#include <preflearn/backend/cuda/operations.hpp>
#include <preflearn/core/numbers/elementary.hpp>

namespace preflearn::cuda {

/// Threads of a block of fold_logits, and pieces that one of them loads at a time.
inline constexpr unsigned fold_threads = 256, fold_held = 4;

/// `device_logits` as the kernels take it: what of it is the same for all tokens, once.
struct logit_map {
    const float* bias;
    bool capped;
    float sharpness;         ///< 1 / temperature
    float per_half_cap, top; ///< 2 / cap and cap / temperature

    explicit logit_map(const device_logits& l)
        : bias(l.bias), capped(l.cap > 0 && l.cap <= std::numeric_limits<float>::max()),
          sharpness(static_cast<float>(1 / static_cast<double>(l.temperature))),
          per_half_cap(capped ? static_cast<float>(2 / static_cast<double>(l.cap)) : 0),
          top(capped ? static_cast<float>(static_cast<double>(l.cap) / static_cast<double>(l.temperature)) : 0) {}

    /// z of a product x and the token's bias; what is not finite passes the cap. As logit_transform has it.
    __device__ __forceinline__ float operator()(float x, float of_token) const {
        x += of_token;
        if (!capped) return x * sharpness;
        const float m = one_minus_exp_of_minus(std::abs(x) * per_half_cap); // tanh(y) = m / (2 − m), m = 1 − e^{−2|y|}
        return std::abs(x) <= std::numeric_limits<float>::max() ? std::copysign(m / (2 - m), x) * top : x;
    }
};

/// A row's state, 16 bytes at once.
__device__ __forceinline__ softmax_state load_state(const softmax_state* from) {
    return std::bit_cast<softmax_state>(load_pack(reinterpret_cast<const float*>(from)));
}
__device__ __forceinline__ void store_state(softmax_state* to, const softmax_state& state) {
    store_pack(reinterpret_cast<float*>(to), std::bit_cast<pack<float>>(state));
}

/// No token yet.
__device__ __forceinline__ softmax_state empty_softmax() { return {-std::numeric_limits<float>::infinity(), 0, 0, 0}; }

/// The sums relative to a larger maximum.
__device__ __forceinline__ softmax_state raised(const softmax_state& s, float maximum) {
    const float drop = maximum - s.maximum, scale = expf(-drop);
    if (!(scale > 0)) return {maximum, 0, 0, 0}; // also where there was no token: the drop is infinite
    return {maximum, scale * s.sum, scale * (s.weighted - drop * s.sum), scale * scale * s.squares};
}

/// The state of the tokens of both. NaN stays.
__device__ __forceinline__ softmax_state merged(const softmax_state& a, const softmax_state& b) {
    if (b.maximum == -std::numeric_limits<float>::infinity()) return a;
    if (a.maximum == -std::numeric_limits<float>::infinity()) return b;
    if (a.maximum != a.maximum) return a;
    if (b.maximum != b.maximum) return b;
    const float high = fmaxf(a.maximum, b.maximum);
    const softmax_state x = a.maximum < high ? raised(a, high) : a, y = b.maximum < high ? raised(b, high) : b;
    return {high, x.sum + y.sum, x.weighted + y.weighted, x.squares + y.squares};
}

/// Takes logits into a thread's state. Tokens at −∞ add nothing; NaN and +∞ leave no number.
template <bool Moments, unsigned Count>
__device__ __forceinline__ void take(softmax_state& s, const float (&z)[Count]) {
    float high = s.maximum;
    bool sound = true;
#pragma unroll
    for (unsigned i = 0; i < Count; ++i) {
        high = fmaxf(high, z[i]);
        sound &= z[i] <= std::numeric_limits<float>::max();
    }
    if (!sound || s.maximum != s.maximum) {
        s.maximum = std::numeric_limits<float>::quiet_NaN();
        return;
    }
    if (high > s.maximum) s = raised(s, high);
    if (high == -std::numeric_limits<float>::infinity()) return;
#pragma unroll
    for (unsigned i = 0; i < Count; ++i) {
        const float below = z[i] - high, e = expf(below);
        s.sum += e;
        if constexpr (Moments) {
            s.weighted += e > 0 ? below * e : 0.0F; // 0 · ∞ would be NaN
            s.squares += e * e;
        }
    }
}

/// The state of another lane of the warp.
template <bool Moments> __device__ __forceinline__ softmax_state lower_lane(const softmax_state& s, unsigned apart) {
    softmax_state other{__shfl_down_sync(0xffffffffU, s.maximum, apart), __shfl_down_sync(0xffffffffU, s.sum, apart), 0,
                        0};
    if constexpr (Moments) {
        other.weighted = __shfl_down_sync(0xffffffffU, s.weighted, apart);
        other.squares = __shfl_down_sync(0xffffffffU, s.squares, apart);
    }
    return other;
}

/// Block r: row r of the tile.
template <bool Moments, unsigned Width>
__global__ void __launch_bounds__(fold_threads)
    fold_rows(device_rows<const float> products, const float* bias, logit_map map, softmax_state* states) {
    softmax_state* const of_warps = shared_array<softmax_state, fold_threads / 32>();
    const float* const row = products.data + std::size_t{blockIdx.x} * products.stride;
    const std::size_t step = std::size_t{blockDim.x} * Width, size = products.columns;
    softmax_state mine = empty_softmax();
    for (std::size_t first = threadIdx.x * Width; first < size; first += step * fold_held) {
        float z[fold_held * Width];
#pragma unroll
        for (unsigned k = 0; k < fold_held; ++k) {
            const std::size_t c = first + k * step;
            const bool there = c < size;
            piece<Width, float> x, added;
            if (there) x = load_piece<Width>(row + c);
            if (there && bias) added = load_piece<Width>(bias + c);
#pragma unroll
            for (unsigned i = 0; i < Width; ++i)
                z[k * Width + i] = there ? map(x[i], bias ? added[i] : 0.0F) : -std::numeric_limits<float>::infinity();
        }
        take<Moments>(mine, z);
    }
    for (unsigned apart = 16; apart > 0; apart /= 2) mine = merged(mine, lower_lane<Moments>(mine, apart));
    if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = mine;
    __syncthreads();
    if (threadIdx.x != 0) return;
    softmax_state all = load_state(states + blockIdx.x);
    for (unsigned warp = 0; warp < blockDim.x / 32; ++warp) all = merged(all, of_warps[warp]);
    store_state(states + blockIdx.x, all);
}

__global__ void start_states(softmax_state* states, std::size_t rows) {
    const std::size_t row = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (row < rows) store_state(states + row, empty_softmax());
}

/// Whether a row's tokens have a distribution: a largest logit that is a number.
__device__ __forceinline__ bool has_distribution(const softmax_state& s) {
    return std::abs(s.maximum) <= std::numeric_limits<float>::max();
}

__global__ void finish_states(const softmax_state* states, std::size_t rows, device_softmax_scores scores) {
    const std::size_t row = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    const softmax_state s = load_state(states + row);
    const bool sound = has_distribution(s);
    const float none = std::numeric_limits<float>::quiet_NaN(), log_sum = logf(s.sum);
    if (scores.normalisers) scores.normalisers[row] = sound ? s.maximum + log_sum : none;
    if (scores.entropies) scores.entropies[row] = sound ? log_sum - s.weighted / s.sum : none;
    if (scores.log_sum_squares) scores.log_sum_squares[row] = sound ? logf(s.squares) - 2 * log_sum : none;
}

/// A warp a target.
template <unsigned Width, Element E>
__global__ void dot_targets(device_rows<const E> hidden, const std::uint32_t* rows, device_rows<const E> table,
                            const std::uint32_t* targets, std::size_t count, float* products) {
    const std::size_t i = (std::size_t{blockIdx.x} * blockDim.x + threadIdx.x) / 32;
    if (i >= count) return;
    const float product =
        warp_dot<Width>(hidden.data + rows[i] * hidden.stride, table.data + targets[i] * table.stride, hidden.columns);
    if (threadIdx.x % 32 == 0) products[i] = product;
}

__global__ void finish_targets(const softmax_state* states, const float* products, const std::uint32_t* rows,
                               const std::uint32_t* targets, std::size_t count, logit_map map, float* log_probs) {
    const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= count) return;
    const softmax_state s = load_state(states + rows[i]);
    const float z = map(products[i], map.bias ? map.bias[targets[i]] : 0.0F);
    log_probs[i] = has_distribution(s) ? (z - s.maximum) - logf(s.sum) : std::numeric_limits<float>::quiet_NaN();
}

/// A warp a response.
__global__ void sum_values(const float* values, const std::uint32_t* begins, std::size_t count, double* sums) {
    const std::size_t i = (std::size_t{blockIdx.x} * blockDim.x + threadIdx.x) / 32;
    if (i >= count) return;
    double sum = 0;
    const std::size_t end = begins[i + 1];
    for (std::size_t k = begins[i] + threadIdx.x % 32; k < end; k += 32) sum += static_cast<double>(values[k]);
    for (unsigned apart = 16; apart > 0; apart /= 2) sum += __shfl_down_sync(0xffffffffU, sum, apart);
    if (threadIdx.x % 32 == 0) sums[i] = sum;
}

// ---- the operations

namespace detail {

/// Starts a kernel of a thread, or of `lanes` threads, for each of `count` things.
template <class... Parameters, class... Arguments>
void launch_each(void (*kernel)(Parameters...), std::size_t count, unsigned lanes, cudaStream_t stream,
                 const Arguments&... arguments) {
    constexpr std::size_t threads = 128;
    if (count == 0) return;
    const auto blocks = static_cast<unsigned>((count * lanes + threads - 1) / threads);
    launch(kernel, dim3(blocks), dim3(static_cast<unsigned>(threads)), 0, stream, arguments...);
}

template <bool Moments>
void start_fold(device_rows<const float> products, const float* bias, const logit_map& map, softmax_state* states,
                cudaStream_t stream) {
    const bool packs = takes_packs<4>(products) && reinterpret_cast<std::uintptr_t>(bias) % 16 == 0;
    const std::size_t pieces = packs ? products.columns / 4 : products.columns;
    const auto threads = static_cast<unsigned>(std::min<std::size_t>(rounded_up(pieces, 32), fold_threads));
    launch(packs ? fold_rows<Moments, 4> : fold_rows<Moments, 1>, dim3(static_cast<unsigned>(products.rows)),
           dim3(threads), 0, stream, products, bias, map, states);
}

} // namespace detail

void start_softmax(softmax_state* states, std::size_t rows, cudaStream_t stream) {
    detail::launch_each(start_states, rows, 1, stream, states, rows);
}

void fold_logits(device_rows<const float> products, std::size_t first, const device_logits& logits, bool moments,
                 softmax_state* states, cudaStream_t stream) {
    if (products.rows == 0 || products.columns == 0) return;
    const float* const bias = logits.bias ? logits.bias + first : nullptr;
    if (moments)
        detail::start_fold<true>(products, bias, logit_map(logits), states, stream);
    else
        detail::start_fold<false>(products, bias, logit_map(logits), states, stream);
}

void finish_softmax(const softmax_state* states, std::size_t rows, const device_softmax_scores& scores,
                    cudaStream_t stream) {
    detail::launch_each(finish_states, rows, 1, stream, states, rows, scores);
}

template <Element E>
void target_products(device_rows<const E> hidden, const std::uint32_t* rows, device_rows<const E> table,
                     const std::uint32_t* targets, std::size_t count, float* products, cudaStream_t stream) {
    constexpr unsigned width = 16 / sizeof(E);
    const bool packs = takes_packs<width>(hidden) && takes_packs<width>(table);
    detail::launch_each(packs ? dot_targets<width, E> : dot_targets<1, E>, count, 32, stream, hidden, rows, table,
                        targets, count, products);
}

void finish_log_probs(const softmax_state* states, const float* products, const std::uint32_t* rows,
                      const std::uint32_t* targets, std::size_t count, const device_logits& logits, float* log_probs,
                      cudaStream_t stream) {
    detail::launch_each(finish_targets, count, 1, stream, states, products, rows, targets, count, logit_map(logits),
                        log_probs);
}

void sum_log_probs(const float* values, const std::uint32_t* begins, std::size_t count, double* sums,
                   cudaStream_t stream) {
    detail::launch_each(sum_values, count, 32, stream, values, begins, count, sums);
}

template void target_products<float>(device_rows<const float>, const std::uint32_t*, device_rows<const float>,
                                     const std::uint32_t*, std::size_t, float*, cudaStream_t);
template void target_products<bfloat16>(device_rows<const bfloat16>, const std::uint32_t*, device_rows<const bfloat16>,
                                        const std::uint32_t*, std::size_t, float*, cudaStream_t);
template void target_products<float16>(device_rows<const float16>, const std::uint32_t*, device_rows<const float16>,
                                       const std::uint32_t*, std::size_t, float*, cudaStream_t);

} // namespace preflearn::cuda
