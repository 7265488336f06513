/// \file
/// Relatives of DPO that weigh, correct, shift or regularise it, by their published names, and DPO from teachers'
/// probabilities. u, v = log π − log π_ref of the chosen and the rejected response summed over tokens, z = β (u − v).
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/parts/label_links.hpp>
#include <preflearn/loss/parts/margin_links.hpp>

namespace preflearn {

/// R-DPO (Park et al. 2024, arXiv:2403.19159, equation 9): −log σ(z + α (|y_w| − |y_l|)).
struct length_regularised_dpo {
    double beta = 0.1, alpha = 0.01;

    [[nodiscard]] pairwise<log_ratio, logistic, given_target, length_margin> parts() const {
        return {.beta = beta, .margin = {alpha}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// DPO-Positive (Pal et al. 2024, arXiv:2402.13228, equation 3): −log σ(β (u − v − λ max(0, −u))). λ = 50 is the
/// paper's.
struct dpo_positive {
    double beta = 0.1, lambda = 50;

    [[nodiscard]] pairwise<chosen_kept_likely, logistic> parts() const {
        require(lambda >= 0, "lambda is ", lambda, ", a number that is not negative was expected");
        return {.beta = beta, .score = {lambda}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// Iterative reasoning preference optimisation (Pang et al. 2024, arXiv:2404.19733, equation 1; the `rpo_alpha` of
/// TRL): DPO + α · mean-token negative log-likelihood of the chosen response. (The paper's mean counts the whole chosen
/// sequence.)
struct rpo {
    double beta = 0.1, rpo_alpha = 1;

    [[nodiscard]] pairwise<log_ratio, logistic, given_target, given_margin, given_weight, chosen_nll> parts() const {
        return {.beta = beta, .term = {rpo_alpha}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// DPO with an offset (Amini et al. 2024, arXiv:2402.10571, equation 7): −log σ(z − α log(gap)), the gap r_w − r_l > 0
/// of an outer score in the margin column (no offset where it is not positive).
struct odpo {
    double beta = 0.1, alpha = 1;

    [[nodiscard]] pairwise<log_ratio, logistic, given_target, log_gap_margin> parts() const {
        return {.beta = beta, .margin = {alpha}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// ROPO (Liang et al. 2025, arXiv:2404.04102, equation 9): 4α/(1+α)² · −log σ(z) + 4α²/(1+α)² · σ(−z).
struct ropo {
    double beta = 0.1, alpha = 14;

    [[nodiscard]] pairwise<log_ratio, noise_tolerant_link> parts() const {
        require(alpha > 0, "alpha is ", alpha, ", a positive number was expected");
        return {.beta = beta, .link = {alpha}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// Confidence-weighted DPO (CW-PO: Afzali et al. 2026, arXiv:2603.04968): C · −log σ(z), C = |2q − 1| of the weak
/// teacher's probability q in the target column. C is part of the loss: its mean is the
/// paper's plain E[C ℓ], divided by the pairs (by Σ weight where weights are given) and not by Σ C, which is
/// `confidence_weighted_dpo_normalised`. A constant q gives DPO times a constant.
struct confidence_weighted_dpo {
    double beta = 0.1;

    [[nodiscard]] pairwise<log_ratio, logistic, as_labelled, given_margin, confidence_weight> parts() const {
        return {.beta = beta};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// Auxiliary confidence (Burns et al. 2023, arXiv:2312.09390, section 4.3, on pairs): cross-entropy of σ(z) with the
/// target (1 − α) q + α [z > threshold].
struct confident_dpo {
    double beta = 0.1, alpha = 0.5, threshold = 0;

    [[nodiscard]] pairwise<log_ratio, logistic, confident_target> parts() const {
        require(alpha >= 0 && alpha <= 1, "alpha is ", alpha, ", a number in [0, 1] was expected");
        return {.beta = beta, .target = {alpha, threshold}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// Reward distillation (Fisch et al. 2024, arXiv:2405.19316, equation 7): (z − Δr)², Δr = r_w − r_l of a reward model
/// in the margin column. NeMo-Aligner's `rpo_sq`.
struct distilled_dpo {
    double beta = 0.1;

    [[nodiscard]] pairwise<log_ratio, squared_link> parts() const { return {.beta = beta}; }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// DPO with geometrically averaged soft labels (Furuta et al. 2024, arXiv:2409.06691): −log σ((2q − 1) z), q = target.
struct geometric_dpo {
    double beta = 0.1;

    [[nodiscard]] pairwise<log_ratio, geometric_link<>, as_labelled> parts() const { return {.beta = beta}; }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// Reward-aware preference optimisation (NeMo-Aligner's `rpo_fwd_kl`): KL(σ(z) ‖ q), q = target = σ(η Δ gold reward).
struct reward_aware_forward_kl {
    double beta = 0.1;

    [[nodiscard]] pairwise<log_ratio, kl_to_label, as_labelled> parts() const { return {.beta = beta}; }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// The same with the other divergence (`rpo_bwd_kl`): KL(q ‖ σ(z)). Its gradient is DPO's with the soft label q.
struct reward_aware_backward_kl {
    double beta = 0.1;

    [[nodiscard]] pairwise<log_ratio, kl_from_label, as_labelled> parts() const { return {.beta = beta}; }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

} // namespace preflearn
