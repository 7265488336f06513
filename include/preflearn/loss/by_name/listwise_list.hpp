/// \file
/// The list of the named losses of ranked lists of responses, beside those of pairs, triples, tokens and single
/// completions: name, formula, parameters and source.
// SPDX-License-Identifier: MIT
#pragma once

#include <tuple>
#include <type_traits>

#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/groups/plackett_luce.hpp>

namespace preflearn {

constexpr loss_description<plackett_luce_loss> describe_loss(std::type_identity<plackett_luce_loss>) {
    return {"plackett_luce",
            "sum over ranks i of log sum_{j >= i} exp(x_j) - x_i, x = beta (log p - log p_ref), best first",
            "Plackett 1975; listwise DPO, arXiv:2305.18290, appendix A.3",
            {{{"beta", &plackett_luce_loss::beta}}}};
}

/// The losses, in the order in which they are shown.
using listwise_losses = std::tuple<plackett_luce_loss>;

/// Calls `use(loss)` with every loss of the list at its defaults.
template <class Use> void for_each_listwise_loss(const Use& use) {
    detail::for_each_of(std::type_identity<listwise_losses>(), use);
}

} // namespace preflearn
