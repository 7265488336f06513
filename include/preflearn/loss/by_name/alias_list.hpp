/// \file
/// Other names of the named losses: those of papers, TRL, OpenRLHF, axolotl, LLaMA-Factory, HALOs, NeMo-Aligner,
/// open-instruct and PaddleNLP that differ from the names of the lists. Case does not matter, and `-`, blank and `.`
/// are
/// `_`. A name that these sources use for several losses is refused with the candidates, but a name of the lists always
/// means what the lists say.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// A name, and what it stands for: the name of a loss, or several with blanks between them.
struct loss_alias {
    std::string_view alias, name;
};

inline constexpr auto loss_aliases = std::to_array<loss_alias>({
    {"dpo", "sigmoid"},
    {"f_dpo", "sigmoid"},
    {"fdpo", "sigmoid"},
    {"dpo_sigmoid", "sigmoid"},
    {"spin", "sigmoid"},
    {"c_dpo", "cdpo"},
    {"conservative_dpo", "cdpo"},
    {"robust_dpo", "robust"},
    {"dpo_robust", "robust"},
    {"dpo_hinge", "hinge"},
    {"rso", "hinge"},
    {"dpo_ipo", "ipo"},
    {"ipo_mean", "ipo"},
    {"dpo_norm", "sigmoid_norm"},
    {"dpo_mean", "sigmoid_norm"},
    {"ln_dpo", "sigmoid_norm"},
    {"length_normalised_dpo", "sigmoid_norm"},
    {"length_normalized_dpo", "sigmoid_norm"},
    {"exo", "exo_pair"},
    {"lrml", "discopop"},
    {"exponential_dpo", "exponential"},
    {"probit_dpo", "probit"},
    {"nca", "nca_pair"},
    {"sppo", "sppo_hard"},
    {"r_dpo", "rdpo"},
    {"length_regularised_dpo", "rdpo"},
    {"length_regularized_dpo", "rdpo"},
    {"dpo_positive", "dpop"},
    {"dpo_p", "dpop"},
    {"smaug", "dpop"},
    {"irpo", "rpo"},
    {"iterative_rpo", "rpo"},
    {"dpo_with_offset", "odpo"},
    {"cw_po", "cw_dpo"},
    {"cwpo", "cw_dpo"},
    {"confidence_weighted_dpo", "cw_dpo"},
    {"auxiliary_confidence", "confident_dpo"},
    {"rpo_sq", "distilled_dpo"},
    {"reward_distillation", "distilled_dpo"},
    {"gdpo", "geometric_dpo"},
    {"reward_aware_forward_kl", "rpo_fwd_kl"},
    {"reward_aware_backward_kl", "rpo_bwd_kl"},
    {"mixed_preference_optimization", "mpo"},
    {"cpo_sigmoid", "cpo"},
    {"sim_po", "simpo"},
    {"alpha_po", "alphapo"},
    {"odds_ratio", "orpo"},
    {"chosen_likelihood", "sft"},
    {"nll", "sft"},
    {"bt", "bradley_terry"},
    {"logexp", "bradley_terry"},
    {"log_exp", "bradley_terry"},
    {"pairwise_loss", "bradley_terry"},
    {"reward_model", "bradley_terry"},
    {"bradley_terry_centered", "bradley_terry_centred"},
    {"aot_pair", "aot"},
    {"aot_paired", "aot"},
    {"drdpo", "dr_dpo"},
    {"cw_dpo_normalized", "cw_dpo_normalised"},
    {"tpo_sigmoid", "tpo"},
    {"lddpo", "ld_dpo"},
    {"kto_pair", "kto_class_mean"},
    {"vanilla_kto", "kto_class_mean"},
    {"kto_vanilla", "kto_class_mean"},
    {"listwise_dpo", "plackett_luce"},
    {"dpo_pl", "plackett_luce"},
    {"pl", "plackett_luce"},
    {"listmle", "plackett_luce"},
    {"list_mle", "plackett_luce"},
    // of several losses
    {"rdpo", "rdpo robust"},
    {"slic_hf", "hinge slic"},
    {"apo", "apo_zero apo_down apo_zero_unpaired"},
    {"tdpo", "tdpo1 tdpo2"},
    {"bt_ties", "rao_kupper davidson"},
    {"bradley_terry_ties", "rao_kupper davidson"},
});

namespace detail {

/// In small letters with `_` for `-`, blank and `.`.
inline std::string plain_loss_name(std::string_view given) {
    std::string plain(given);
    for (char& c : plain) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (c == '-' || c == ' ' || c == '.') c = '_';
    }
    return plain;
}

} // namespace detail

/// The list's name of the loss that `given` names; an unknown name comes back in plain form. `is_listed(name)` says
/// whether a name is one of the lists'. \throws argument_error for a name that several losses have, naming them.
template <class IsListed> std::string listed_loss_name(std::string_view given, const IsListed& is_listed) {
    if (is_listed(given)) return std::string(given);
    std::string plain = detail::plain_loss_name(given);
    for (const auto& [alias, name] : loss_aliases) {
        if (alias != plain) continue;
        if (name.find(' ') == std::string_view::npos) return std::string(name);
        std::string candidates(name);
        for (std::size_t at = 0; (at = candidates.find(' ', at)) != std::string::npos; at += 2)
            candidates.replace(at, 1, ", ");
        throw argument_error(
            message("the name '", given, "' is used for several losses: ", candidates, "; one of these was expected"));
    }
    return plain;
}

/// The other names of a listed loss, with a blank before each; those that it shares with others are not among them.
inline std::string aliases_of(std::string_view listed) {
    std::string all;
    for (const auto& [alias, name] : loss_aliases)
        if (name == listed) all.append(" ").append(alias);
    return all;
}

} // namespace preflearn
