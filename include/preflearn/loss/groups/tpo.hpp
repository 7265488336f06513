/// \file
/// Triple preference optimisation (Saeidi et al. 2024, arXiv:2405.16681; TRL's TPO trainer): chosen and rejected are
/// contrasted without a reference policy, while the likelihood of a third, gold response is raised by `tpo_alpha` times
/// its mean over tokens (TRL calls the gold response `reference`, and takes the mean over all gold tokens of the
/// batch). c, r = log π of the chosen and the rejected response, g of the gold one, c̄, r̄, ḡ their means over tokens.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/groups/triples.hpp>
#include <preflearn/loss/named/dpo.hpp>
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/parts/margin_links.hpp>

namespace preflearn {

/// −log σ(β (c − r)) with label smoothing − `tpo_alpha` ḡ (TRL's `sigmoid`).
struct tpo {
    double beta = 0.01, label_smoothing = 0, tpo_alpha = 1;

    [[nodiscard]] with_gold_likelihood<pairwise<reference_free, logistic, smoothed_target>> parts() const {
        require(label_smoothing >= 0 && label_smoothing <= 1, "label_smoothing is ", label_smoothing,
                ", a probability was expected");
        return {{.beta = beta, .target = {label_smoothing}}, tpo_alpha};
    }
    template <std::floating_point Real>
    loss_sums operator()(const triple_scores<Real>& scores, const triple_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// max(0, 1 − β (c − r)) − `tpo_alpha` ḡ (TRL's `hinge`).
struct tpo_hinge {
    double beta = 0.01, tpo_alpha = 1;

    [[nodiscard]] with_gold_likelihood<pairwise<reference_free, hinge_link>> parts() const {
        return {{.beta = beta}, tpo_alpha};
    }
    template <std::floating_point Real>
    loss_sums operator()(const triple_scores<Real>& scores, const triple_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// (c̄ − r̄ − 1/(2β))² − `tpo_alpha` ḡ (TRL's `ipo`).
struct tpo_ipo {
    double beta = 0.01, tpo_alpha = 1;

    [[nodiscard]] with_gold_likelihood<basic_ipo_mean<reference_free>> parts() const {
        return {{.beta = beta}, tpo_alpha};
    }
    template <std::floating_point Real>
    loss_sums operator()(const triple_scores<Real>& scores, const triple_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// −log σ(β (c̄ − r̄) − γ) with label smoothing − `tpo_alpha` ḡ (TPO-L; TRL's `tpo-l`).
struct tpo_l {
    double beta = 0.01, label_smoothing = 0, tpo_l_gamma = 0.5, tpo_alpha = 1;

    [[nodiscard]] with_gold_likelihood<pairwise<per_token<reference_free>, logistic, smoothed_target, constant_margin>>
    parts() const {
        require(label_smoothing >= 0 && label_smoothing <= 1, "label_smoothing is ", label_smoothing,
                ", a probability was expected");
        return {{.beta = beta, .target = {label_smoothing}, .margin = {tpo_l_gamma}}, tpo_alpha};
    }
    template <std::floating_point Real>
    loss_sums operator()(const triple_scores<Real>& scores, const triple_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

} // namespace preflearn
