/// \file
/// The reward shift of binary classifier optimisation (Jung et al. 2024, arXiv:2404.04656, equation 10), and the loss
/// of pairs with it: −log σ(β u − δ) of the chosen and −log σ(δ − β v) of the rejected response, δ the running mean of
/// the rewards β u, β v over the training so far. As in TRL ≤ 0.28; later TRL and Liger have δ = 0 (`bco_pair`). The
/// running mean is the caller's: it goes into the state as `before` and comes out as `after()`. No gradient flows
/// through δ.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <preflearn/core/numbers/exact_sum.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/coupled/running_mean.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/pairs/slices.hpp>
#include <preflearn/loss/pairs/steps.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/pair_links.hpp>

namespace preflearn {

/// The rewards of a batch, and the running mean before it. `OncePerBatch`: the running mean is one of batch means
/// (TRL's DPO trainer), otherwise one of rewards (TRL's BCO trainer). Merging is exact, and keeps the `before` of the
/// first.
template <bool OncePerBatch> struct reward_shift {
    exact_sum rewards;
    std::uint64_t count = 0;
    running_mean before{};

    /// A δ that does not move, for evaluation.
    [[nodiscard]] static reward_shift fixed(double delta) {
        return {.rewards = {}, .before = {delta, std::numeric_limits<double>::infinity()}};
    }
    reward_shift& operator+=(const reward_shift& other) {
        rewards += other.rewards;
        count += other.count;
        return *this;
    }
    /// The running mean with this batch.
    [[nodiscard]] running_mean after() const {
        running_mean now = before;
        const auto n = static_cast<double>(count);
        if (count > 0 && std::isfinite(before.count)) now.add(rewards.value() / n, OncePerBatch ? 1 : n);
        return now;
    }
    [[nodiscard]] double delta() const { return after().mean; }
};

namespace detail {

/// Adds the rewards β (log π − log π_ref) of a slice. Returns whether all are finite.
template <class Real>
bool add_rewards(exact_sum& sum, double beta, std::span<const Real> log_probs, std::span<const Real> reference) {
    std::array<Real, pairs_per_slice> rewards;
    const Real scale = static_cast<Real>(beta);
    finite_so_far<Real> finite;
    if (reference.empty()) {
        for (std::size_t i = 0; i < log_probs.size(); ++i) rewards[i] = scale * log_probs[i];
    } else {
        for (std::size_t i = 0; i < log_probs.size(); ++i) rewards[i] = scale * (log_probs[i] - reference[i]);
    }
    for (std::size_t i = 0; i < log_probs.size(); ++i) finite.see(rewards[i]);
    if (finite) sum.add(std::span<const Real>(rewards.data(), log_probs.size()));
    return static_cast<bool>(finite);
}

} // namespace detail

/// BCO of pairs with its reward shift (TRL ≤ 0.28's `bco_pair`): −log σ(β u − δ) − log σ(δ − β v). Alone, without a
/// running mean, δ is the mean reward of the batch.
struct bco_pair_shifted {
    static constexpr bool uses_reference = true, uses_tokens = false, uses_margin = false;
    static constexpr loss_about about{"bco_pair_shifted",
                                      "-log s(beta u - delta) - log s(delta - beta v), delta = mean of beta u, beta v",
                                      "BCO, arXiv:2404.04656; TRL <= 0.28 bco_pair on its first batch"};
    double beta = 0.1;
    static constexpr loss_parameter<bco_pair_shifted> parameters[]{{"beta", &bco_pair_shifted::beta}};

    template <std::floating_point Real> [[nodiscard]] reward_shift<true> reduce(const pair_scores<Real>& scores) const {
        check_lengths(scores, pair_gradients<Real>{});
        return sum_of_slices<reward_shift<true>>(scores, [&](std::size_t at, std::size_t size) {
            reward_shift<true> shift{.rewards = {}, .count = 2 * size};
            const pair_scores<Real> slice = slice_of(scores, at, size);
            if (!(detail::add_rewards(shift.rewards, beta, slice.chosen, slice.reference_chosen) &&
                  detail::add_rewards(shift.rewards, beta, slice.rejected, slice.reference_rejected)))
                throw_first_fault(columns_read_by<bco_pair_shifted>(slice), 0, size);
            return shift;
        });
    }
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const reward_shift<true>& state,
                  const pair_gradients<Real>& gradients) const {
        return pairwise<log_ratio, binary_classifier>{.beta = beta, .link = {state.delta()}}(scores, gradients);
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return map(scores, reduce(scores), gradients);
    }
};

} // namespace preflearn
