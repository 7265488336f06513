/// \file
/// Token-level preference losses by their published names: a sequence-level loss with the parts that its paper adds.
/// Any PreferenceLoss stands in place of DPO: `ld_dpo<ipo_mean>`, `wpo<simpo>`.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/named/dpo.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/tokens/from_tokens.hpp>
#include <preflearn/loss/tokens/parts.hpp>

namespace preflearn {

/// Length-desensitised DPO (Liu et al. 2024, arXiv:2409.06411), `ld_alpha` of TRL since 0.29:
/// `ld_dpo<>{.loss = {.beta = 0.1}, .part = {.ld_alpha = 0.5}}`.
template <class Loss = dpo> using ld_dpo = from_tokens<Loss, length_desensitised>;
template <>
inline constexpr loss_about description_of<ld_dpo<>>{
    "ld_dpo", "-log s(z), tokens beyond the shorter response's length count by ld_alpha",
    "LD-DPO, arXiv:2409.06411; TRL >= 0.29 sigmoid with ld_alpha", "lddpo"};

/// The same with the reference's plain sum (TRL until 0.28, LLaMA-Factory).
template <class Loss = dpo> using ld_dpo_policy_only = from_tokens<Loss, policy_length_desensitised>;
template <>
inline constexpr loss_about description_of<ld_dpo_policy_only<>>{
    "ld_dpo_policy_only", "-log s(z), tokens beyond the shorter response's length count by ld_alpha in c and r alone",
    "LD-DPO, arXiv:2409.06411; TRL <= 0.28, LLaMA-Factory"};

/// Weighted preference optimisation (Zhou et al. 2024, arXiv:2406.11827), `use_weighting` of TRL since 0.29. The mean
/// divides by the pairs or by their given weights, as TRL does, not by the policy's.
template <class Loss = dpo> using wpo = from_tokens<Loss, summed_tokens, policy_likelihood>;
template <>
inline constexpr loss_about description_of<wpo<>>{
    "wpo", "-w log s(z), w = exp of the mean of log p - log sum p^2 over y_w plus that over y_l, no gradient in w",
    "WPO, arXiv:2406.11827; TRL >= 0.29 sigmoid with use_weighting"};

/// The same with weights of at most 1 (the authors' code, TRL until 0.28).
template <class Loss = dpo> using wpo_clamped = from_tokens<Loss, summed_tokens, clamped_policy_likelihood>;
template <>
inline constexpr loss_about description_of<wpo_clamped<>>{"wpo_clamped", "-min(w, 1) log s(z), w that of wpo",
                                                          "WPO, arXiv:2406.11827, as the authors' code; TRL <= 0.28"};

/// Token-level DPO (Zeng et al. 2024, arXiv:2404.11999), TDPO₁: −log σ(β [u + D_w − v − D_l]), D = Σ_t
/// KL(π_ref ‖ π)_t, with a gradient through both D, as in the authors' code. Rewards are those compared, β (u + D_w).
template <class Loss = dpo> using tdpo1 = from_tokens<Loss, sequential_divergence>;
template <>
inline constexpr loss_about description_of<tdpo1<>>{"tdpo1",
                                                    "-log s(beta (u + D_w - v - D_l)), D = sum of the KL divergences",
                                                    "TDPO1, arXiv:2404.11999, as the authors' code"};

/// TDPO₂: −log σ(β [u − v − α (D_l − stop(D_w))]). Rewards are those compared, β (u + α D_w); the
/// authors report β (u + D_w).
template <class Loss = dpo> using tdpo2 = from_tokens<Loss, stopped_sequential_divergence>;
template <>
inline constexpr loss_about description_of<tdpo2<>>{"tdpo2",
                                                    "-log s(beta (u - v - alpha (D_l - D_w))), no gradient in D_w",
                                                    "TDPO2, arXiv:2404.11999, as the authors' code"};

/// A loss of log-ratios clamped token by token (the `humanline` variants of HALOs).
template <class Loss = dpo> using humanline = from_tokens<Loss, clamped_log_ratios>;
template <>
inline constexpr loss_about description_of<humanline<>>{
    "humanline", "-log s(z), every token's log-ratio clamped to [log_least, log_most]", "HALOs' humanline"};

} // namespace preflearn
