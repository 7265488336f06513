/// \file
/// What a program prints of the losses that it knows by name.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/by_name/names.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/groups/plackett_luce.hpp>
#include <preflearn/loss/groups/triples.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/single/completions.hpp>
#include <preflearn/loss_values/completions.hpp>
#include <preflearn/loss_values/tokens.hpp>

namespace preflearn {

/// The columns of a CSV file that a loss needs, each with a blank before it.
template <class Loss> std::string needed_columns() {
    std::string names;
    if constexpr (PreferenceLoss<Loss, double> || TripleLoss<Loss, double>) {
        names = " chosen_logp rejected_logp";
        if (loss_uses_reference<Loss>) names += " reference_chosen_logp reference_rejected_logp";
        if (loss_lengths<Loss> != lengths_read::none) names += " chosen_tokens";
        if (loss_lengths<Loss> == lengths_read::both) names += " rejected_tokens";
        if (loss_lengths<Loss> == lengths_read::preferred) names += " (rejected_tokens beside target)";
        if (TripleLoss<Loss, double>) names += " gold_logp gold_tokens";
    } else if constexpr (UnpairedLoss<Loss, double>) {
        for (const std::string_view name : completion_fields<Loss>()) names += " " + std::string(name);
    } else if constexpr (ListwiseLoss<Loss, double>) {
        names = " list logp";
    } else {
        for (const token_field& field : token_fields<Loss>()) names += " " + std::string(field.name);
    }
    return names;
}

/// Every loss of the lists: name, formula, other names, parameters with defaults, columns it needs, source; a few lines
/// each.
inline std::string loss_list() {
    std::string text;
    for_each_loss([&]<class Loss>(Loss loss) {
        constexpr const loss_about& about = description_of<Loss>;
        text += std::string(about.name) + "\n  formula: " + std::string(about.formula);
        if (const std::string aliases = aliases_of(about.name); !aliases.empty()) text += "\n  also:" + aliases;
        text += "\n  parameters:";
        for (const parameter_place& parameter : parameters_of(loss))
            text += " " + std::string(parameter.name) + "=" + shortest_digits(*parameter.value);
        if constexpr (divergence_family<Loss>::exists)
            text += " f_divergence_type=reverse_kl f_alpha_divergence_coef=0.5";
        else if (parameters_of(loss).empty())
            text += " none";
        text += "\n  needs:" + needed_columns<Loss>();
        if constexpr (ListwiseLoss<Loss, double>) text += "\n  may have: reference_logp ranked weight";
        if constexpr (reduces_pairs<Loss, double>) text += "\n  batch: all pairs count as one batch";
        if constexpr (loss_uses_mismatched<Loss> || loss_uses_scores<Loss, double>)
            text += "\n  batch: all completions count as one batch";
        text += "\n  source: " + std::string(about.source) + "\n";
    });
    return text;
}

} // namespace preflearn
