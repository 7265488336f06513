/// \file
/// The batch of pairs that a preference loss sees: a structure of arrays, nothing owned, nothing copied. A column is
/// given as a span, or as anything that lies in memory like one: std::vector, Eigen's and xtensor's vectors.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include <preflearn/core/column.hpp>

namespace preflearn {

template <class Real> struct pair_gradients;
struct loss_sums;

/// Scores of n pairs. `chosen` and `rejected` have n entries; every other column has n entries or is
/// empty, which stands for its documented default.
template <class Real> struct pair_scores {
    using gradients = pair_gradients<Real>;
    using sums = loss_sums;

    /// log π(y_w | x) and log π(y_l | x) of a policy in nats, summed over the response's tokens, or rewards r(x, y).
    column_view<const Real> chosen{}, rejected{};
    /// The same under the reference policy; empty: zero (no reference).
    column_view<const Real> reference_chosen{}, reference_rejected{};
    /// Response lengths in tokens; empty: unknown.
    column_view<const std::uint32_t> chosen_tokens{}, rejected_tokens{};
    /// The pair's weight, finite and not negative; empty: one.
    column_view<const Real> weight{};
    /// P(chosen ≻ rejected) in [0, 1]; empty: one (hard labels).
    column_view<const Real> target{};
    /// The pair's margin in the units of the loss; empty: zero.
    column_view<const Real> margin{};

    [[nodiscard]] std::size_t size() const { return chosen.size(); }
};

/// Of the type of number in the first column: `pair_scores{.chosen = c, .rejected = r}`.
template <Column C, class... More> pair_scores(C&&, More&&...) -> pair_scores<column_element<C>>;

/// Where a loss writes what it computes of each pair: n entries each, overwritten; an empty column is not wanted.
template <class Real> struct pair_gradients {
    /// d (weight · loss) / d chosen and / d rejected, both or none.
    column_view<Real> chosen{}, rejected{};
    /// weight · loss.
    column_view<Real> values{};
    /// Whether the sums of rewards and log-probs and the counts beside them are wanted; otherwise a loss may leave them
    /// out, NaN and zero, and is quicker.
    bool metrics = true;
};

template <Column C, class... More> pair_gradients(C&&, More&&...) -> pair_gradients<column_element<C>>;

/// What a loss reports of a batch: sums, so that shards add up. Divide by `weight` for the mean, as training and
/// `reduced_loss` do.
struct loss_sums {
    /// Σ weight · loss.
    double loss = 0;
    /// Σ weight of the weight column, the number of pairs where it is empty. Weights that a loss itself makes (of
    /// confidence, of classes, of how likely tokens are) are part of its loss and do not count here.
    double weight = 0;
    std::size_t pairs = 0;
    /// Σ of the implicit rewards that the loss compares, of the chosen and of the rejected responses.
    double chosen_rewards = 0, rejected_rewards = 0;
    /// Σ of the first two columns as given.
    double chosen_log_probs = 0, rejected_log_probs = 0;
    /// Pairs whose chosen reward is larger, and pairs with equal rewards (counted as wrong in TRL's accuracy).
    std::size_t correct = 0, ties = 0;

    loss_sums& operator+=(const loss_sums& other) {
        loss += other.loss;
        weight += other.weight;
        pairs += other.pairs;
        chosen_rewards += other.chosen_rewards;
        rejected_rewards += other.rejected_rewards;
        chosen_log_probs += other.chosen_log_probs;
        rejected_log_probs += other.rejected_log_probs;
        correct += other.correct;
        ties += other.ties;
        return *this;
    }
};

} // namespace preflearn
