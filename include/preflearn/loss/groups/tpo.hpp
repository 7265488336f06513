/// \file
/// Triple preference optimisation (Saeidi et al. 2024, arXiv:2405.16681; TRL's TPO trainer): chosen and rejected are
/// contrasted without a reference policy, while the likelihood of a third, gold response is raised by `tpo_alpha` times
/// its mean over tokens (TRL calls the gold response `reference`, and takes the mean over all gold tokens of the
/// batch). c, r = log π of the chosen and the rejected response, g of the gold one, c̄, r̄, ḡ their means over tokens.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/groups/triples.hpp>
#include <preflearn/loss/named/dpo.hpp>
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/check_parameter.hpp>
#include <preflearn/loss/parts/margin_links.hpp>

namespace preflearn {

/// −log σ(β (c − r)) with label smoothing − `tpo_alpha` ḡ (TRL's `sigmoid`).
struct tpo {
    static constexpr loss_about about{"tpo", "-(1-e) log s(beta (c - r)) - e log s(-beta (c - r)) - tpo_alpha g/|y_g|",
                                      "TPO, arXiv:2405.16681; TRL's sigmoid", "tpo_sigmoid"};
    double beta = 0.01, label_smoothing = 0, tpo_alpha = 1;
    static constexpr loss_parameter<tpo> parameters[]{
        {"beta", &tpo::beta}, {"label_smoothing", &tpo::label_smoothing}, {"tpo_alpha", &tpo::tpo_alpha}};

    [[nodiscard]] with_gold_likelihood<pairwise<reference_free, logistic, smoothed_target>> parts() const {
        check_probability("label_smoothing", label_smoothing);
        return {{.beta = beta, .target = {label_smoothing}}, tpo_alpha};
    }
    template <class R> loss_sums operator()(triple_scores<R> s, triple_gradients<R> g) const { return parts()(s, g); }
};

/// max(0, 1 − β (c − r)) − `tpo_alpha` ḡ (TRL's `hinge`).
struct tpo_hinge {
    static constexpr loss_about about{"tpo_hinge", "max(0, 1 - beta (c - r)) - tpo_alpha g/|y_g|",
                                      "TPO, arXiv:2405.16681; TRL's hinge"};
    double beta = 0.01, tpo_alpha = 1;
    static constexpr loss_parameter<tpo_hinge> parameters[]{{"beta", &tpo_hinge::beta},
                                                            {"tpo_alpha", &tpo_hinge::tpo_alpha}};

    [[nodiscard]] with_gold_likelihood<pairwise<reference_free, hinge_link>> parts() const {
        return {{.beta = beta}, tpo_alpha};
    }
    template <class R> loss_sums operator()(triple_scores<R> s, triple_gradients<R> g) const { return parts()(s, g); }
};

/// (c̄ − r̄ − 1/(2β))² − `tpo_alpha` ḡ (TRL's `ipo`).
struct tpo_ipo {
    static constexpr loss_about about{"tpo_ipo", "(c/|y_w| - r/|y_l| - 1/(2 beta))^2 - tpo_alpha g/|y_g|",
                                      "TPO, arXiv:2405.16681; TRL's ipo"};
    double beta = 0.01, tpo_alpha = 1;
    static constexpr loss_parameter<tpo_ipo> parameters[]{{"beta", &tpo_ipo::beta}, {"tpo_alpha", &tpo_ipo::tpo_alpha}};

    [[nodiscard]] with_gold_likelihood<basic_ipo_mean<reference_free>> parts() const {
        return {{.beta = beta}, tpo_alpha};
    }
    template <class R> loss_sums operator()(triple_scores<R> s, triple_gradients<R> g) const { return parts()(s, g); }
};

/// −log σ(β (c̄ − r̄) − γ) with label smoothing − `tpo_alpha` ḡ (TPO-L; TRL's `tpo-l`).
struct tpo_l {
    static constexpr loss_about about{
        "tpo_l", "-(1-e) log s(x) - e log s(-x) - tpo_alpha g/|y_g|, x = beta (c/|y_w| - r/|y_l|) - tpo_l_gamma",
        "TPO-L, arXiv:2405.16681; TRL's tpo-l"};
    double beta = 0.01, label_smoothing = 0, tpo_l_gamma = 0.5, tpo_alpha = 1;
    static constexpr loss_parameter<tpo_l> parameters[]{{"beta", &tpo_l::beta},
                                                        {"label_smoothing", &tpo_l::label_smoothing},
                                                        {"tpo_l_gamma", &tpo_l::tpo_l_gamma},
                                                        {"tpo_alpha", &tpo_l::tpo_alpha}};

    [[nodiscard]] with_gold_likelihood<pairwise<per_token<reference_free>, logistic, smoothed_target, constant_margin>>
    parts() const {
        check_probability("label_smoothing", label_smoothing);
        return {{.beta = beta, .target = {label_smoothing}, .margin = {tpo_l_gamma}}, tpo_alpha};
    }
    template <class R> loss_sums operator()(triple_scores<R> s, triple_gradients<R> g) const { return parts()(s, g); }
};

} // namespace preflearn
