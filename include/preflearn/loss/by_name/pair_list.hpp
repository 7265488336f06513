/// \file
/// The list of the named losses of pairs that look at each pair alone, as `list.hpp` has it, without the other kinds:
/// what a device's compiler is shown.
// SPDX-License-Identifier: MIT
#pragma once

#include <tuple>
#include <type_traits>

#include <preflearn/loss/named.hpp>

namespace preflearn {

/// Losses of pairs that look at each pair alone, in the order in which they are shown.
using named_losses =
    std::tuple<dpo, cdpo, robust_dpo, hinge, ipo_mean, ipo_sum, dpo_mean, exo, discopop, exponential_dpo, probit_dpo,
               nca, bco_pair, sppo_hard, apo_zero, apo_down, length_regularised_dpo, dpo_positive, rpo, odpo, ropo,
               robust_dpo_by_pair, confidence_weighted_dpo, confident_dpo, distilled_dpo, geometric_dpo,
               reward_aware_forward_kl, reward_aware_backward_kl, mpo, cpo, simpo, simpo_ratio, alphapo, orpo, slic,
               chosen_likelihood, bradley_terry, smoothed_bradley_terry, centred_bradley_terry, rao_kupper, davidson,
               reward_regression, pair_classifier>;

/// Calls `use(loss)` with every loss of a list, which is never made a tuple, at its defaults.
template <class List, class Use> void for_each_loss_of(const Use& use) {
    [&]<class... Losses>(std::type_identity<std::tuple<Losses...>>) {
        (use(Losses()), ...);
    }(std::type_identity<List>());
}

template <class Use> void for_each_named_loss(const Use& use) { for_each_loss_of<named_losses>(use); }

} // namespace preflearn
