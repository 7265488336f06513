/// \file
/// Losses that couple the pairs of a batch: what one pair costs depends on the others through a state (an order, a
/// mean, a quantile). Two phases: `reduce` makes the state of some pairs, states of shards are merged with `+=`, then
/// `map` gives value and gradient of a shard's pairs under the state of the whole batch. So a batch may be spread over
/// machines or micro-batches and is still one batch.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>

#include <preflearn/core/loss_concepts.hpp>
#include <preflearn/core/scores.hpp>

namespace preflearn {

/// What `loss.reduce(scores)` returns.
template <class L, class Real> using coupled_state = state_of<L, pair_scores<Real>>;

/// A CoupledLoss of pairs.
template <class L, class Real = double>
concept CoupledPreferenceLoss = std::floating_point<Real> && CoupledLoss<L, pair_scores<Real>>;

/// Whether a loss claims to be one: it has a `reduce` of pairs.
template <class L, class Real> inline constexpr bool reduces_pairs = reduces<L, pair_scores<Real>>;

template <class L, class Real> consteval void check_coupled_loss() {
    static_assert(CoupledPreferenceLoss<L, Real>,
                  "a CoupledLoss is a PreferenceLoss with const members reduce(pair_scores<Real>), which returns a "
                  "state with +=, and map(pair_scores<Real>, state, pair_gradients<Real>), which returns loss_sums");
}

/// `map` of the pairs that stand at [first, first + scores.size()) of the merged batch.
template <class L, class Real>
loss_sums map_shard(const L& loss, const pair_scores<Real>& scores, const coupled_state<L, Real>& state,
                    const pair_gradients<Real>& gradients, std::size_t first) {
    check_coupled_loss<L, Real>();
    return map_from(loss, scores, state, gradients, first);
}

} // namespace preflearn
