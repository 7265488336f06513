/// \file
/// The list of the named losses of single completions, beside those of `list.hpp`, `coupled_list.hpp`,
/// `triple_list.hpp` and `token_list.hpp`: name (TRL's where TRL has the loss), formula, parameters and source. In the
/// formulas s is the logistic function, u = log π − log π_ref of a completion, and the loss of a desirable completion
/// stands before that of an undesirable one.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <tuple>
#include <type_traits>

#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/single/bco.hpp>
#include <preflearn/loss/single/kto.hpp>

namespace preflearn {

namespace detail {

template <class Loss>
inline constexpr std::array<loss_parameter<double Loss::*>, 4> class_weight_parameters{
    {{"beta", &Loss::beta},
     {"desirable_weight", &Loss::desirable_weight},
     {"undesirable_weight", &Loss::undesirable_weight}}};

} // namespace detail

constexpr loss_description<kto<>> describe_loss(std::type_identity<kto<>>) {
    return {"kto",
            "desirable_weight s(-beta (u - k)) or undesirable_weight s(beta (u - k)), k = max(0, mean u of mismatched)",
            "KTO, arXiv:2402.01306; TRL's kto", detail::class_weight_parameters<kto<>>};
}
constexpr loss_description<kto<class_mean_kl<>>> describe_loss(std::type_identity<kto<class_mean_kl<>>>) {
    return {"kto_class_mean", "that of kto, k = max(0, mean u of the other class)",
            "KTO, arXiv:2402.01306, the authors' first code; TRL <= 0.9 kto_pair",
            detail::class_weight_parameters<kto<class_mean_kl<>>>};
}
/// Its k stands in the estimator, where a function finds it.
constexpr loss_description<kto<given_kl>, double& (*)(kto<given_kl>&)>
describe_loss(std::type_identity<kto<given_kl>>) {
    using loss = kto<given_kl>;
    return {"kto_given_kl",
            "that of kto, k = kl",
            "KTO, arXiv:2402.01306, at an estimate made elsewhere; Liger-Kernel",
            {{{"beta", [](loss& at) -> double& { return at.beta; }},
              {"desirable_weight", [](loss& at) -> double& { return at.desirable_weight; }},
              {"undesirable_weight", [](loss& at) -> double& { return at.undesirable_weight; }},
              {"kl", [](loss& at) -> double& { return at.estimator.value; }}}}};
}
constexpr loss_description<apo_zero_unpaired> describe_loss(std::type_identity<apo_zero_unpaired>) {
    return {"apo_zero_unpaired", "desirable_weight s(-beta u) or undesirable_weight s(beta u)",
            "APO, arXiv:2408.06266; TRL's apo_zero_unpaired", detail::class_weight_parameters<apo_zero_unpaired>};
}
constexpr loss_description<bco> describe_loss(std::type_identity<bco>) {
    return {"bco",
            "-log s(beta u - delta) or -log s(delta - beta u), delta = mean of beta u",
            "BCO, arXiv:2404.04656; TRL <= 0.28 on its first batch",
            {{{"beta", &bco::beta}}}};
}
constexpr loss_description<bco_given_delta> describe_loss(std::type_identity<bco_given_delta>) {
    return {"bco_given_delta",
            "-log s(beta u - delta) or -log s(delta - beta u)",
            "BCO, arXiv:2404.04656, at a running mean kept elsewhere",
            {{{"beta", &bco_given_delta::beta}, {"delta", &bco_given_delta::delta}}}};
}

/// The losses, in the order in which they are shown.
using unpaired_losses = std::tuple<kto<>, kto<class_mean_kl<>>, kto<given_kl>, apo_zero_unpaired, bco, bco_given_delta>;

/// Calls `use(loss)` with every loss of the list at its defaults.
template <class Use> void for_each_unpaired_loss(const Use& use) {
    detail::for_each_of(std::type_identity<unpaired_losses>(), use);
}

} // namespace preflearn
