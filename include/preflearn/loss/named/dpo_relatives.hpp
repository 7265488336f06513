/// \file
/// Relatives of DPO that weigh, correct, shift or regularise it, by their published names, and DPO from teachers'
/// probabilities. u, v = log π − log π_ref of the chosen and the rejected response summed over tokens, z = β (u − v).
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/label_links.hpp>
#include <preflearn/loss/parts/margin_links.hpp>

namespace preflearn {

/// R-DPO (Park et al. 2024, arXiv:2403.19159, equation 9): −log σ(z + α (|y_w| − |y_l|)).
struct length_regularised_dpo {
    static constexpr loss_about about{"rdpo", "-log s(z + alpha (|y_w| - |y_l|))", "R-DPO, arXiv:2403.19159",
                                      "r_dpo length_regularised_dpo length_regularized_dpo"};
    double beta = 0.1, alpha = 0.01;
    static constexpr loss_parameter<length_regularised_dpo> parameters[]{{"beta", &length_regularised_dpo::beta},
                                                                         {"alpha", &length_regularised_dpo::alpha}};

    [[nodiscard]] pairwise<log_ratio, logistic, given_target, length_margin> parts() const {
        return {.beta = beta, .margin = {alpha}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// DPO-Positive (Pal et al. 2024, arXiv:2402.13228, equation 3): −log σ(β (u − v − λ max(0, −u))). λ = 50 is the
/// paper's.
struct dpo_positive {
    static constexpr loss_about about{"dpop", "-log s(beta (u - v - lambda max(0, -u)))",
                                      "DPO-Positive, arXiv:2402.13228", "dpo_positive dpo_p smaug"};
    double beta = 0.1, lambda = 50;
    static constexpr loss_parameter<dpo_positive> parameters[]{{"beta", &dpo_positive::beta},
                                                               {"lambda", &dpo_positive::lambda}};

    [[nodiscard]] pairwise<chosen_kept_likely, logistic> parts() const {
        require(lambda >= 0, "lambda is ", lambda, ", a number that is not negative was expected");
        return {.beta = beta, .score = {lambda}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// Iterative reasoning preference optimisation (Pang et al. 2024, arXiv:2404.19733, equation 1; the `rpo_alpha` of
/// TRL): DPO + α · mean-token negative log-likelihood of the chosen response. (The paper's mean counts the whole chosen
/// sequence.)
struct rpo {
    static constexpr loss_about about{"rpo", "-log s(z) - rpo_alpha c/|y_w|", "iterative RPO, arXiv:2404.19733",
                                      "irpo iterative_rpo"};
    double beta = 0.1, rpo_alpha = 1;
    static constexpr loss_parameter<rpo> parameters[]{{"beta", &rpo::beta}, {"rpo_alpha", &rpo::rpo_alpha}};

    [[nodiscard]] pairwise<log_ratio, logistic, given_target, given_margin, given_weight, chosen_nll> parts() const {
        return {.beta = beta, .term = {rpo_alpha}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// DPO with an offset (Amini et al. 2024, arXiv:2402.10571, equation 7): −log σ(z − α log(gap)), the gap r_w − r_l > 0
/// of an outer score in the margin column (no offset where it is not positive).
struct odpo {
    static constexpr loss_about about{"odpo", "-log s(beta (u - v) - alpha log margin), no offset unless margin > 0",
                                      "ODPO, arXiv:2402.10571", "dpo_with_offset"};
    double beta = 0.1, alpha = 1;
    static constexpr loss_parameter<odpo> parameters[]{{"beta", &odpo::beta}, {"alpha", &odpo::alpha}};

    [[nodiscard]] pairwise<log_ratio, logistic, given_target, log_gap_margin> parts() const {
        return {.beta = beta, .margin = {alpha}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// ROPO (Liang et al. 2025, arXiv:2404.04102, equation 9): 4α/(1+α)² · −log σ(z) + 4α²/(1+α)² · σ(−z).
struct ropo {
    static constexpr loss_about about{"ropo", "4 alpha/(1+alpha)^2 (-log s(z) + alpha s(-z))",
                                      "ROPO, arXiv:2404.04102"};
    double beta = 0.1, alpha = 14;
    static constexpr loss_parameter<ropo> parameters[]{{"beta", &ropo::beta}, {"alpha", &ropo::alpha}};

    [[nodiscard]] pairwise<log_ratio, noise_tolerant_link> parts() const {
        require(alpha > 0, "alpha is ", alpha, ", a positive number was expected");
        return {.beta = beta, .link = {alpha}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// Confidence-weighted DPO (CW-PO: Afzali et al. 2026, arXiv:2603.04968): C · −log σ(z), C = |2q − 1| of the weak
/// teacher's probability q in the target column. C is part of the loss: its mean is the
/// paper's plain E[C ℓ], divided by the pairs (by Σ weight where weights are given) and not by Σ C, which is
/// `confidence_weighted_dpo_normalised`. A constant q gives DPO times a constant.
struct confidence_weighted_dpo {
    static constexpr loss_about about{"cw_dpo", "-|2 target - 1| log s(z)", "CW-PO, arXiv:2603.04968",
                                      "cw_po cwpo confidence_weighted_dpo"};
    double beta = 0.1;
    static constexpr loss_parameter<confidence_weighted_dpo> parameters[]{{"beta", &confidence_weighted_dpo::beta}};

    [[nodiscard]] pairwise<log_ratio, logistic, as_labelled, given_margin, confidence_weight> parts() const {
        return {.beta = beta};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// Robust DPO with a noise rate of each pair, ε = 1 − q of the calibrated probability q in the target column (the
/// correction of Chowdhury et al. 2024, arXiv:2403.00409, equation 12, with weights (1 − 2ε)², see
/// `pair_corrected_target`): (2q − 1) [−q log σ(z) + (1 − q) log σ(−z)]. DPO for q = 1; may be negative.
struct robust_dpo_by_pair {
    static constexpr loss_about about{"robust_by_pair", "(2 target - 1) (-target log s(z) + (1 - target) log s(-z))",
                                      "rDPO, arXiv:2403.00409, with e = 1 - target of each pair, weighted by (1-2e)^2",
                                      "robust_dpo_by_pair"};
    double beta = 0.1;
    static constexpr loss_parameter<robust_dpo_by_pair> parameters[]{{"beta", &robust_dpo_by_pair::beta}};

    [[nodiscard]] pairwise<log_ratio, logistic, pair_corrected_target> parts() const { return {.beta = beta}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// Auxiliary confidence (Burns et al. 2023, arXiv:2312.09390, section 4.3, on pairs): cross-entropy of σ(z) with the
/// target (1 − α) q + α [z > threshold].
struct confident_dpo {
    static constexpr loss_about about{"confident_dpo",
                                      "-t log s(z) - (1-t) log s(-z), t = (1-alpha) target + alpha [z > threshold]",
                                      "auxiliary confidence, arXiv:2312.09390", "auxiliary_confidence"};
    double beta = 0.1, alpha = 0.5, threshold = 0;
    static constexpr loss_parameter<confident_dpo> parameters[]{
        {"beta", &confident_dpo::beta}, {"alpha", &confident_dpo::alpha}, {"threshold", &confident_dpo::threshold}};

    [[nodiscard]] pairwise<log_ratio, logistic, confident_target> parts() const {
        require(alpha >= 0 && alpha <= 1, "alpha is ", alpha, ", a number in [0, 1] was expected");
        return {.beta = beta, .target = {alpha, threshold}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// Reward distillation (Fisch et al. 2024, arXiv:2405.19316, equation 7): (z − Δr)², Δr = r_w − r_l of a reward model
/// in the margin column. NeMo-Aligner's `rpo_sq`.
struct distilled_dpo {
    static constexpr loss_about about{"distilled_dpo", "(beta (u - v) - margin)^2",
                                      "reward distillation, arXiv:2405.19316", "rpo_sq reward_distillation"};
    double beta = 0.1;
    static constexpr loss_parameter<distilled_dpo> parameters[]{{"beta", &distilled_dpo::beta}};

    [[nodiscard]] pairwise<log_ratio, squared_link> parts() const { return {.beta = beta}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// DPO with geometrically averaged soft labels (Furuta et al. 2024, arXiv:2409.06691): −log σ((2q − 1) z), q = target.
struct geometric_dpo {
    static constexpr loss_about about{"geometric_dpo", "-log s((2 target - 1) z)",
                                      "geometric averaging, arXiv:2409.06691", "gdpo"};
    double beta = 0.1;
    static constexpr loss_parameter<geometric_dpo> parameters[]{{"beta", &geometric_dpo::beta}};

    [[nodiscard]] pairwise<log_ratio, geometric_link<>, as_labelled> parts() const { return {.beta = beta}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// Reward-aware preference optimisation (NeMo-Aligner's `rpo_fwd_kl`): KL(σ(z) ‖ q), q = target = σ(η Δ gold reward).
struct reward_aware_forward_kl {
    static constexpr loss_about about{"rpo_fwd_kl", "KL(s(z) || target)", "NeMo-Aligner's RPO",
                                      "reward_aware_forward_kl"};
    double beta = 0.1;
    static constexpr loss_parameter<reward_aware_forward_kl> parameters[]{{"beta", &reward_aware_forward_kl::beta}};

    [[nodiscard]] pairwise<log_ratio, kl_to_label, as_labelled> parts() const { return {.beta = beta}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// The same with the other divergence (`rpo_bwd_kl`): KL(q ‖ σ(z)). Its gradient is DPO's with the soft label q.
struct reward_aware_backward_kl {
    static constexpr loss_about about{"rpo_bwd_kl", "KL(target || s(z))", "NeMo-Aligner's RPO",
                                      "reward_aware_backward_kl"};
    double beta = 0.1;
    static constexpr loss_parameter<reward_aware_backward_kl> parameters[]{{"beta", &reward_aware_backward_kl::beta}};

    [[nodiscard]] pairwise<log_ratio, kl_from_label, as_labelled> parts() const { return {.beta = beta}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

} // namespace preflearn
