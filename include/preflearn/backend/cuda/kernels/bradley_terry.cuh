/// \file
/// Statistics of n games of m items for a table of strengths. A Real has e bytes.
///
///     game_statistics    8n + 2ne + me     items, shares, weights of a game, strengths; asked for twice a game, 4ne.
///                                          Log-likelihoods ne more, 80 bytes of sums a block
///     item_statistics    8n + 4ne + 4m + 3me    two entries a game: opponent, share, weight; begins, strengths, two
///                                          results. Strengths are asked for once an entry, 2ne, from L2
///     FLOPs              about 25 a game, an exponential and a logarithm; about 20 an entry
///
/// Launch: a thread a game, 128 a block, sums in the same launch (grid_sum.cuh); a warp an item, whose lanes take its
/// entries 32 apart. Both are bound by memory, small batches by the launch. Entries lie by items, so that gradients
/// need no atomics and have an order that the games fix; strengths, which are gathered, stay in L2. Fusion: gradient
/// and curvature of an item share their exponential.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include <preflearn/backend/cuda/bradley_terry.hpp>
#include <preflearn/backend/cuda/kernels/device.cuh>
#include <preflearn/backend/cuda/kernels/grid_sum.cuh>
#include <preflearn/backend/cuda/kernels/launch.cuh>
#include <preflearn/loss/parts/link.hpp>

namespace preflearn::cuda {

struct add_game_sums {
    __device__ __forceinline__ double operator()(unsigned /*field*/, double a, double b) const { return a + b; }
};

template <std::floating_point Real>
__global__ void __launch_bounds__(sum_threads)
    sum_games(const Real* strengths, device_games<Real> games, Real* log_likelihoods, double* sums, unsigned* done) {
    constexpr double none[game_sums] = {0, 0, 0, 0, 0};
    double mine[game_sums] = {0, 0, 0, 0, 0};
    const std::size_t step = std::size_t{gridDim.x} * blockDim.x;
    for (std::size_t g = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; g < games.size; g += step) {
        const Real x = strengths[games.left[g]] - strengths[games.right[g]];
        const Real won = games.won ? games.won[g] : Real(1), weight = games.weight ? games.weight[g] : Real(1);
        const Real value = -weight * logistic().mixed(margin_point<Real>(x), won, 1 - won).value;
        if (log_likelihoods) log_likelihoods[g] = value;
        const Real lean = won - Real(0.5);
        mine[0] += static_cast<double>(value);
        mine[1] += static_cast<double>(weight);
        mine[2] += lean != 0 ? 1.0 : 0.0;
        mine[3] += (lean > 0 && x > 0) || (lean < 0 && x < 0) ? 1.0 : 0.0;
        mine[4] += lean != 0 && x == 0 ? 1.0 : 0.0;
    }
    sum_over_grid(mine, none, sums, done, add_game_sums());
}

/// A warp an item.
template <std::floating_point Real>
__global__ void __launch_bounds__(sum_threads)
    sum_items(const Real* strengths, device_item_games<Real> games, Real* gradient, Real* curvature) {
    const std::size_t item = (std::size_t{blockIdx.x} * blockDim.x + threadIdx.x) / 32;
    if (item >= games.items) return;
    const Real own = strengths[item];
    Real slope = 0, bend = 0;
    const std::uint32_t end = games.begins[item + 1];
    for (std::uint32_t e = games.begins[item] + threadIdx.x % 32; e < end; e += 32) {
        const Real won = games.won ? games.won[e] : Real(1), weight = games.weight ? games.weight[e] : Real(1);
        const logistic_terms<Real> at(own - strengths[games.opponents[e]]);
        slope += weight * (won * at.down - (1 - won) * at.up); // won − σ(x), which cancels where most games are won
        bend += weight * at.slope();
    }
    for (unsigned apart = 16; apart > 0; apart /= 2) {
        slope += __shfl_down_sync(0xffffffffU, slope, apart);
        bend += __shfl_down_sync(0xffffffffU, bend, apart);
    }
    if (threadIdx.x % 32 != 0) return;
    if (gradient) gradient[item] = slope;
    if (curvature) curvature[item] = bend;
}

// ---- the operations

template <std::floating_point Real>
void game_statistics(const Real* strengths, const device_games<Real>& games, Real* log_likelihoods,
                     const game_sum_room& room, cudaStream_t stream) {
    if (games.size == 0) return;
    launch(sum_games<Real>, dim3(blocks_of_sums(games.size)), dim3(sum_threads), 0, stream, strengths, games,
           log_likelihoods, room.sums(), room.done());
}

template <std::floating_point Real>
void item_statistics(const Real* strengths, const device_item_games<Real>& games, Real* gradient, Real* curvature,
                     cudaStream_t stream) {
    constexpr std::size_t items = sum_threads / 32; // of a block
    if (games.items == 0) return;
    launch(sum_items<Real>, dim3(static_cast<unsigned>((games.items + items - 1) / items)), dim3(sum_threads), 0,
           stream, strengths, games, gradient, curvature);
}

template void game_statistics<float>(const float*, const device_games<float>&, float*, const game_sum_room&,
                                     cudaStream_t);
template void game_statistics<double>(const double*, const device_games<double>&, double*, const game_sum_room&,
                                      cudaStream_t);
template void item_statistics<float>(const float*, const device_item_games<float>&, float*, float*, cudaStream_t);
template void item_statistics<double>(const double*, const device_item_games<double>&, double*, double*, cudaStream_t);

} // namespace preflearn::cuda
