/// \file
/// Preference losses of the log-ratio difference, by their published names: each is a few parts and the defaults of
/// its paper or of TRL 1.16, whose names the list of `list.hpp` uses. z = β (s(u) − s(v)) − margin with u, v =
/// log π − log π_ref of the chosen and the rejected response summed over tokens; `Divergence` makes the score s.
/// Without reference columns u = log π. Except where it is said, a target column q means q φ(z) + (1 − q) φ(−z).
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/pairs/rewards_scaled.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/check_parameter.hpp>
#include <preflearn/loss/parts/divergence.hpp>
#include <preflearn/loss/parts/margin_links.hpp>

namespace preflearn {

/// Direct preference optimisation (Rafailov et al. 2023, arXiv:2305.18290, equation 7; TRL's `sigmoid`): −log σ(z).
/// With a target q it is the cross-entropy of label and model (soft-label DPO; q = 1 − ε is cDPO of label smoothing ε).
/// With another divergence it is f-DPO (Wang et al. 2023, arXiv:2309.16240, equation 8). `beta` > 0 is the strength of
/// the KL anchor; 0.1 is the paper's default. TRL since 0.29 ignores `label_smoothing` here; see `cdpo`.
template <class Divergence = reverse_kl> struct basic_dpo {
    static constexpr loss_about about{"sigmoid", "-log s(z)", "DPO, arXiv:2305.18290; f-DPO, arXiv:2309.16240",
                                      "dpo f_dpo fdpo dpo_sigmoid spin"};
    double beta = 0.1;
    static constexpr loss_parameter<basic_dpo> parameters[1]{{"beta", &basic_dpo::beta}};
    Divergence divergence{};

    [[nodiscard]] pairwise<Divergence, logistic> parts() const { return {.beta = beta, .score = divergence}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

using dpo = basic_dpo<>;

/// Conservative DPO (Mitchell 2023, "A note on DPO with noisy preferences"): (1 − ε) φ(z) + ε φ(−z), φ = −log σ. The
/// `label_smoothing` of TRL's `sigmoid` up to 0.28, OpenRLHF and torchtune; TRL's default of 0 makes it DPO.
struct cdpo {
    static constexpr loss_about about{"cdpo", "-(1-e) log s(z) - e log s(-z)",
                                      "Mitchell 2023; TRL <= 0.28 sigmoid with label_smoothing",
                                      "c_dpo conservative_dpo"};
    double beta = 0.1, label_smoothing = 0;
    static constexpr loss_parameter<cdpo> parameters[]{{"beta", &cdpo::beta},
                                                       {"label_smoothing", &cdpo::label_smoothing}};

    [[nodiscard]] pairwise<log_ratio, logistic, smoothed_target> parts() const {
        check_probability("label_smoothing", label_smoothing);
        return {.beta = beta, .target = {label_smoothing}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// Robust DPO (Chowdhury et al. 2024, arXiv:2403.00409, equation 12; TRL's `robust`): [(1 − ε) φ(z) − ε φ(−z)] / (1 −
/// 2ε), unbiased when labels are flipped with probability ε < ½. May be negative.
template <class Divergence = reverse_kl> struct basic_robust_dpo {
    static constexpr loss_about about{"robust", "[-(1-e) log s(z) + e log s(-z)] / (1-2e)", "rDPO, arXiv:2403.00409",
                                      "robust_dpo dpo_robust"};
    double beta = 0.1, label_smoothing = 0;
    static constexpr loss_parameter<basic_robust_dpo> parameters[2]{
        {"beta", &basic_robust_dpo::beta}, {"label_smoothing", &basic_robust_dpo::label_smoothing}};
    Divergence divergence{};

    [[nodiscard]] pairwise<Divergence, logistic, noise_corrected_target> parts() const {
        require(label_smoothing >= 0 && label_smoothing < 0.5, "label_smoothing is ", label_smoothing,
                ", a probability below 1/2 was expected");
        return {.beta = beta, .score = divergence, .target = {label_smoothing}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

using robust_dpo = basic_robust_dpo<>;

/// Hinge (SLiC-HF normalised by the reference: Zhao et al. 2023, arXiv:2305.10425; RSO: Liu et al. 2023,
/// arXiv:2309.06657, equation 11; TRL's `hinge`): max(0, 1 − z).
template <class Divergence = reverse_kl> struct basic_hinge {
    static constexpr loss_about about{"hinge", "max(0, 1-z)", "SLiC-HF, arXiv:2305.10425; RSO, arXiv:2309.06657",
                                      "dpo_hinge rso"};
    double beta = 0.1;
    static constexpr loss_parameter<basic_hinge> parameters[1]{{"beta", &basic_hinge::beta}};
    Divergence divergence{};

    [[nodiscard]] pairwise<Divergence, hinge_link> parts() const { return {.beta = beta, .score = divergence}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

using hinge = basic_hinge<>;

/// Identity preference optimisation (Azar et al. 2023, arXiv:2310.12036, equation 17) on log-probs summed over tokens,
/// as in the paper, the DPO authors' code and OpenRLHF: (s(u) − s(v) − 1/(2β))². A margin column m shifts z: it is
/// taken off as m/β.
template <class Divergence = reverse_kl> struct basic_ipo_sum {
    static constexpr loss_about about{"ipo_sum", "(u - v - 1/(2 beta))^2", "IPO, arXiv:2310.12036, as published"};
    double beta = 0.1;
    static constexpr loss_parameter<basic_ipo_sum> parameters[1]{{"beta", &basic_ipo_sum::beta}};
    Divergence divergence{};

    [[nodiscard]] rewards_scaled<pairwise<Divergence, squared_link, given_target, margin_over_beta>> parts() const {
        return {beta, {.beta = 1, .score = divergence, .link = {.centre = 0.5 / beta}, .margin = {beta}}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

using ipo_sum = basic_ipo_sum<>;

/// IPO on means over tokens (TRL's `ipo` since 0.7.11, HALOs, LLaMA-Factory): (s(u)/|y_w| − s(v)/|y_l| − 1/(2β))².
template <class Divergence = reverse_kl> struct basic_ipo_mean {
    static constexpr loss_about about{"ipo", "(u/|y_w| - v/|y_l| - 1/(2 beta))^2",
                                      "IPO, arXiv:2310.12036, on token means (TRL >= 0.7.11)", "dpo_ipo ipo_mean"};
    double beta = 0.1;
    static constexpr loss_parameter<basic_ipo_mean> parameters[1]{{"beta", &basic_ipo_mean::beta}};
    Divergence divergence{};

    [[nodiscard]] rewards_scaled<pairwise<per_token<Divergence>, squared_link, given_target, margin_over_beta>>
    parts() const {
        return {beta, {.beta = 1, .score = {divergence}, .link = {.centre = 0.5 / beta}, .margin = {beta}}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

using ipo_mean = basic_ipo_mean<>;

/// DPO on means over tokens (TRL's `sigmoid_norm`; Lambert et al. 2024, arXiv:2411.15124, equation 6):
/// −log σ(β (s(u)/|y_w| − s(v)/|y_l|)).
template <class Divergence = reverse_kl> struct basic_dpo_mean {
    static constexpr loss_about about{"sigmoid_norm", "-log s(beta (u/|y_w| - v/|y_l|))",
                                      "length-normalised DPO, arXiv:2411.15124",
                                      "dpo_norm dpo_mean ln_dpo length_normalised_dpo length_normalized_dpo"};
    double beta = 0.1;
    static constexpr loss_parameter<basic_dpo_mean> parameters[1]{{"beta", &basic_dpo_mean::beta}};
    Divergence divergence{};

    [[nodiscard]] pairwise<per_token<Divergence>, logistic> parts() const {
        return {.beta = beta, .score = {divergence}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

using dpo_mean = basic_dpo_mean<>;

/// Efficient exact optimisation (Ji et al. 2024, arXiv:2402.00856, equation 16; TRL's `exo_pair`): KL(σ(z) ‖ 1 − ε)
/// with `label_smoothing` ε in (0, 1); 10⁻³ is the authors' advice. TRL rounds ε to float, which is 2·10⁻⁸ off.
template <class Divergence = reverse_kl> struct basic_exo {
    static constexpr loss_about about{"exo_pair", "KL(s(z) || 1-e)", "EXO, arXiv:2402.00856", "exo"};
    double beta = 0.1, label_smoothing = 1e-3;
    static constexpr loss_parameter<basic_exo> parameters[2]{{"beta", &basic_exo::beta},
                                                             {"label_smoothing", &basic_exo::label_smoothing}};
    Divergence divergence{};

    [[nodiscard]] pairwise<Divergence, reverse_kl_to_label> parts() const {
        require(label_smoothing > 0 && label_smoothing < 1, "label_smoothing is ", label_smoothing,
                ", a number in (0, 1) was expected");
        return {.beta = beta, .score = divergence, .link = reverse_kl_to_label::of(label_smoothing)};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

using exo = basic_exo<>;

/// DiscoPOP (Lu et al. 2024, arXiv:2406.08414, equation 5; TRL's `discopop`): (1 − m) · −log σ(z) + m e^{−z}, m =
/// σ(z/τ). Finite for every z (TRL and Liger give NaN for z below −89 in float).
template <class Divergence = reverse_kl> struct basic_discopop {
    static constexpr loss_about about{"discopop", "-(1-m) log s(z) + m exp(-z), m = s(z/discopop_tau)",
                                      "DiscoPOP, arXiv:2406.08414", "lrml"};
    double beta = 0.1, discopop_tau = 0.05;
    static constexpr loss_parameter<basic_discopop> parameters[2]{{"beta", &basic_discopop::beta},
                                                                  {"discopop_tau", &basic_discopop::discopop_tau}};
    Divergence divergence{};

    [[nodiscard]] pairwise<Divergence, modulated_link> parts() const {
        require(discopop_tau > 0, "discopop_tau is ", discopop_tau, ", a positive number was expected");
        return {.beta = beta, .score = divergence, .link = {discopop_tau}};
    }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

using discopop = basic_discopop<>;

/// DPO with an exponential penalty, e^{−z}, the convex loss of GPO with the heaviest left tail (Tang et al. 2024,
/// arXiv:2402.05749, table 1).
struct exponential_dpo {
    static constexpr loss_about about{"exponential", "exp(-z)", "GPO, arXiv:2402.05749", "exponential_dpo"};
    double beta = 0.1;
    static constexpr loss_parameter<exponential_dpo> parameters[]{{"beta", &exponential_dpo::beta}};

    [[nodiscard]] pairwise<log_ratio, exponential_link> parts() const { return {.beta = beta}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

/// DPO under Thurstone's model: −log Φ(z).
struct probit_dpo {
    static constexpr loss_about about{"probit", "-log Phi(z)", "Thurstone 1927", "probit_dpo"};
    double beta = 0.1;
    static constexpr loss_parameter<probit_dpo> parameters[]{{"beta", &probit_dpo::beta}};

    [[nodiscard]] pairwise<log_ratio, probit_link> parts() const { return {.beta = beta}; }
    template <class R> loss_sums operator()(pair_scores<R> s, pair_gradients<R> g) const { return parts()(s, g); }
};

} // namespace preflearn
