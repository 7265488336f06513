/// \file
/// Losses of reward models on pairs, by their names in the literature. `chosen` and `rejected` are rewards in natural
/// logits; the reference columns are ignored. z = r_w − r_l − margin.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/parts/margin_links.hpp>
#include <preflearn/loss/parts/pair_links.hpp>

namespace preflearn {

/// The Bradley-Terry likelihood (Bradley & Terry 1952; Ouyang et al. 2022, arXiv:2203.02155, equation 1 for one pair;
/// with a margin column Touvron et al. 2023, arXiv:2307.09288, equation 2): −log σ(z), with a target q the
/// cross-entropy q · −log σ(z) + (1 − q) · −log σ(−z). A weight column of margins is NeMo's `scaled_bt`.
struct bradley_terry {
    [[nodiscard]] pairwise<reference_free, logistic> parts() const { return {.beta = 1}; }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// The same with labels flipped with probability ε: (1 − ε) · −log σ(z) + ε · −log σ(−z).
struct smoothed_bradley_terry {
    double label_smoothing = 0.1;

    [[nodiscard]] pairwise<reference_free, logistic, smoothed_target> parts() const {
        require(label_smoothing >= 0 && label_smoothing <= 1, "label_smoothing is ", label_smoothing,
                ", a probability was expected");
        return {.beta = 1, .target = {label_smoothing}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// The same with centred rewards (TRL's reward trainer; Eisenstein et al. 2023, arXiv:2312.09244, section 4):
/// −log σ(z) + λ (r_w + r_l)².
struct centred_bradley_terry {
    double center_rewards_coefficient = 0.01;

    [[nodiscard]] pairwise<reference_free, logistic, given_target, given_margin, given_weight, centred_rewards>
    parts() const {
        return {.beta = 1, .term = {center_rewards_coefficient}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// Wins, ties and losses by Rao & Kupper (1967, JASA 62): P(win) = σ(z − η), P(loss) = σ(−z − η), the rest is P(tie);
/// the target column is 1, ½ and 0 for won, tied and lost, in between the three are mixed linearly. η > 0.
struct rao_kupper {
    double eta = 0.5;

    [[nodiscard]] pairwise<reference_free, rao_kupper_link, rao_kupper_ties> parts() const {
        require(eta > 0 && std::isfinite(eta), "eta is ", eta, ", a positive number was expected");
        // log(e^{2 eta} - 1), which does not overflow
        return {.beta = 1, .link = {eta}, .target = {2 * eta + std::log(-std::expm1(-2 * eta))}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// The same by Davidson (1970, JASA 65): P(win) : P(tie) : P(loss) = e^{z/2} : ν : e^{−z/2}, ν > 0.
struct davidson {
    double nu = 0.5;

    [[nodiscard]] pairwise<reference_free, davidson_link, davidson_ties> parts() const {
        require(nu > 0, "nu is ", nu, ", a positive number was expected");
        return {.beta = 1, .link = {nu}, .target = {std::log(nu)}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// Regression of the reward difference on the margin column: (r_w − r_l − margin)².
struct reward_regression {
    [[nodiscard]] pairwise<reference_free, squared_link> parts() const { return {.beta = 1}; }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// A classifier that sees both responses and says which is better (pairwise cross-entropy, e.g. a judge with one
/// logit): `chosen` is its logit for "the first" when it is shown (y_w, y_l), `rejected` the one when it is shown (y_l,
/// y_w): −log σ(c) − log σ(−r), both orders of one pair, so that it does not learn a place. A target q mixes in the
/// swapped label. With one order alone it is `bradley_terry` with zeros as rejected column.
struct pair_classifier {
    [[nodiscard]] pairwise<reference_free, binary_classifier> parts() const { return {.beta = 1}; }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

} // namespace preflearn
