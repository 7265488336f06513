/// \file
/// Binary classifier optimisation (Jung et al. 2024, arXiv:2404.04656, equation 10): −log σ(β u − δ) of a desirable
/// and −log σ(δ − β v) of an undesirable response, δ the running mean of the rewards β u, β v over the training so far.
/// As in TRL ≤ 0.28, for unpaired data and for pairs; later TRL and Liger have δ = 0 (`bco_pair`). The running mean is
/// the caller's: it goes into the state as `before` and comes out as `after()`. No gradient flows through δ.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <preflearn/core/exact_sum.hpp>
#include <preflearn/loss/columns.hpp>
#include <preflearn/loss/coupled.hpp>
#include <preflearn/loss/named_divergence.hpp>
#include <preflearn/loss/pair_links.hpp>
#include <preflearn/loss/pairwise.hpp>
#include <preflearn/loss/running_mean.hpp>
#include <preflearn/loss/unpaired.hpp>

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

/// BCO of unpaired responses. Density ratios (the paper's underlying distribution matching) enter as the weights of
/// undesirable responses.
///
///     auto state = loss.reduce(scores); // += the states of other shards
///     state.before = running;           // a running_mean kept between batches
///     loss.map(scores, state, gradient);
///     running = state.after();
struct bco {
    static constexpr bool uses_mismatched = false, uses_scores = true;
    double beta = 0.1;

    template <std::floating_point Real>
    [[nodiscard]] reward_shift<false> reduce(const completion_scores<Real>& scores) const {
        check_lengths(scores, std::span<const Real>());
        reward_shift<false> shift{.rewards = {}, .count = scores.size()};
        for (std::size_t i = 0; i < scores.size(); ++i) {
            const Real reward =
                static_cast<Real>(beta) * (scores.log_prob[i] - (scores.reference.empty() ? 0 : scores.reference[i]));
            if (!std::isfinite(reward)) throw_first_fault(scores, i, i + 1);
            shift.rewards += static_cast<double>(reward);
        }
        return shift;
    }
    template <std::floating_point Real>
    unpaired_sums map(const completion_scores<Real>& scores, const reward_shift<false>& state,
                      std::span<Real> gradient) const {
        const double k = state.delta() / beta;
        return singlewise<logistic>{.beta = beta}(scores, {k, k}, gradient);
    }
    template <std::floating_point Real>
    unpaired_sums operator()(const completion_scores<Real>& scores, std::span<Real> gradient) const {
        return map(scores, reduce(scores), gradient);
    }
};

/// BCO at a shift that is computed elsewhere: what a step of a training makes of a batch. 0: no shift.
struct bco_given_delta {
    double beta = 0.1, delta = 0;

    template <std::floating_point Real>
    unpaired_sums operator()(const completion_scores<Real>& scores, std::span<Real> gradient) const {
        return bco{.beta = beta}.map(scores, reward_shift<false>::fixed(delta), gradient);
    }
};

/// BCO of pairs with its reward shift (TRL ≤ 0.28's `bco_pair`): −log σ(β u − δ) − log σ(δ − β v). Alone, without a
/// running mean, δ is the mean reward of the batch.
struct bco_pair_shifted {
    static constexpr bool uses_reference = true, uses_tokens = false;
    double beta = 0.1;

    template <std::floating_point Real> [[nodiscard]] reward_shift<true> reduce(const pair_scores<Real>& scores) const {
        dpo{.beta = beta}(scores, pair_gradients<Real>{}); // names what is not finite
        reward_shift<true> shift{.rewards = {}, .count = 2 * scores.size()};
        const auto add = [&](std::span<const Real> log_probs, std::span<const Real> reference) {
            for (std::size_t i = 0; i < log_probs.size(); ++i) {
                const Real reward = static_cast<Real>(beta) * (log_probs[i] - (reference.empty() ? 0 : reference[i]));
                if (!std::isfinite(reward)) throw_first_fault(scores, i, i + 1);
                shift.rewards += static_cast<double>(reward);
            }
        };
        add(scores.chosen, scores.reference_chosen);
        add(scores.rejected, scores.reference_rejected);
        return shift;
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
