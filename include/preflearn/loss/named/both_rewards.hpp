/// \file
/// Preference losses that look at both rewards and not at their difference alone, by their published names and TRL's
/// defaults. u, v = log π − log π_ref of the chosen and the rejected response summed over tokens. A target q mixes in
/// the loss of the swapped pair.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/pairs/rewards_scaled.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/pair_links.hpp>
#include <preflearn/loss/parts/term.hpp>

namespace preflearn {

/// Noise contrastive alignment of a pair (Chen et al. 2024, arXiv:2402.05369, equation 10 with K = 2; TRL's
/// `nca_pair`): −log σ(βu) − ½ log σ(−βu) − ½ log σ(−βv).
struct nca {
    static constexpr loss_about about{"nca_pair", "-log s(beta u) - 1/2 log s(-beta u) - 1/2 log s(-beta v)",
                                      "NCA, arXiv:2402.05369", "nca"};
    double beta = 0.1;
    static constexpr loss_parameter<nca> parameters[]{{"beta", &nca::beta}};

    [[nodiscard]] pairwise<log_ratio, noise_contrast> parts() const { return {.beta = beta}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// Binary classifier optimisation of a pair without reward shift (TRL ≥ 0.29 and Liger `bco_pair`; Jung et al. 2024,
/// arXiv:2404.04656, equation 10 with δ = 0): −log σ(βu) − log σ(−βv).
struct bco_pair {
    static constexpr loss_about about{"bco_pair", "-log s(beta u) - log s(-beta v)",
                                      "BCO, arXiv:2404.04656, without reward shift"};
    double beta = 0.1;
    static constexpr loss_parameter<bco_pair> parameters[]{{"beta", &bco_pair::beta}};

    [[nodiscard]] pairwise<log_ratio, binary_classifier> parts() const { return {.beta = beta}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// Anchored preference optimisation, zero (D'Oosterlinck et al. 2024, arXiv:2408.06266, table 1; TRL's `apo_zero`):
/// σ(−βu) + σ(βv): the chosen becomes likelier, the rejected less likely.
struct apo_zero {
    static constexpr loss_about about{"apo_zero", "s(-beta u) + s(beta v)", "APO, arXiv:2408.06266"};
    double beta = 0.1;
    static constexpr loss_parameter<apo_zero> parameters[]{{"beta", &apo_zero::beta}};

    [[nodiscard]] pairwise<log_ratio, anchored_zero> parts() const { return {.beta = beta}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// The same, down (TRL's `apo_down`): σ(βu) + σ(β(v − u)): both become less likely, the rejected more so.
struct apo_down {
    static constexpr loss_about about{"apo_down", "s(beta u) + s(beta (v - u))", "APO, arXiv:2408.06266"};
    double beta = 0.1;
    static constexpr loss_parameter<apo_down> parameters[]{{"beta", &apo_down::beta}};

    [[nodiscard]] pairwise<log_ratio, anchored_down> parts() const { return {.beta = beta}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// Self-play preference optimisation with hard labels (Wu et al. 2024, arXiv:2405.00675, equation 4.7; TRL's
/// `sppo_hard`): (u − 1/(2β))² + (v + 1/(2β))².
struct sppo_hard {
    static constexpr loss_about about{"sppo_hard", "(u - 1/(2 beta))^2 + (v + 1/(2 beta))^2", "SPPO, arXiv:2405.00675",
                                      "sppo"};
    double beta = 0.1;
    static constexpr loss_parameter<sppo_hard> parameters[]{{"beta", &sppo_hard::beta}};

    [[nodiscard]] rewards_scaled<pairwise<log_ratio, self_play_squares>> parts() const {
        return {beta, {.beta = 1, .link = {.target = 0.5 / beta}}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// Mixed preference optimisation (Wang et al. 2024, arXiv:2411.10442, equation 5 with the weights of TRL's example), in
/// one pass: 0.8 · DPO + 0.2 · BCO without shift − 1 · mean-token log-likelihood of the chosen response, q of it and
/// 1 − q of the rejected's where there is a target. TRL's likelihood, which is the mean over all tokens of the batch,
/// is `mpo_token_mean`.
struct mpo {
    static constexpr loss_about about{"mpo",
                                      "preference_weight sigmoid + quality_weight bco_pair + generation_weight sft",
                                      "MPO, arXiv:2411.10442", "mixed_preference_optimization"};
    double beta = 0.1, preference_weight = 0.8, quality_weight = 0.2, generation_weight = 1;
    static constexpr loss_parameter<mpo> parameters[]{{"beta", &mpo::beta},
                                                      {"preference_weight", &mpo::preference_weight},
                                                      {"quality_weight", &mpo::quality_weight},
                                                      {"generation_weight", &mpo::generation_weight}};

    [[nodiscard]] pairwise<log_ratio, preference_and_quality, given_target, given_margin, given_weight, preferred_nll>
    parts() const {
        return {.beta = beta, .link = {preference_weight, quality_weight}, .term = {generation_weight}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

} // namespace preflearn
