/// \file
/// Means over something else than pairs: Σ w_i ℓ_i / Σ w_i n_i, where n_i is what pair i counts (its confidence, its
/// tokens). The state is the denominator and Σ w_i; its sums are exact, so shards merge to the bits of the batch.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>

#include <preflearn/core/numbers/exact_sum.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/pairs/slices.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/pair_links.hpp>
#include <preflearn/loss/parts/target.hpp>
#include <preflearn/loss/parts/term.hpp>

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

/// Σ w n and Σ w, the n of a slice being written by `count(slice, n)`. \throws as throw_first_fault for weights and
/// targets that are none.
template <class Real, class Count> batch_counts count_pairs(const pair_scores<Real>& scores, const Count& count) {
    check_lengths(scores, pair_gradients<Real>{});
    return sum_of_slices<batch_counts>(scores, [&](std::size_t at, std::size_t size) {
        const pair_scores<Real> slice = slice_of(scores, at, size);
        if (any_outside(slice.weight, std::numeric_limits<Real>::max()) || any_outside(slice.target, Real(1)))
            throw_first_fault(
                pair_scores<Real>{
                    .chosen = slice.chosen, .rejected = slice.rejected, .weight = slice.weight, .target = slice.target},
                0, size);
        std::array<double, pairs_per_slice> counted;
        count(slice, counted.data());
        for (std::size_t i = 0; i < slice.weight.size(); ++i) counted[i] *= static_cast<double>(slice.weight[i]);
        batch_counts counts;
        counts.counted.add(std::span<const double>(counted.data(), size));
        counts.weight.add(slice.weight);
        if (slice.weight.empty()) counts.weight += static_cast<double>(size);
        return counts;
    });
}

/// Σ w and the tokens that the label prefers.
template <class Real> batch_counts count_preferred_tokens(const pair_scores<Real>& scores) {
    check_lengths_given(lengths_read::preferred, scores);
    return count_pairs(scores, [](const pair_scores<Real>& slice, double* tokens) {
        const auto chosen = slice.chosen_tokens, rejected = slice.rejected_tokens;
        for (std::size_t i = 0; i < chosen.size(); ++i) tokens[i] = chosen[i];
        for (std::size_t i = 0; i < slice.target.size(); ++i) {
            const double q = static_cast<double>(slice.target[i]);
            tokens[i] = q * chosen[i] + (1 - q) * rejected[i];
        }
    });
}

} // namespace detail

/// CW-PO normalised (Afzali et al. 2026, arXiv:2603.04968, as in a public reimplementation): Σ C_i ℓ_i / Σ C_i with
/// C = |2q − 1| of the target q and DPO's ℓ. The paper's plain mean Σ C_i ℓ_i / n is `confidence_weighted_dpo`. No
/// gradient flows through C. A batch without confidence has the loss 0.
struct confidence_weighted_dpo_normalised {
    static constexpr bool uses_reference = true, uses_tokens = false;
    static constexpr loss_about about{"cw_dpo_normalised", "-sum C log s(z) / sum C, C = |2 target - 1|",
                                      "CW-PO, arXiv:2603.04968, divided by the weights", "cw_dpo_normalized"};
    double beta = 0.1;
    static constexpr loss_parameter<confidence_weighted_dpo_normalised> parameters[]{
        {"beta", &confidence_weighted_dpo_normalised::beta}};

    template <std::floating_point Real> [[nodiscard]] batch_counts reduce(const pair_scores<Real>& scores) const {
        return detail::count_pairs(scores, [](const pair_scores<Real>& slice, double* confidence) {
            std::fill_n(confidence, slice.size(), 1.0);
            for (std::size_t i = 0; i < slice.target.size(); ++i)
                confidence[i] = std::abs(2 * static_cast<double>(slice.target[i]) - 1);
        });
    }
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const batch_counts& state,
                  const pair_gradients<Real>& gradients) const {
        return pairwise<log_ratio, logistic, confidence_target>{.beta = beta, .target = {state.factor()}}(scores,
                                                                                                          gradients);
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
    static constexpr loss_about about{"sft_token_mean", "-sum c / sum |y_w|",
                                      "supervised fine-tuning, mean over the batch's tokens (TRL's sft)"};
    static constexpr bool uses_reference = false, uses_tokens = true, uses_margin = false;
    static constexpr lengths_read lengths = lengths_read::preferred;

    template <std::floating_point Real> [[nodiscard]] batch_counts reduce(const pair_scores<Real>& scores) const {
        return detail::count_preferred_tokens(scores);
    }
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const batch_counts& state,
                  const pair_gradients<Real>& gradients) const {
        return pairwise<reference_free, chosen_only>{.beta = 1, .link = {state.factor()}}(scores, gradients);
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return map(scores, reduce(scores), gradients);
    }
};

/// MPO as TRL adds it up (`loss_type=["sigmoid", "bco_pair", "sft"]`): as `mpo`, but the likelihood is the mean over
/// all tokens of the batch, which couples its pairs.
struct mpo_token_mean {
    static constexpr bool uses_reference = true, uses_tokens = true, uses_margin = false;
    static constexpr lengths_read lengths = lengths_read::preferred;
    static constexpr loss_about about{
        "mpo_token_mean", "preference_weight sigmoid + quality_weight bco_pair + generation_weight sft_token_mean",
        "MPO, arXiv:2411.10442, with the likelihood of TRL's sft"};
    double beta = 0.1, preference_weight = 0.8, quality_weight = 0.2, generation_weight = 1;
    static constexpr loss_parameter<mpo_token_mean> parameters[]{
        {"beta", &mpo_token_mean::beta},
        {"preference_weight", &mpo_token_mean::preference_weight},
        {"quality_weight", &mpo_token_mean::quality_weight},
        {"generation_weight", &mpo_token_mean::generation_weight}};

    template <std::floating_point Real> [[nodiscard]] batch_counts reduce(const pair_scores<Real>& scores) const {
        return detail::count_preferred_tokens(scores);
    }
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const batch_counts& state,
                  const pair_gradients<Real>& gradients) const {
        return pairwise<log_ratio, preference_and_quality, given_target, given_margin, given_weight, preferred_nll_sum>{
            .beta = beta, .link = {preference_weight, quality_weight}, .term = {generation_weight * state.factor()}}(
            scores, gradients);
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return map(scores, reduce(scores), gradients);
    }
};

} // namespace preflearn
