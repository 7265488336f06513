/// \file
/// A preference loss of n pairs whose columns lie on the device: losses, derivatives and sums in one launch. A Real has
/// e bytes.
///
///     minimum    7ne with references: four columns are read, two derivatives and the values written (28 bytes a pair
///     in
///                float); each column of weights, targets and margins ne more, of lengths 4n
///     sums       144 bytes a block, of at most 512
///     FLOPs      about 30 a pair (DPO), two exponentials or logarithms among them
///
/// Launch: a thread a pair (several, from 65,536 pairs on), 128 threads a block. Bound by the launch itself: 4,096
/// pairs are 0.11 MB. Fusion: all of it. The loss's parts are the library's own (loss/parts), the same functions that
/// the processor runs, put together a pair at a time (loss/pairs/one_pair.hpp) and inlined; the sums need no second
/// launch (grid_sum.cuh) and are in double, in an order that n fixes. Faults are noticed, not thrown: the lowest pair's
/// number comes back with the sums.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>

#include <preflearn/backend/cuda/kernels/device.cuh>
#include <preflearn/backend/cuda/kernels/grid_sum.cuh>
#include <preflearn/backend/cuda/kernels/launch.cuh>
#include <preflearn/backend/cuda/pairwise_loss.hpp>
#include <preflearn/loss/pairs/one_pair.hpp>

namespace preflearn::cuda {

/// The entries of pair i.
template <class Real>
__device__ __forceinline__ single_pair<Real> pair_entries(const device_pairs<Real>& pairs, std::size_t i) {
    single_pair<Real> pair{pairs.chosen[i], pairs.rejected[i]};
    if (pairs.reference_chosen) {
        pair.reference_chosen = pairs.reference_chosen[i];
        pair.reference_rejected = pairs.reference_rejected[i];
    }
    if (pairs.chosen_tokens) pair.chosen_tokens = pairs.chosen_tokens[i];
    if (pairs.rejected_tokens) pair.rejected_tokens = pairs.rejected_tokens[i];
    if (pairs.weight) pair.weight = pairs.weight[i];
    if (pairs.target) pair.target = pairs.target[i];
    if (pairs.margin) pair.margin = pairs.margin[i];
    return pair;
}

/// Sums, and the lowest number of a pair at fault.
struct combine_pair_sums {
    __device__ __forceinline__ double operator()(unsigned field, double a, double b) const {
        return field == static_cast<unsigned>(pair_sum::first_fault) ? (a < b ? a : b) : a + b;
    }
};

template <class Parts, std::floating_point Real>
__global__ void __launch_bounds__(sum_threads)
    pair_losses(Parts parts, device_pairs<Real> pairs, device_pair_gradients<Real> out, double* sums, unsigned* done) {
    constexpr double infinite = std::numeric_limits<double>::infinity();
    constexpr double none[pair_sums] = {0, 0, 0, 0, 0, 0, 0, 0, infinite};
    double mine[pair_sums] = {0, 0, 0, 0, 0, 0, 0, 0, infinite};
    const Real factor = static_cast<Real>(out.factor);
    const std::size_t step = std::size_t{gridDim.x} * blockDim.x;
    for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < pairs.size; i += step) {
        const single_pair<Real> pair = pair_entries(pairs, i);
        const pair_outcome<Real> outcome = outcome_of_pair(parts, pair);
        if (out.chosen) out.chosen[i] = factor * outcome.d_chosen;
        if (out.rejected) out.rejected[i] = factor * outcome.d_rejected;
        if (out.values) out.values[i] = outcome.loss;
        const double of_pair[pair_sums - 1] = {
            static_cast<double>(outcome.loss), static_cast<double>(pair.weight),   static_cast<double>(outcome.u),
            static_cast<double>(outcome.v),    static_cast<double>(pair.chosen),   static_cast<double>(pair.rejected),
            outcome.u > outcome.v ? 1.0 : 0.0, outcome.u == outcome.v ? 1.0 : 0.0,
        };
#pragma unroll
        for (unsigned field = 0; field + 1 < pair_sums; ++field) mine[field] += of_pair[field];
        if (!outcome.sound && static_cast<double>(i) < mine[pair_sums - 1])
            mine[pair_sums - 1] = static_cast<double>(i);
    }
    sum_over_grid(mine, none, sums, done, combine_pair_sums());
}

// ---- the operation

template <class Parts, std::floating_point Real>
void start_pairwise_loss(const Parts& parts, const device_pairs<Real>& pairs, const device_pair_gradients<Real>& out,
                         double* sums, unsigned* done, cudaStream_t stream) {
    if (pairs.size == 0) return;
    launch(pair_losses<Parts, Real>, dim3(blocks_of_sums(pairs.size)), dim3(sum_threads), 0, stream, parts, pairs, out,
           sums, done);
}

} // namespace preflearn::cuda
