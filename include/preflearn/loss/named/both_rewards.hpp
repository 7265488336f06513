/// \file
/// Preference losses that look at both rewards and not at their difference alone, by their published names and TRL's
/// defaults. u, v = log π − log π_ref of the chosen and the rejected response summed over tokens. A target q mixes in
/// the loss of the swapped pair.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/pairs/rewards_scaled.hpp>
#include <preflearn/loss/parts/pair_links.hpp>
#include <preflearn/loss/parts/term.hpp>

namespace preflearn {

/// Noise contrastive alignment of a pair (Chen et al. 2024, arXiv:2402.05369, equation 10 with K = 2; TRL's
/// `nca_pair`): −log σ(βu) − ½ log σ(−βu) − ½ log σ(−βv).
struct nca {
    double beta = 0.1;

    [[nodiscard]] pairwise<log_ratio, noise_contrast> parts() const { return {.beta = beta}; }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// Binary classifier optimisation of a pair without reward shift (TRL ≥ 0.29 and Liger `bco_pair`; Jung et al. 2024,
/// arXiv:2404.04656, equation 10 with δ = 0): −log σ(βu) − log σ(−βv).
struct bco_pair {
    double beta = 0.1;

    [[nodiscard]] pairwise<log_ratio, binary_classifier> parts() const { return {.beta = beta}; }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// Anchored preference optimisation, zero (D'Oosterlinck et al. 2024, arXiv:2408.06266, table 1; TRL's `apo_zero`):
/// σ(−βu) + σ(βv): the chosen becomes likelier, the rejected less likely.
struct apo_zero {
    double beta = 0.1;

    [[nodiscard]] pairwise<log_ratio, anchored_zero> parts() const { return {.beta = beta}; }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// The same, down (TRL's `apo_down`): σ(βu) + σ(β(v − u)): both become less likely, the rejected more so.
struct apo_down {
    double beta = 0.1;

    [[nodiscard]] pairwise<log_ratio, anchored_down> parts() const { return {.beta = beta}; }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// Self-play preference optimisation with hard labels (Wu et al. 2024, arXiv:2405.00675, equation 4.7; TRL's
/// `sppo_hard`): (u − 1/(2β))² + (v + 1/(2β))².
struct sppo_hard {
    double beta = 0.1;

    [[nodiscard]] rewards_scaled<pairwise<log_ratio, self_play_squares>> parts() const {
        return {beta, {.beta = 1, .link = {.target = 0.5 / beta}}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// Mixed preference optimisation (Wang et al. 2024, arXiv:2411.10442, equation 5 with the weights of TRL's example), in
/// one pass: 0.8 · DPO + 0.2 · BCO without shift − 1 · mean-token log-likelihood of the chosen response, q of it and
/// 1 − q of the rejected's where there is a target. TRL's likelihood, which is the mean over all tokens of the batch,
/// is `mpo_token_mean`.
struct mpo {
    double beta = 0.1, preference_weight = 0.8, quality_weight = 0.2, generation_weight = 1;

    [[nodiscard]] pairwise<log_ratio, preference_and_quality, given_target, given_margin, given_weight, preferred_nll>
    parts() const {
        return {.beta = beta, .link = {preference_weight, quality_weight}, .term = {generation_weight}};
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

} // namespace preflearn
