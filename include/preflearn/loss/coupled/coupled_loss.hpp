/// \file
/// Losses that couple the pairs of a batch: what one pair costs depends on the others through a state (an order, a
/// mean, a quantile). Two phases: `reduce` makes the state of some pairs, states of shards are merged with `+=`, then
/// `map` gives value and gradient of a shard's pairs under the state of the whole batch. So a batch may be spread over
/// machines or micro-batches and is still one batch.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <utility>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/scores.hpp>

namespace preflearn {

/// What `loss.reduce(scores)` returns.
template <class L, class Real>
using coupled_state = decltype(std::declval<const L&>().reduce(std::declval<const pair_scores<Real>&>()));

/// A PreferenceLoss in two phases: `state = loss.reduce(scores)`, `state += other`, `loss.map(scores, state,
/// gradients)`. `loss(scores, gradients)` is map under the state of these scores alone. A loss that needs to know which
/// pairs of the merged batch it is given (one that sorts) takes the place of the first of them as a fourth argument, by
/// default 0; places count the shards in the order in which their states were merged.
///
/// Semantics: merging is associative, and the merged state is that of all pairs in that order, up to the rounding the
/// loss documents; the sums that map returns of the shards add up to those of the batch. The gradient is that of the
/// batch's loss with respect to the shard's scores, through the state where the loss's docstring does not say detached.
/// Σ weight · loss is the batch's loss times Σ weight, whatever means or sums the loss is made of. The bits do not
/// depend on the number of threads.
template <class L, class Real = double>
concept CoupledLoss = PreferenceLoss<L, Real> &&
    requires(const L& loss, const pair_scores<Real>& scores, const pair_gradients<Real>& out,
             coupled_state<L, Real> state, const coupled_state<L, Real>& other) {
    { state += other } -> std::same_as<coupled_state<L, Real>&>;
    { loss.map(scores, other, out) } -> std::same_as<loss_sums>;
};

/// Whether a loss claims to be coupled: it has a `reduce` of pairs.
template <class L, class Real>
inline constexpr bool reduces_pairs = requires(const L& loss, const pair_scores<Real>& scores) {
    loss.reduce(scores);
};

template <class L, class Real> consteval void check_coupled_loss() {
    static_assert(CoupledLoss<L, Real>,
                  "a CoupledLoss is a PreferenceLoss with const members reduce(pair_scores<Real>), which returns a "
                  "state with +=, and map(pair_scores<Real>, state, pair_gradients<Real>), which returns loss_sums");
}

/// `map` of the pairs that stand at [first, first + scores.size()) of the merged batch.
template <class L, class Real>
loss_sums map_shard(const L& loss, const pair_scores<Real>& scores, const coupled_state<L, Real>& state,
                    const pair_gradients<Real>& gradients, std::size_t first) {
    check_coupled_loss<L, Real>();
    if constexpr (requires { loss.map(scores, state, gradients, first); })
        return loss.map(scores, state, gradients, first);
    else
        return loss.map(scores, state, gradients);
}

} // namespace preflearn
