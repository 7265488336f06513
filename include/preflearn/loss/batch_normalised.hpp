/// \file
/// Means over something else than pairs: Σ w_i ℓ_i / Σ w_i n_i, where n_i is what pair i counts (its confidence, its
/// tokens). The state is the denominator and Σ w_i; its sums are exact, so shards merge to the bits of the batch.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>

#include <preflearn/core/error.hpp>
#include <preflearn/core/exact_sum.hpp>
#include <preflearn/loss/columns.hpp>
#include <preflearn/loss/coupled.hpp>
#include <preflearn/loss/named_relatives.hpp>
#include <preflearn/loss/pair_links.hpp>

namespace preflearn {

/// Σ w n and Σ w of a batch.
struct batch_counts {
    exact_sum counted, weight;
    batch_counts& operator+=(const batch_counts& other) {
        counted += other.counted;
        weight += other.weight;
        return *this;
    }
    /// What multiplies Σ w ℓ so that divided by Σ w it becomes Σ w ℓ / Σ w n; 0 where nothing counts.
    /// \throws numeric_error when a sum exceeds the range of double.
    [[nodiscard]] double factor() const {
        const double n = counted.value(), w = weight.value();
        require<numeric_error>(std::isfinite(n) && std::isfinite(w),
                               "the batch's weights add up to more than a number can hold");
        return n > 0 ? w / n : 0;
    }
};

namespace detail {

/// Σ w n(i) and Σ w. \throws as throw_first_fault for weights and targets that are none.
template <class Real, class Count> batch_counts count_pairs(const pair_scores<Real>& scores, const Count& n) {
    check_lengths(scores, pair_gradients<Real>{});
    constexpr Real largest = std::numeric_limits<Real>::max();
    batch_counts counts;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const Real w = scores.weight.empty() ? Real(1) : scores.weight[i];
        const Real q = scores.target.empty() ? Real(1) : scores.target[i];
        if (!(w >= 0 && w <= largest && q >= 0 && q <= 1)) throw_first_fault(scores, i, i + 1);
        counts.counted += static_cast<double>(w) * n(i, static_cast<double>(q));
        counts.weight += static_cast<double>(w);
    }
    return counts;
}

/// Everything that a loss has written, times a factor; the weights are those of the column.
template <class Real>
loss_sums scaled(loss_sums sums, const pair_scores<Real>& scores, const pair_gradients<Real>& written, double factor) {
    for (const std::span<Real> column : {written.chosen, written.rejected, written.values}) {
        for (Real& x : column) x *= static_cast<Real>(factor);
    }
    sums.loss *= factor;
    exact_sum weight;
    for (const Real w : scores.weight) weight += static_cast<double>(w);
    sums.weight = scores.weight.empty() ? static_cast<double>(scores.size()) : weight.value();
    return sums;
}

} // namespace detail

/// CW-PO normalised (Afzali et al. 2026, arXiv:2603.04968, as in a public reimplementation): Σ C_i ℓ_i / Σ C_i with
/// C = |2q − 1| of the target q and DPO's ℓ. The paper's plain mean Σ C_i ℓ_i / n is `confidence_weighted_dpo`. No
/// gradient flows through C. A batch without confidence has the loss 0.
struct confidence_weighted_dpo_normalised {
    static constexpr bool uses_reference = true, uses_tokens = false;
    double beta = 0.1;

    template <std::floating_point Real> [[nodiscard]] batch_counts reduce(const pair_scores<Real>& scores) const {
        return detail::count_pairs(scores, [](std::size_t, double q) { return std::abs(2 * q - 1); });
    }
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const batch_counts& state,
                  const pair_gradients<Real>& gradients) const {
        const loss_sums sums = confidence_weighted_dpo{.beta = beta}(scores, gradients);
        return detail::scaled(sums, scores, gradients, state.factor());
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return map(scores, reduce(scores), gradients);
    }
};

/// Supervised fine-tuning on the chosen responses, the mean over all their tokens in the batch (TRL's `sft`):
/// −Σ w log π(y_w) / Σ w |y_w|. The mean of the pairs' means is `chosen_likelihood`. A target q < 1 counts the
/// rejected response with 1 − q.
struct chosen_likelihood_token_mean {
    static constexpr bool uses_reference = false, uses_tokens = true;

    template <std::floating_point Real> [[nodiscard]] batch_counts reduce(const pair_scores<Real>& scores) const {
        require(scores.chosen_tokens.size() == scores.size() && scores.rejected_tokens.size() == scores.size(),
                "this loss needs the responses' lengths: chosen_tokens and rejected_tokens must be given");
        return detail::count_pairs(scores, [&](std::size_t i, double q) {
            return q * scores.chosen_tokens[i] + (1 - q) * scores.rejected_tokens[i];
        });
    }
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const batch_counts& state,
                  const pair_gradients<Real>& gradients) const {
        const loss_sums sums = pairwise<reference_free, chosen_only>{.beta = 1}(scores, gradients);
        return detail::scaled(sums, scores, gradients, state.factor());
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return map(scores, reduce(scores), gradients);
    }
};

} // namespace preflearn
