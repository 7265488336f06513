/// \file
/// What a loss is, of pairs, triples, tokens, single completions or ranked lists: a kind of loss is its type of scores,
/// which names what a loss of that kind writes (`gradients`) and reports (`sums`).
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <utility>

#include <preflearn/core/scores.hpp>

namespace preflearn {

/// `loss(scores, gradients)` returns the kind's sums and writes, for every score, the derivative of weight · loss (not
/// divided by the batch). With empty gradients it computes the sums alone.
///
/// Semantics: const and deterministic; finite for finite scores unless the exact result exceeds the type's range;
/// throws numeric_error naming the place for infinities and NaN.
template <class L, class Scores = pair_scores<double>, class Gradients = typename Scores::gradients>
concept Loss = requires(const L& loss, const Scores& scores, const Gradients& out) {
    { loss(scores, out) } -> std::same_as<typename Scores::sums>;
};

/// What `loss.reduce(scores)` returns.
template <class L, class Scores>
using state_of = decltype(std::declval<const L&>().reduce(std::declval<const Scores&>()));

/// Whether a loss claims to couple the batch: it has a `reduce` of these scores.
template <class L, class Scores> inline constexpr bool reduces = requires(const L& loss, const Scores& scores) {
    loss.reduce(scores);
};

/// A Loss in which what one example costs depends on the others through a state (an order, a mean, a quantile), in two
/// phases: `state = loss.reduce(scores)`, `state += other`, `loss.map(scores, state, gradients)`. `loss(scores,
/// gradients)` is map under the state of these scores alone. A loss that needs to know which examples of the merged
/// batch it is given (one that sorts) takes the place of the first of them as a fourth argument, by default 0; places
/// count the shards in the order in which their states were merged.
///
/// Semantics: merging is associative, and the merged state is that of all examples in that order, up to the rounding
/// the loss documents; the sums that map returns of the shards add up to those of the batch. The gradient is that of
/// the batch's loss with respect to the shard's scores, through the state where the loss's docstring does not say
/// detached. Σ weight · loss is the batch's loss times Σ weight, whatever means or sums the loss is made of. The bits
/// do not depend on the number of threads.
template <class L, class Scores = pair_scores<double>, class Gradients = typename Scores::gradients>
concept CoupledLoss = Loss<L, Scores, Gradients> &&
    requires(const L& loss, const Scores& scores, const Gradients& out, state_of<L, Scores> state,
             const state_of<L, Scores>& other) {
    { state += other } -> std::same_as<state_of<L, Scores>&>;
    { loss.map(scores, other, out) } -> std::same_as<typename Scores::sums>;
};

/// `map` of the examples that stand from `first` on in the merged batch.
template <class L, class Scores>
typename Scores::sums map_from(const L& loss, const Scores& scores, const state_of<L, Scores>& state,
                               const typename Scores::gradients& gradients, std::size_t first) {
    if constexpr (requires { loss.map(scores, state, gradients, first); })
        return loss.map(scores, state, gradients, first);
    else
        return loss.map(scores, state, gradients);
}

} // namespace preflearn
