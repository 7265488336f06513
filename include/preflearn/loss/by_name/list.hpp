/// \file
/// The one list of the named preference losses: name (TRL's where TRL has the loss), formula, parameters and source.
/// Programs, tests and benchmarks go through it, so that a loss added here is everywhere. In the formulas s is the
/// logistic function, c and r are log π of the chosen and the rejected response, u and v the same less log π_ref,
/// z = beta (f(u) − f(v)) − margin with f the score of the divergence (f(u) = u for the reverse KL), e =
/// label_smoothing.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include <preflearn/loss/named.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/loss/parts/score.hpp>

namespace preflearn {

/// A parameter's name and place, which `std::invoke(member, loss)` finds; its default is that of a value-initialised
/// loss.
template <class Member> struct loss_parameter {
    std::string_view name{};
    Member member = nullptr;
};

/// What the list says of one loss type, whose parameters are members of its own unless `Member` says otherwise.
template <class Loss, class Member = double Loss::*> struct loss_description {
    std::string_view name, formula, source;
    std::array<loss_parameter<Member>, 4> places{};

    [[nodiscard]] constexpr std::size_t count() const {
        std::size_t n = 0;
        while (n < places.size() && places[n].member != nullptr) ++n;
        return n;
    }
};

/// Found by overload for every loss of the list; a user's own loss joins it by an overload in its own namespace.
template <class D> constexpr loss_description<basic_dpo<D>> describe_loss(std::type_identity<basic_dpo<D>>) {
    return {
        "sigmoid", "-log s(z)", "DPO, arXiv:2305.18290; f-DPO, arXiv:2309.16240", {{{"beta", &basic_dpo<D>::beta}}}};
}
constexpr loss_description<cdpo> describe_loss(std::type_identity<cdpo>) {
    return {"cdpo",
            "-(1-e) log s(z) - e log s(-z)",
            "Mitchell 2023; TRL <= 0.28 sigmoid with label_smoothing",
            {{{"beta", &cdpo::beta}, {"label_smoothing", &cdpo::label_smoothing}}}};
}
template <class D>
constexpr loss_description<basic_robust_dpo<D>> describe_loss(std::type_identity<basic_robust_dpo<D>>) {
    return {"robust",
            "[-(1-e) log s(z) + e log s(-z)] / (1-2e)",
            "rDPO, arXiv:2403.00409",
            {{{"beta", &basic_robust_dpo<D>::beta}, {"label_smoothing", &basic_robust_dpo<D>::label_smoothing}}}};
}
template <class D> constexpr loss_description<basic_hinge<D>> describe_loss(std::type_identity<basic_hinge<D>>) {
    return {"hinge",
            "max(0, 1-z)",
            "SLiC-HF, arXiv:2305.10425; RSO, arXiv:2309.06657",
            {{{"beta", &basic_hinge<D>::beta}}}};
}
template <class D> constexpr loss_description<basic_ipo_mean<D>> describe_loss(std::type_identity<basic_ipo_mean<D>>) {
    return {"ipo",
            "(u/|y_w| - v/|y_l| - 1/(2 beta))^2",
            "IPO, arXiv:2310.12036, on token means (TRL >= 0.7.11)",
            {{{"beta", &basic_ipo_mean<D>::beta}}}};
}
template <class D> constexpr loss_description<basic_ipo_sum<D>> describe_loss(std::type_identity<basic_ipo_sum<D>>) {
    return {"ipo_sum",
            "(u - v - 1/(2 beta))^2",
            "IPO, arXiv:2310.12036, as published",
            {{{"beta", &basic_ipo_sum<D>::beta}}}};
}
template <class D> constexpr loss_description<basic_dpo_mean<D>> describe_loss(std::type_identity<basic_dpo_mean<D>>) {
    return {"sigmoid_norm",
            "-log s(beta (u/|y_w| - v/|y_l|))",
            "length-normalised DPO, arXiv:2411.15124",
            {{{"beta", &basic_dpo_mean<D>::beta}}}};
}
template <class D> constexpr loss_description<basic_exo<D>> describe_loss(std::type_identity<basic_exo<D>>) {
    return {"exo_pair",
            "KL(s(z) || 1-e)",
            "EXO, arXiv:2402.00856",
            {{{"beta", &basic_exo<D>::beta}, {"label_smoothing", &basic_exo<D>::label_smoothing}}}};
}
template <class D> constexpr loss_description<basic_discopop<D>> describe_loss(std::type_identity<basic_discopop<D>>) {
    return {"discopop",
            "-(1-m) log s(z) + m exp(-z), m = s(z/discopop_tau)",
            "DiscoPOP, arXiv:2406.08414",
            {{{"beta", &basic_discopop<D>::beta}, {"discopop_tau", &basic_discopop<D>::discopop_tau}}}};
}
constexpr loss_description<exponential_dpo> describe_loss(std::type_identity<exponential_dpo>) {
    return {"exponential", "exp(-z)", "GPO, arXiv:2402.05749", {{{"beta", &exponential_dpo::beta}}}};
}
constexpr loss_description<probit_dpo> describe_loss(std::type_identity<probit_dpo>) {
    return {"probit", "-log Phi(z)", "Thurstone 1927", {{{"beta", &probit_dpo::beta}}}};
}
constexpr loss_description<nca> describe_loss(std::type_identity<nca>) {
    return {"nca_pair",
            "-log s(beta u) - 1/2 log s(-beta u) - 1/2 log s(-beta v)",
            "NCA, arXiv:2402.05369",
            {{{"beta", &nca::beta}}}};
}
constexpr loss_description<bco_pair> describe_loss(std::type_identity<bco_pair>) {
    return {"bco_pair",
            "-log s(beta u) - log s(-beta v)",
            "BCO, arXiv:2404.04656, without reward shift",
            {{{"beta", &bco_pair::beta}}}};
}
constexpr loss_description<sppo_hard> describe_loss(std::type_identity<sppo_hard>) {
    return {"sppo_hard",
            "(u - 1/(2 beta))^2 + (v + 1/(2 beta))^2",
            "SPPO, arXiv:2405.00675",
            {{{"beta", &sppo_hard::beta}}}};
}
constexpr loss_description<apo_zero> describe_loss(std::type_identity<apo_zero>) {
    return {"apo_zero", "s(-beta u) + s(beta v)", "APO, arXiv:2408.06266", {{{"beta", &apo_zero::beta}}}};
}
constexpr loss_description<apo_down> describe_loss(std::type_identity<apo_down>) {
    return {"apo_down", "s(beta u) + s(beta (v - u))", "APO, arXiv:2408.06266", {{{"beta", &apo_down::beta}}}};
}
constexpr loss_description<length_regularised_dpo> describe_loss(std::type_identity<length_regularised_dpo>) {
    return {"rdpo",
            "-log s(z + alpha (|y_w| - |y_l|))",
            "R-DPO, arXiv:2403.19159",
            {{{"beta", &length_regularised_dpo::beta}, {"alpha", &length_regularised_dpo::alpha}}}};
}
constexpr loss_description<dpo_positive> describe_loss(std::type_identity<dpo_positive>) {
    return {"dpop",
            "-log s(beta (u - v - lambda max(0, -u)))",
            "DPO-Positive, arXiv:2402.13228",
            {{{"beta", &dpo_positive::beta}, {"lambda", &dpo_positive::lambda}}}};
}
constexpr loss_description<rpo> describe_loss(std::type_identity<rpo>) {
    return {"rpo",
            "-log s(z) - rpo_alpha c/|y_w|",
            "iterative RPO, arXiv:2404.19733",
            {{{"beta", &rpo::beta}, {"rpo_alpha", &rpo::rpo_alpha}}}};
}
constexpr loss_description<odpo> describe_loss(std::type_identity<odpo>) {
    return {"odpo",
            "-log s(beta (u - v) - alpha log margin), no offset unless margin > 0",
            "ODPO, arXiv:2402.10571",
            {{{"beta", &odpo::beta}, {"alpha", &odpo::alpha}}}};
}
constexpr loss_description<ropo> describe_loss(std::type_identity<ropo>) {
    return {"ropo",
            "4 alpha/(1+alpha)^2 (-log s(z) + alpha s(-z))",
            "ROPO, arXiv:2404.04102",
            {{{"beta", &ropo::beta}, {"alpha", &ropo::alpha}}}};
}
constexpr loss_description<confidence_weighted_dpo> describe_loss(std::type_identity<confidence_weighted_dpo>) {
    return {
        "cw_dpo", "-|2 target - 1| log s(z)", "CW-PO, arXiv:2603.04968", {{{"beta", &confidence_weighted_dpo::beta}}}};
}
constexpr loss_description<confident_dpo> describe_loss(std::type_identity<confident_dpo>) {
    return {
        "confident_dpo",
        "-t log s(z) - (1-t) log s(-z), t = (1-alpha) target + alpha [z > threshold]",
        "auxiliary confidence, arXiv:2312.09390",
        {{{"beta", &confident_dpo::beta}, {"alpha", &confident_dpo::alpha}, {"threshold", &confident_dpo::threshold}}}};
}
constexpr loss_description<distilled_dpo> describe_loss(std::type_identity<distilled_dpo>) {
    return {"distilled_dpo",
            "(beta (u - v) - margin)^2",
            "reward distillation, arXiv:2405.19316",
            {{{"beta", &distilled_dpo::beta}}}};
}
constexpr loss_description<geometric_dpo> describe_loss(std::type_identity<geometric_dpo>) {
    return {"geometric_dpo",
            "-log s((2 target - 1) z)",
            "geometric averaging, arXiv:2409.06691",
            {{{"beta", &geometric_dpo::beta}}}};
}
constexpr loss_description<reward_aware_forward_kl> describe_loss(std::type_identity<reward_aware_forward_kl>) {
    return {"rpo_fwd_kl", "KL(s(z) || target)", "NeMo-Aligner's RPO", {{{"beta", &reward_aware_forward_kl::beta}}}};
}
constexpr loss_description<reward_aware_backward_kl> describe_loss(std::type_identity<reward_aware_backward_kl>) {
    return {"rpo_bwd_kl", "KL(target || s(z))", "NeMo-Aligner's RPO", {{{"beta", &reward_aware_backward_kl::beta}}}};
}
constexpr loss_description<mpo> describe_loss(std::type_identity<mpo>) {
    return {"mpo",
            "preference_weight sigmoid + quality_weight bco_pair + generation_weight sft",
            "MPO, arXiv:2411.10442",
            {{{"beta", &mpo::beta},
              {"preference_weight", &mpo::preference_weight},
              {"quality_weight", &mpo::quality_weight},
              {"generation_weight", &mpo::generation_weight}}}};
}
constexpr loss_description<cpo> describe_loss(std::type_identity<cpo>) {
    return {"cpo",
            "-(1-e) log s(beta (c - r)) - e log s(-beta (c - r)) - cpo_alpha c/|y_w|",
            "CPO, arXiv:2401.08417",
            {{{"beta", &cpo::beta}, {"label_smoothing", &cpo::label_smoothing}, {"cpo_alpha", &cpo::cpo_alpha}}}};
}
constexpr loss_description<simpo> describe_loss(std::type_identity<simpo>) {
    return {"simpo",
            "-log s(beta (c/|y_w| - r/|y_l|) - simpo_gamma)",
            "SimPO, arXiv:2405.14734, absolute margin (TRL, Liger)",
            {{{"beta", &simpo::beta}, {"simpo_gamma", &simpo::simpo_gamma}}}};
}
constexpr loss_description<simpo_ratio> describe_loss(std::type_identity<simpo_ratio>) {
    return {"simpo_ratio",
            "-log s(beta (c/|y_w| - r/|y_l| - gamma_beta_ratio))",
            "SimPO, arXiv:2405.14734, margin in units of beta (authors' code)",
            {{{"beta", &simpo_ratio::beta}, {"gamma_beta_ratio", &simpo_ratio::gamma_beta_ratio}}}};
}
constexpr loss_description<alphapo> describe_loss(std::type_identity<alphapo>) {
    return {"alphapo",
            "-log s(beta (g(c/|y_w|) - g(r/|y_l|)) - simpo_gamma), g(x) = (1 - exp(-alpha x))/alpha",
            "AlphaPO, arXiv:2501.03884",
            {{{"beta", &alphapo::beta}, {"simpo_gamma", &alphapo::simpo_gamma}, {"alpha", &alphapo::alpha}}}};
}
constexpr loss_description<orpo> describe_loss(std::type_identity<orpo>) {
    return {"orpo",
            "-c/|y_w| - beta log s(odds(c/|y_w|) - odds(r/|y_l|)), odds(x) = x - log(1 - exp x)",
            "ORPO, arXiv:2403.07691",
            {{{"beta", &orpo::beta}}}};
}
constexpr loss_description<slic> describe_loss(std::type_identity<slic>) {
    return {"slic",
            "max(0, delta - c + r) - lambda c/|y_w|",
            "SLiC-HF, arXiv:2305.10425, as published",
            {{{"delta", &slic::delta}, {"lambda", &slic::lambda}}}};
}
constexpr loss_description<chosen_likelihood> describe_loss(std::type_identity<chosen_likelihood>) {
    return {"sft", "-c/|y_w|", "supervised fine-tuning on the chosen response; TRL's is sft_token_mean"};
}
constexpr loss_description<bradley_terry> describe_loss(std::type_identity<bradley_terry>) {
    return {"bradley_terry", "-log s(c - r - margin)", "Bradley & Terry 1952; reward model, arXiv:2203.02155"};
}
constexpr loss_description<smoothed_bradley_terry> describe_loss(std::type_identity<smoothed_bradley_terry>) {
    return {"bradley_terry_smoothed",
            "-(1-e) log s(c - r - margin) - e log s(r - c + margin)",
            "reward model with flipped labels",
            {{{"label_smoothing", &smoothed_bradley_terry::label_smoothing}}}};
}
constexpr loss_description<centred_bradley_terry> describe_loss(std::type_identity<centred_bradley_terry>) {
    return {"bradley_terry_centred",
            "-log s(c - r - margin) + center_rewards_coefficient (c + r)^2",
            "arXiv:2312.09244; TRL's reward trainer",
            {{{"center_rewards_coefficient", &centred_bradley_terry::center_rewards_coefficient}}}};
}
constexpr loss_description<rao_kupper> describe_loss(std::type_identity<rao_kupper>) {
    return {"rao_kupper",
            "-log s(c - r - margin - eta); target 1/2 is a tie",
            "Rao & Kupper 1967",
            {{{"eta", &rao_kupper::eta}}}};
}
constexpr loss_description<davidson> describe_loss(std::type_identity<davidson>) {
    return {
        "davidson", "log(1 + exp(-z) + nu exp(-z/2)); target 1/2 is a tie", "Davidson 1970", {{{"nu", &davidson::nu}}}};
}
constexpr loss_description<reward_regression> describe_loss(std::type_identity<reward_regression>) {
    return {"reward_regression", "(c - r - margin)^2", "regression of reward differences"};
}
constexpr loss_description<pair_classifier> describe_loss(std::type_identity<pair_classifier>) {
    return {"pair_classifier", "-log s(c) - log s(-r)",
            "cross-entropy of a logit that sees both responses, both orders"};
}

template <class Loss> inline constexpr auto description_of = describe_loss(std::type_identity<Loss>{});

/// The losses, in the order in which they are shown.
using named_losses =
    std::tuple<basic_dpo<>, cdpo, basic_robust_dpo<>, basic_hinge<>, basic_ipo_mean<>, basic_ipo_sum<>,
               basic_dpo_mean<>, basic_exo<>, basic_discopop<>, exponential_dpo, probit_dpo, nca, bco_pair, sppo_hard,
               apo_zero, apo_down, length_regularised_dpo, dpo_positive, rpo, odpo, ropo, confidence_weighted_dpo,
               confident_dpo, distilled_dpo, geometric_dpo, reward_aware_forward_kl, reward_aware_backward_kl, mpo, cpo,
               simpo, simpo_ratio, alphapo, orpo, slic, chosen_likelihood, bradley_terry, smoothed_bradley_terry,
               centred_bradley_terry, rao_kupper, davidson, reward_regression, pair_classifier>;

namespace detail {

/// Calls `use(loss)` with every loss of a list of types, which is never made a tuple.
template <class... Losses, class Use> void for_each_of(std::type_identity<std::tuple<Losses...>>, const Use& use) {
    (use(Losses()), ...);
}

} // namespace detail

/// Calls `use(loss)` with every loss of the list at its defaults.
template <class Use> void for_each_named_loss(const Use& use) {
    detail::for_each_of(std::type_identity<named_losses>(), use);
}

/// A parameter of a loss: its name and where it stands in it.
struct parameter_place {
    std::string_view name;
    double* value;
};

/// The parameters of a loss that has a name, in the order of its description.
template <class Loss> std::vector<parameter_place> parameters_of(Loss& loss) {
    std::vector<parameter_place> all;
    for (const auto& [name, member] : description_of<Loss>.places)
        if (member != nullptr) all.push_back({name, &std::invoke(member, loss)});
    return all;
}

/// Whether a loss needs reference columns to be what its name says, and whether it needs lengths.
template <class Loss> inline constexpr bool loss_uses_reference = detail::says_reference<Loss>(true);
template <class Loss> inline constexpr bool loss_uses_tokens = detail::says_lengths<Loss>();
/// Which lengths it reads, and whether it reads weights, targets and margins.
template <class Loss> inline constexpr lengths_read loss_lengths = detail::says_which_lengths<Loss>();
template <class Loss> inline constexpr bool loss_uses_weight = detail::says_weight<Loss>();
template <class Loss> inline constexpr bool loss_uses_target = detail::says_target<Loss>();
template <class Loss> inline constexpr bool loss_uses_margin = detail::says_margin<Loss>();

/// The loss with another divergence, where it has one: `with_divergence<basic_dpo<>, forward_kl>` is
/// `basic_dpo<forward_kl>`.
template <class Loss> struct divergence_family { static constexpr bool exists = false; };
template <template <class> class Family, class D>
    requires ScorePart<D, double>
struct divergence_family<Family<D>> {
    static constexpr bool exists = true;
    template <class Other> using with = Family<Other>;
};

/// The same loss with another divergence; its parameters are kept.
template <class Divergence, class Loss> auto with_divergence(const Loss& loss, const Divergence& divergence) {
    using other = typename divergence_family<Loss>::template with<Divergence>;
    other changed;
    for (std::size_t i = 0; i < description_of<Loss>.count(); ++i)
        changed.*description_of<other>.places[i].member = loss.*description_of<Loss>.places[i].member;
    changed.divergence = divergence;
    return changed;
}

} // namespace preflearn
