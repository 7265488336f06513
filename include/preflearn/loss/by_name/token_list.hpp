/// \file
/// The list of the named token-level losses, beside those of `list.hpp` and `coupled_list.hpp`: name, formula,
/// parameters and source. In the formulas s is the logistic function, log-probs are sums over the tokens of a response,
/// c and r of the chosen and the rejected one, u and v the same less those of the reference, z = beta (u − v).
// SPDX-License-Identifier: MIT
#pragma once

#include <tuple>
#include <type_traits>

#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/tokens/named.hpp>
#include <preflearn/loss/tokens/wspo.hpp>

namespace preflearn {

/// Parameters stand in the parts of a token-level loss, where a function finds them.
template <class Loss> using token_loss_description = loss_description<Loss, double& (*)(Loss&)>;

namespace detail {

template <class Loss> double& beta_of(Loss& loss) { return loss.loss.beta; }
template <class Loss> double& ld_alpha_of(Loss& loss) { return loss.part.ld_alpha; }

} // namespace detail

constexpr token_loss_description<ld_dpo<>> describe_loss(std::type_identity<ld_dpo<>>) {
    return {"ld_dpo",
            "-log s(z), tokens beyond the shorter response's length count by ld_alpha",
            "LD-DPO, arXiv:2409.06411; TRL >= 0.29 sigmoid with ld_alpha",
            {{{"beta", detail::beta_of}, {"ld_alpha", detail::ld_alpha_of}}}};
}
constexpr token_loss_description<ld_dpo_policy_only<>> describe_loss(std::type_identity<ld_dpo_policy_only<>>) {
    return {"ld_dpo_policy_only",
            "-log s(z), tokens beyond the shorter response's length count by ld_alpha in c and r alone",
            "LD-DPO, arXiv:2409.06411; TRL <= 0.28, LLaMA-Factory",
            {{{"beta", detail::beta_of}, {"ld_alpha", detail::ld_alpha_of}}}};
}
constexpr token_loss_description<wpo<>> describe_loss(std::type_identity<wpo<>>) {
    return {"wpo",
            "-w log s(z), w = exp of the mean of log p - log sum p^2 over y_w plus that over y_l, no gradient in w",
            "WPO, arXiv:2406.11827; TRL >= 0.29 sigmoid with use_weighting",
            {{{"beta", detail::beta_of}}}};
}
constexpr token_loss_description<wpo_clamped<>> describe_loss(std::type_identity<wpo_clamped<>>) {
    return {"wpo_clamped",
            "-min(w, 1) log s(z), w that of wpo",
            "WPO, arXiv:2406.11827, as the authors' code; TRL <= 0.28",
            {{{"beta", detail::beta_of}}}};
}
constexpr token_loss_description<tdpo1<>> describe_loss(std::type_identity<tdpo1<>>) {
    return {"tdpo1",
            "-log s(beta (u + D_w - v - D_l)), D = sum of the KL divergences",
            "TDPO1, arXiv:2404.11999, as the authors' code",
            {{{"beta", detail::beta_of}}}};
}
constexpr token_loss_description<tdpo2<>> describe_loss(std::type_identity<tdpo2<>>) {
    return {"tdpo2",
            "-log s(beta (u - v - alpha (D_l - D_w))), no gradient in D_w",
            "TDPO2, arXiv:2404.11999, as the authors' code",
            {{{"beta", detail::beta_of}, {"alpha", [](tdpo2<>& loss) -> double& { return loss.part.alpha; }}}}};
}
constexpr token_loss_description<humanline<>> describe_loss(std::type_identity<humanline<>>) {
    return {"humanline",
            "-log s(z), every token's log-ratio clamped to [log_least, log_most]",
            "HALOs' humanline",
            {{{"beta", detail::beta_of},
              {"log_least", [](humanline<>& loss) -> double& { return loss.part.log_least; }},
              {"log_most", [](humanline<>& loss) -> double& { return loss.part.log_most; }}}}};
}
constexpr token_loss_description<wspo> describe_loss(std::type_identity<wspo>) {
    return {"wspo",
            "mean of (beta (log p - log p_ref) - weak_shift)^2 over the tokens of y_w",
            "WSPO, arXiv:2410.18640",
            {{{"beta", [](wspo& loss) -> double& { return loss.beta; }}}}};
}

/// The losses, in the order in which they are shown.
using named_token_losses =
    std::tuple<ld_dpo<>, ld_dpo_policy_only<>, wpo<>, wpo_clamped<>, tdpo1<>, tdpo2<>, humanline<>, wspo>;

/// Calls `use(loss)` with every loss of the list at its defaults.
template <class Use> void for_each_token_loss(const Use& use) {
    detail::for_each_of(std::type_identity<named_token_losses>(), use);
}

} // namespace preflearn
