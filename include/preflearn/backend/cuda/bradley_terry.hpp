/// \file
/// Statistics of a batch of games for a table of strengths on a CUDA device (Bradley & Terry 1952): log-likelihoods,
/// accuracy, and the gradient and the diagonal of the Hessian by items, what a step of a fit needs. A game's log-
/// likelihood is weight · [won · log σ(x) + (1 − won) · log σ(−x)], x = θ_left − θ_right; a tie is won = ½.
/// losses.cuh defines it.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <cuda_runtime_api.h>

#include <preflearn/backend/cuda/sum_room.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn::cuda {

/// Games on the device, one entry each.
template <std::floating_point Real> struct device_games {
    std::size_t size = 0;
    const std::uint32_t *left = nullptr, *right = nullptr; ///< items, checked by the host
    const Real* won = nullptr;                             ///< the left side's share, in [0, 1]; null: it won all
    const Real* weight = nullptr;                          ///< null: ones
};

/// What is added up of games, in this order: weight · log-likelihood, weight, games that were decided (won ≠ ½), those
/// of them whose winner is the stronger, and those whose sides are equally strong.
enum class game_sum { log_likelihood, weight, decided, correct, equal };
inline constexpr std::size_t game_sums = 5;
using game_sum_room = sum_room<game_sums>;

struct game_report {
    double log_likelihood = 0, weight = 0;
    std::size_t decided = 0, correct = 0, equal = 0;
    /// Of the decided games; equally strong sides are right half of the time. NaN of none.
    [[nodiscard]] double accuracy() const {
        return (static_cast<double>(correct) + static_cast<double>(equal) / 2) / static_cast<double>(decided);
    }
};

/// log_likelihoods[g] = that of game g, where they are wanted; adds up in `room` what read_game_sums() reads.
template <std::floating_point Real>
void game_statistics(const Real* strengths, const device_games<Real>& games, Real* log_likelihoods,
                     const game_sum_room& room, cudaStream_t stream);

/// Of `games` games. Waits for the launch.
inline game_report read_game_sums(std::size_t games, const game_sum_room& room, cudaStream_t stream) {
    if (games == 0) return {};
    const auto [log_likelihood, weight, decided, correct, equal] = room.read(stream);
    return {log_likelihood, weight, static_cast<std::size_t>(decided), static_cast<std::size_t>(correct),
            static_cast<std::size_t>(equal)};
}

/// The games of each item on the device: those of item i are entries begins[i] … begins[i + 1] − 1, seen from its side.
template <std::floating_point Real> struct device_item_games {
    std::size_t items = 0;
    const std::uint32_t *begins = nullptr, *opponents = nullptr;
    const Real *won = nullptr, *weight = nullptr; ///< as above; null: ones
};

/// gradient[i] = Σ weight (won − σ(x)) and curvature[i] = Σ weight σ(x) σ(−x) over the games of item i: the derivative
/// of the log-likelihood in θ_i and minus the second one, in the order of its games.
template <std::floating_point Real>
void item_statistics(const Real* strengths, const device_item_games<Real>& games, Real* gradient, Real* curvature,
                     cudaStream_t stream);

/// The same on the host, to be uploaded: two entries a game.
template <std::floating_point Real> struct item_games {
    std::vector<std::uint32_t> begins, opponents;
    std::vector<Real> won, weight;
};

/// Games by items, in their order. `won` and `weight` have an entry a game, or none, which stands for ones.
/// \throws argument_error for columns that differ in length, an item that is not among `items`, a game of an item
/// against itself, or a share or a weight that is out of its range
template <std::floating_point Real>
item_games<Real> games_by_item(std::size_t items, std::span<const std::uint32_t> left,
                               std::span<const std::uint32_t> right, std::span<const Real> won,
                               std::span<const Real> weight) {
    const std::size_t games = left.size();
    require(right.size() == games && (won.empty() || won.size() == games) && (weight.empty() || weight.size() == games),
            "columns of games differ: ", games, " left items, ", right.size(), " right items, ", won.size(),
            " shares, ", weight.size(), " weights");
    require(games < (std::size_t{1} << 31), games, " games are too many for one list, at most 2^31 - 1 were expected");
    item_games<Real> by{.begins = std::vector<std::uint32_t>(items + 1),
                        .opponents = std::vector<std::uint32_t>(2 * games),
                        .won = std::vector<Real>(2 * games),
                        .weight = std::vector<Real>(weight.empty() ? 0 : 2 * games)};
    for (std::size_t g = 0; g < games; ++g) {
        require(left[g] < items && right[g] < items, "game ", g, ": items ", left[g], " and ", right[g],
                ", expected two of ", items);
        require(left[g] != right[g], "game ", g, ": item ", left[g], " plays against itself");
        require(won.empty() || (won[g] >= 0 && won[g] <= 1), "game ", g, ": the share is ", won.empty() ? 1 : won[g],
                ", a number in [0, 1] was expected");
        require(weight.empty() || (weight[g] >= 0 && weight[g] <= std::numeric_limits<Real>::max()), "game ", g,
                ": the weight is ", weight.empty() ? 1 : weight[g], ", a number that is not negative was expected");
        ++by.begins[left[g] + 1];
        ++by.begins[right[g] + 1];
    }
    for (std::size_t i = 0; i < items; ++i) by.begins[i + 1] += by.begins[i];
    std::vector<std::uint32_t> next(by.begins.begin(), by.begins.end() - 1);
    const auto enter = [&](std::uint32_t item, std::uint32_t opponent, Real share, std::size_t g) {
        const std::uint32_t at = next[item]++;
        by.opponents[at] = opponent;
        by.won[at] = share;
        if (!weight.empty()) by.weight[at] = weight[g];
    };
    for (std::size_t g = 0; g < games; ++g) {
        const Real share = won.empty() ? Real(1) : won[g];
        enter(left[g], right[g], share, g);
        enter(right[g], left[g], 1 - share, g);
    }
    return by;
}

} // namespace preflearn::cuda
