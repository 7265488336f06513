/// \file
/// Preference losses without a reference policy, by their published names. c, r = log π of the chosen and the rejected
/// response, c̄, r̄ their means over the responses' tokens.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/check_parameter.hpp>
#include <preflearn/loss/parts/margin_links.hpp>
#include <preflearn/loss/parts/pair_links.hpp>

namespace preflearn {

/// Contrastive preference optimisation (Xu et al. 2024, arXiv:2401.08417, equations 5 and 6; TRL's CPO trainer,
/// `sigmoid`): −log σ(β (c − r)) with label smoothing + `cpo_alpha` · mean-token negative log-likelihood of the chosen
/// response.
struct cpo {
    static constexpr loss_about about{"cpo", "-(1-e) log s(beta (c - r)) - e log s(-beta (c - r)) - cpo_alpha c/|y_w|",
                                      "CPO, arXiv:2401.08417", "cpo_sigmoid"};
    double beta = 0.1, label_smoothing = 0, cpo_alpha = 1;
    static constexpr loss_parameter<cpo> parameters[]{
        {"beta", &cpo::beta}, {"label_smoothing", &cpo::label_smoothing}, {"cpo_alpha", &cpo::cpo_alpha}};

    [[nodiscard]] pairwise<reference_free, logistic, smoothed_target, given_margin, given_weight, chosen_nll>
    parts() const {
        check_probability("label_smoothing", label_smoothing);
        return {.beta = beta, .target = {label_smoothing}, .term = {cpo_alpha}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// SimPO with an absolute margin and no likelihood term (Meng et al. 2024, arXiv:2405.14734, equation 6):
/// −log σ(β (c̄ − r̄) − γ). Defaults of TRL and Liger; the paper's β is 2 to 10.
struct simpo {
    static constexpr loss_about about{"simpo", "-log s(beta (c/|y_w| - r/|y_l|) - simpo_gamma)",
                                      "SimPO, arXiv:2405.14734, absolute margin (TRL, Liger)", "sim_po"};
    double beta = 0.1, simpo_gamma = 0.5;
    static constexpr loss_parameter<simpo> parameters[]{{"beta", &simpo::beta}, {"simpo_gamma", &simpo::simpo_gamma}};

    [[nodiscard]] pairwise<per_token<reference_free>, logistic, given_target, constant_margin> parts() const {
        return {.beta = beta, .margin = {simpo_gamma}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// SimPO with the margin as a multiple of β (the authors' code and HALOs): −log σ(β (c̄ − r̄ − γ/β)).
struct simpo_ratio {
    static constexpr loss_about about{"simpo_ratio", "-log s(beta (c/|y_w| - r/|y_l| - gamma_beta_ratio))",
                                      "SimPO, arXiv:2405.14734, margin in units of beta (authors' code)"};
    double beta = 2, gamma_beta_ratio = 0.25;
    static constexpr loss_parameter<simpo_ratio> parameters[]{{"beta", &simpo_ratio::beta},
                                                              {"gamma_beta_ratio", &simpo_ratio::gamma_beta_ratio}};

    [[nodiscard]] pairwise<per_token<reference_free>, logistic, given_target, constant_margin> parts() const {
        return {.beta = beta, .margin = {beta * gamma_beta_ratio}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// AlphaPO (Gupta et al. 2025, arXiv:2501.03884, equation 7; TRL's `alphapo`): SimPO on (1 − p̄^{−α}) / α of the mean
/// token probability p̄, instead of log p̄.
struct alphapo {
    static constexpr loss_about about{
        "alphapo", "-log s(beta (g(c/|y_w|) - g(r/|y_l|)) - simpo_gamma), g(x) = (1 - exp(-alpha x))/alpha",
        "AlphaPO, arXiv:2501.03884", "alpha_po"};
    double beta = 0.1, simpo_gamma = 0.5, alpha = 0;
    static constexpr loss_parameter<alphapo> parameters[]{
        {"beta", &alphapo::beta}, {"simpo_gamma", &alphapo::simpo_gamma}, {"alpha", &alphapo::alpha}};

    [[nodiscard]] pairwise<alpha_mean_log_prob, logistic, given_target, constant_margin> parts() const {
        return {.beta = beta, .score = {alpha}, .margin = {simpo_gamma}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// Odds-ratio preference optimisation (Hong et al. 2024, arXiv:2403.07691, equations 6 and 7): −c̄ − β log σ(log-odds
/// p̄_w − log-odds p̄_l), p̄ = e^{c̄}. The likelihood term is the mean over the chosen response's tokens; TRL's counts the
/// prompt, too. Every log-prob must be below 0.
struct orpo {
    static constexpr loss_about about{
        "orpo", "-c/|y_w| - beta log s(odds(c/|y_w|) - odds(r/|y_l|)), odds(x) = x - log(1 - exp x)",
        "ORPO, arXiv:2403.07691", "odds_ratio"};
    double beta = 0.1;
    static constexpr loss_parameter<orpo> parameters[]{{"beta", &orpo::beta}};

    [[nodiscard]] pairwise<mean_log_odds, scaled_link<logistic>, given_target, given_margin, given_weight, chosen_nll>
    parts() const {
        check_positive("beta", beta);
        return {.beta = 1, .link = {.factor = beta}, .term = {1}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// SLiC-HF as published (Zhao et al. 2023, arXiv:2305.10425, equation 9): max(0, δ − c + r) + λ · mean-token negative
/// log-likelihood of the chosen response, log-probs summed and without a reference.
struct slic {
    static constexpr loss_about about{"slic", "max(0, delta - c + r) - lambda c/|y_w|",
                                      "SLiC-HF, arXiv:2305.10425, as published"};
    double delta = 1, lambda = 0.1;
    static constexpr loss_parameter<slic> parameters[]{{"delta", &slic::delta}, {"lambda", &slic::lambda}};

    [[nodiscard]] pairwise<reference_free, hinge_link, given_target, constant_margin, given_weight, chosen_nll>
    parts() const { // 1 − (c − r − (δ − 1)) = δ − c + r
        return {.beta = 1, .margin = {delta - 1}, .term = {lambda}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// Supervised fine-tuning on the chosen response: −c̄. Over a batch this is the mean of the pairs' means; TRL's `sft` is
/// the mean over all tokens of the batch.
struct chosen_likelihood {
    static constexpr loss_about about{"sft", "-c/|y_w|",
                                      "supervised fine-tuning on the chosen response; TRL's is sft_token_mean",
                                      "chosen_likelihood nll"};
    [[nodiscard]] pairwise<per_token<reference_free>, chosen_only> parts() const { return {.beta = 1}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

} // namespace preflearn
