/// \file
/// The listed loss of a name, of whatever kind, as a value: every loss of the lists is compiled here.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

#include <preflearn/loss/by_name/any_kind.hpp>
#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/by_name/loss_named.hpp>
#include <preflearn/loss/by_name/names.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>

namespace preflearn {

namespace detail {

template <class Loss> constexpr loss_reads reads_of(loss_kind kind) {
    loss_reads reads{.reference = loss_uses_reference<Loss>, .lengths = loss_uses_tokens<Loss>};
    reads.weight = loss_uses_weight<Loss>;
    const bool pairs = kind == loss_kind::pairs || kind == loss_kind::triples || kind == loss_kind::tokens;
    reads.target = pairs && loss_uses_target<Loss>; // of single completions and of lists labels are hard
    reads.margin = pairs && loss_uses_margin<Loss>;
    if constexpr (requires { requires Loss::uses_weak_shift; }) reads.weak_shift = reads.lengths = true;
    return reads;
}

template <class Loss> loss_of_any_kind held_by_kind(const Loss& loss, loss_kind kind) {
    if constexpr (PreferenceLoss<Loss, double>) {
        if (kind == loss_kind::pairs) return any_loss<double>::of_parts(loss);
    }
    if constexpr (TripleLoss<Loss, double>)
        return any_loss_of<triple_scores<double>>(loss);
    else if constexpr (TokenLoss<Loss, double>)
        return any_token_loss<loss_uses_log_sum_squares<Loss>, loss_uses_divergence<Loss>>{
            any_loss_of<token_scores<double>>(loss)};
    else if constexpr (UnpairedLoss<Loss, double> && loss_uses_mismatched<Loss>)
        return loss;
    else if constexpr (UnpairedLoss<Loss, double>)
        return any_loss_of<completion_scores<double>>(loss);
    else if constexpr (ListwiseLoss<Loss, double>)
        return any_loss_of<ranked_scores<double>>(loss);
    else
        return any_loss<double>();
}

} // namespace detail

/// The loss of that name or alias, its parameters set. `List`: the losses that are compiled, one of which it must be.
/// \throws argument_error as `use_named_loss`
template <class List = all_losses>
kind_of_loss kind_of_loss_named(std::string_view name, std::span<const named_value> parameters = {}) {
    kind_of_loss chosen{.listed = loss_listed_as(name)};
    use_loss_of<List>(chosen.listed, parameters, [&]<class Loss>(const Loss& loss) {
        chosen.reads = detail::reads_of<Loss>(chosen.listed.kind);
        if constexpr (requires { loss.extrapolation(); }) chosen.reads.extrapolation = loss.extrapolation();
        chosen.loss = detail::held_by_kind(loss, chosen.listed.kind);
    });
    return chosen;
}

} // namespace preflearn
