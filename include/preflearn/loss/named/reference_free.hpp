/// \file
/// Preference losses without a reference policy, by their published names. c, r = log π of the chosen and the rejected
/// response, c̄, r̄ their means over the responses' tokens.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/parts/margin_links.hpp>
#include <preflearn/loss/parts/pair_links.hpp>

namespace preflearn {

/// Contrastive preference optimisation (Xu et al. 2024, arXiv:2401.08417, equations 5 and 6; TRL's CPO trainer,
/// `sigmoid`): −log σ(β (c − r)) with label smoothing + `cpo_alpha` · mean-token negative log-likelihood of the chosen
/// response.
struct cpo {
    double beta = 0.1, label_smoothing = 0, cpo_alpha = 1;

    [[nodiscard]] pairwise<reference_free, logistic, smoothed_target, given_margin, given_weight, chosen_nll>
    parts() const {
        require(label_smoothing >= 0 && label_smoothing <= 1, "label_smoothing is ", label_smoothing,
                ", a probability was expected");
        return {.beta = beta, .target = {label_smoothing}, .term = {cpo_alpha}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// SimPO with an absolute margin and no likelihood term (Meng et al. 2024, arXiv:2405.14734, equation 6):
/// −log σ(β (c̄ − r̄) − γ). Defaults of TRL and Liger; the paper's β is 2 to 10.
struct simpo {
    double beta = 0.1, simpo_gamma = 0.5;

    [[nodiscard]] pairwise<per_token<reference_free>, logistic, given_target, constant_margin> parts() const {
        return {.beta = beta, .margin = {simpo_gamma}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// SimPO with the margin as a multiple of β (the authors' code and HALOs): −log σ(β (c̄ − r̄ − γ/β)).
struct simpo_ratio {
    double beta = 2, gamma_beta_ratio = 0.25;

    [[nodiscard]] pairwise<per_token<reference_free>, logistic, given_target, constant_margin> parts() const {
        return {.beta = beta, .margin = {beta * gamma_beta_ratio}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// AlphaPO (Gupta et al. 2025, arXiv:2501.03884, equation 7; TRL's `alphapo`): SimPO on (1 − p̄^{−α}) / α of the mean
/// token probability p̄, instead of log p̄.
struct alphapo {
    double beta = 0.1, simpo_gamma = 0.5, alpha = 0;

    [[nodiscard]] pairwise<alpha_mean_log_prob, logistic, given_target, constant_margin> parts() const {
        return {.beta = beta, .score = {alpha}, .margin = {simpo_gamma}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// Odds-ratio preference optimisation (Hong et al. 2024, arXiv:2403.07691, equations 6 and 7): −c̄ − β log σ(log-odds
/// p̄_w − log-odds p̄_l), p̄ = e^{c̄}. The likelihood term is the mean over the chosen response's tokens; TRL's counts the
/// prompt, too. Every log-prob must be below 0.
struct orpo {
    double beta = 0.1;

    [[nodiscard]] pairwise<mean_log_odds, scaled_link<logistic>, given_target, given_margin, given_weight, chosen_nll>
    parts() const {
        require(beta > 0 && std::isfinite(beta), "beta is ", beta, ", a positive number was expected");
        return {.beta = 1, .link = {.factor = beta}, .term = {1}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// SLiC-HF as published (Zhao et al. 2023, arXiv:2305.10425, equation 9): max(0, δ − c + r) + λ · mean-token negative
/// log-likelihood of the chosen response, log-probs summed and without a reference.
struct slic {
    double delta = 1, lambda = 0.1;

    [[nodiscard]] pairwise<reference_free, hinge_link, given_target, constant_margin, given_weight, chosen_nll>
    parts() const { // 1 − (c − r − (δ − 1)) = δ − c + r
        return {.beta = 1, .margin = {delta - 1}, .term = {lambda}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// Supervised fine-tuning on the chosen response: −c̄. Over a batch this is the mean of the pairs' means; TRL's `sft` is
/// the mean over all tokens of the batch.
struct chosen_likelihood {
    [[nodiscard]] pairwise<per_token<reference_free>, chosen_only> parts() const { return {.beta = 1}; }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

} // namespace preflearn
