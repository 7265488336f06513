/// \file
/// The list of the named losses that couple a batch, beside that of `list.hpp`: name (TRL's where TRL has the loss),
/// formula, parameters and source. In the formulas s is the logistic function, c and r are log π of the chosen and the
/// rejected response, c0 and r0 the same under the reference, u = c − c0, v = r − r0, z = beta (u − v) − margin, e =
/// label_smoothing, x_(k) the k-th smallest x of the batch, and sums and means are over the batch.
// SPDX-License-Identifier: MIT
#pragma once

#include <tuple>
#include <type_traits>

#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/coupled/confidence.hpp>
#include <preflearn/loss/coupled/normalised.hpp>
#include <preflearn/loss/coupled/optimal_transport.hpp>
#include <preflearn/loss/coupled/robust.hpp>
#include <preflearn/loss/single/bco.hpp>

namespace preflearn {

constexpr loss_description<aot> describe_loss(std::type_identity<aot>) {
    return {"aot",
            "-(1-e) log s(beta d) - e log s(-beta d), d = (c - r)_(k) - (c0 - r0)_(k)",
            "AOT paired, arXiv:2406.05882",
            {{{"beta", &aot::beta}, {"label_smoothing", &aot::label_smoothing}}}};
}
constexpr loss_description<aot_unpaired> describe_loss(std::type_identity<aot_unpaired>) {
    return {"aot_unpaired",
            "-(1-e) log s(beta d) - e log s(-beta d), d = u_(k) - v_(k)",
            "AOT unpaired, arXiv:2406.05882",
            {{{"beta", &aot_unpaired::beta}, {"label_smoothing", &aot_unpaired::label_smoothing}}}};
}
constexpr loss_description<dr_dpo> describe_loss(std::type_identity<dr_dpo>) {
    return {"dr_dpo",
            "-beta_prime log mean exp(log s(z) / beta_prime)",
            "Dr. DPO, arXiv:2407.07880",
            {{{"beta", &dr_dpo::beta}, {"beta_prime", &dr_dpo::beta_prime}}}};
}
constexpr loss_description<bco_pair_shifted> describe_loss(std::type_identity<bco_pair_shifted>) {
    return {"bco_pair_shifted",
            "-log s(beta u - delta) - log s(delta - beta v), delta = mean of beta u, beta v",
            "BCO, arXiv:2404.04656; TRL <= 0.28 bco_pair on its first batch",
            {{{"beta", &bco_pair_shifted::beta}}}};
}
constexpr loss_description<confidence_weighted_dpo_normalised>
describe_loss(std::type_identity<confidence_weighted_dpo_normalised>) {
    return {"cw_dpo_normalised",
            "-sum C log s(z) / sum C, C = |2 target - 1|",
            "CW-PO, arXiv:2603.04968, divided by the weights",
            {{{"beta", &confidence_weighted_dpo_normalised::beta}}}};
}
constexpr loss_description<confident_dpo_quantile> describe_loss(std::type_identity<confident_dpo_quantile>) {
    return {"confident_dpo_quantile",
            "-t log s(z) - (1-t) log s(-z), t = (1-alpha) target + alpha [z >= quantile of z at 1 - mean target]",
            "auxiliary confidence, arXiv:2312.09390, threshold of the batch",
            {{{"beta", &confident_dpo_quantile::beta}, {"alpha", &confident_dpo_quantile::alpha}}}};
}
constexpr loss_description<chosen_likelihood_token_mean>
describe_loss(std::type_identity<chosen_likelihood_token_mean>) {
    return {"sft_token_mean", "-sum c / sum |y_w|", "supervised fine-tuning, mean over the batch's tokens (TRL's sft)"};
}
constexpr loss_description<mpo_token_mean> describe_loss(std::type_identity<mpo_token_mean>) {
    return {"mpo_token_mean",
            "preference_weight sigmoid + quality_weight bco_pair + generation_weight sft_token_mean",
            "MPO, arXiv:2411.10442, with the likelihood of TRL's sft",
            {{{"beta", &mpo_token_mean::beta},
              {"preference_weight", &mpo_token_mean::preference_weight},
              {"quality_weight", &mpo_token_mean::quality_weight},
              {"generation_weight", &mpo_token_mean::generation_weight}}}};
}

/// The losses, in the order in which they are shown.
using coupled_losses = std::tuple<aot, aot_unpaired, dr_dpo, bco_pair_shifted, confidence_weighted_dpo_normalised,
                                  confident_dpo_quantile, chosen_likelihood_token_mean, mpo_token_mean>;

/// Calls `use(loss)` with every loss of the list at its defaults.
template <class Use> void for_each_coupled_loss(const Use& use) {
    detail::for_each_of(std::type_identity<coupled_losses>(), use);
}

/// Calls `use(loss)` with every loss on pairs that has a name: those of single pairs, then the coupled ones.
template <class Use> void for_each_pair_loss(const Use& use) {
    for_each_named_loss(use);
    for_each_coupled_loss(use);
}

} // namespace preflearn
