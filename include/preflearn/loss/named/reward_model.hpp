/// \file
/// Losses of reward models on pairs, by their names in the literature. `chosen` and `rejected` are rewards in natural
/// logits; the reference columns are ignored. z = r_w − r_l − margin.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/check_parameter.hpp>
#include <preflearn/loss/parts/margin_links.hpp>
#include <preflearn/loss/parts/pair_links.hpp>

namespace preflearn {

/// The Bradley-Terry likelihood (Bradley & Terry 1952; Ouyang et al. 2022, arXiv:2203.02155, equation 1 for one pair;
/// with a margin column Touvron et al. 2023, arXiv:2307.09288, equation 2): −log σ(z), with a target q the
/// cross-entropy q · −log σ(z) + (1 − q) · −log σ(−z). A weight column of margins is NeMo's `scaled_bt`.
struct bradley_terry {
    static constexpr loss_about about{"bradley_terry", "-log s(c - r - margin)",
                                      "Bradley & Terry 1952; reward model, arXiv:2203.02155",
                                      "bt logexp log_exp pairwise_loss reward_model"};
    [[nodiscard]] pairwise<reference_free, logistic> parts() const { return {.beta = 1}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// The same with labels flipped with probability ε: (1 − ε) · −log σ(z) + ε · −log σ(−z).
struct smoothed_bradley_terry {
    static constexpr loss_about about{"bradley_terry_smoothed",
                                      "-(1-e) log s(c - r - margin) - e log s(r - c + margin)",
                                      "reward model with flipped labels"};
    double label_smoothing = 0.1;
    static constexpr loss_parameter<smoothed_bradley_terry> parameters[]{
        {"label_smoothing", &smoothed_bradley_terry::label_smoothing}};

    [[nodiscard]] pairwise<reference_free, logistic, smoothed_target> parts() const {
        check_probability("label_smoothing", label_smoothing);
        return {.beta = 1, .target = {label_smoothing}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// The same with centred rewards (TRL's reward trainer; Eisenstein et al. 2023, arXiv:2312.09244, section 4):
/// −log σ(z) + λ (r_w + r_l)².
struct centred_bradley_terry {
    static constexpr loss_about about{"bradley_terry_centred",
                                      "-log s(c - r - margin) + center_rewards_coefficient (c + r)^2",
                                      "arXiv:2312.09244; TRL's reward trainer", "bradley_terry_centered"};
    double center_rewards_coefficient = 0.01;
    static constexpr loss_parameter<centred_bradley_terry> parameters[]{
        {"center_rewards_coefficient", &centred_bradley_terry::center_rewards_coefficient}};

    [[nodiscard]] pairwise<reference_free, logistic, given_target, given_margin, given_weight, centred_rewards>
    parts() const {
        return {.beta = 1, .term = {center_rewards_coefficient}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// Wins, ties and losses by Rao & Kupper (1967, JASA 62): P(win) = σ(z − η), P(loss) = σ(−z − η), the rest is P(tie);
/// the target column is 1, ½ and 0 for won, tied and lost, in between the three are mixed linearly. η > 0.
struct rao_kupper {
    static constexpr loss_about about{"rao_kupper", "-log s(c - r - margin - eta); target 1/2 is a tie",
                                      "Rao & Kupper 1967"};
    double eta = 0.5;
    static constexpr loss_parameter<rao_kupper> parameters[]{{"eta", &rao_kupper::eta}};

    [[nodiscard]] pairwise<reference_free, rao_kupper_link, rao_kupper_ties> parts() const {
        check_positive("eta", eta);
        // log(e^{2 eta} - 1), which does not overflow
        return {.beta = 1, .link = {eta}, .target = {2 * eta + std::log(-std::expm1(-2 * eta))}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// The same by Davidson (1970, JASA 65): P(win) : P(tie) : P(loss) = e^{z/2} : ν : e^{−z/2}, ν > 0.
struct davidson {
    static constexpr loss_about about{"davidson", "log(1 + exp(-z) + nu exp(-z/2)); target 1/2 is a tie",
                                      "Davidson 1970"};
    double nu = 0.5;
    static constexpr loss_parameter<davidson> parameters[]{{"nu", &davidson::nu}};

    [[nodiscard]] pairwise<reference_free, davidson_link, davidson_ties> parts() const {
        require(nu > 0, "nu is ", nu, ", a positive number was expected");
        return {.beta = 1, .link = {nu}, .target = {std::log(nu)}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// Regression of the reward difference on the margin column: (r_w − r_l − margin)².
struct reward_regression {
    static constexpr loss_about about{"reward_regression", "(c - r - margin)^2", "regression of reward differences"};
    [[nodiscard]] pairwise<reference_free, squared_link> parts() const { return {.beta = 1}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// A classifier that sees both responses and says which is better (pairwise cross-entropy, e.g. a judge with one
/// logit): `chosen` is its logit for "the first" when it is shown (y_w, y_l), `rejected` the one when it is shown (y_l,
/// y_w): −log σ(c) − log σ(−r), both orders of one pair, so that it does not learn a place. A target q mixes in the
/// swapped label. With one order alone it is `bradley_terry` with zeros as rejected column.
struct pair_classifier {
    static constexpr loss_about about{"pair_classifier", "-log s(c) - log s(-r)",
                                      "cross-entropy of a logit that sees both responses, both orders"};
    [[nodiscard]] pairwise<reference_free, binary_classifier> parts() const { return {.beta = 1}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

} // namespace preflearn
