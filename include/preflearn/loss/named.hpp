/// \file
/// Preference losses by their published names: each is a few parts and the defaults of its paper.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include <preflearn/loss/pairwise.hpp>

namespace preflearn {

/// Direct preference optimisation (Rafailov et al. 2023, arXiv:2305.18290, equation 7; TRL's `sigmoid`):
///   −log σ(β (u − v)),  u, v = log π − log π_ref of the chosen and the rejected response, summed over tokens.
/// With a target q it is the cross-entropy q · −log σ(z) + (1 − q) · −log σ(−z), z = β (u − v) − margin (q = 1 − ε is
/// the conservative DPO of label smoothing ε). Without reference columns u = log π: reference-free DPO.
/// `beta` > 0 is the strength of the KL anchor; 0.1 is the paper's default.
struct dpo {
    double beta = 0.1;

    [[nodiscard]] pairwise<log_ratio, logistic> parts() const { return {.beta = beta}; }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

/// The Bradley-Terry likelihood of rewards (Bradley & Terry 1952; Ouyang et al. 2022, arXiv:2203.02155, equation 1 for
/// one pair): −log σ(r_w − r_l − margin), with a target q as in `dpo`. `chosen` and `rejected` are rewards in natural
/// logits; the reference columns are ignored.
struct bradley_terry {
    [[nodiscard]] pairwise<reference_free, logistic> parts() const { return {.beta = 1}; }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return parts()(scores, gradients);
    }
};

} // namespace preflearn
