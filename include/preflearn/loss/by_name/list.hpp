/// \file
/// The lists of the named losses: types alone, each of which says in its own struct what it is. Programs, tests and
/// benchmarks go through them, so that a loss added here is everywhere.
///
/// In the formulas s is the logistic function, c and r are log π of the chosen and the rejected response (g of the gold
/// one), c0 and r0 the same under the reference, u = c − c0 and v = r − r0, z = beta (f(u) − f(v)) − margin with f the
/// score of the divergence (f(u) = u for the reverse KL), e = label_smoothing. Sums and means of coupled losses are
/// over the batch, x_(k) is its k-th smallest x. Of single completions the loss of a desirable one stands before that
/// of an undesirable one.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <iterator>
#include <tuple>
#include <utility>

#include <preflearn/loss/by_name/pair_list.hpp>
#include <preflearn/loss/coupled.hpp>
#include <preflearn/loss/groups/plackett_luce.hpp>
#include <preflearn/loss/groups/tpo.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/score.hpp>
#include <preflearn/loss/single/bco.hpp>
#include <preflearn/loss/single/kto.hpp>
#include <preflearn/loss/tokens/named.hpp>
#include <preflearn/loss/tokens/spa.hpp>
#include <preflearn/loss/tokens/wspo.hpp>

namespace preflearn {

/// All lists are in the order in which they are shown; that of losses of single pairs is in `pair_list.hpp`.
using coupled_losses =
    std::tuple<aot, aot_unpaired, dr_dpo, filtered_ropo, bco_pair_shifted, confidence_weighted_dpo_normalised,
               confident_dpo_quantile, chosen_likelihood_token_mean, mpo_token_mean>;
using triple_losses = std::tuple<tpo, tpo_hinge, tpo_ipo, tpo_l>;
using named_token_losses =
    std::tuple<ld_dpo<>, ld_dpo_policy_only<>, wpo<>, wpo_clamped<>, tdpo1<>, tdpo2<>, spa, humanline<>, wspo>;
using unpaired_losses = std::tuple<kto<>, kto<class_mean_kl<>>, kto<given_kl>, apo_zero_unpaired, bco, bco_given_delta>;
using listwise_losses = std::tuple<plackett_luce_loss>;

/// Every loss on pairs: those that look at each pair alone, then the coupled ones. And those of all kinds.
using pair_losses = decltype(std::tuple_cat(std::declval<named_losses>(), std::declval<coupled_losses>()));
using all_losses = decltype(std::tuple_cat(std::declval<pair_losses>(), std::declval<triple_losses>(),
                                           std::declval<named_token_losses>(), std::declval<unpaired_losses>(),
                                           std::declval<listwise_losses>()));

template <class Use> void for_each_coupled_loss(const Use& use) { for_each_loss_of<coupled_losses>(use); }
template <class Use> void for_each_pair_loss(const Use& use) { for_each_loss_of<pair_losses>(use); }
template <class Use> void for_each_triple_loss(const Use& use) { for_each_loss_of<triple_losses>(use); }
template <class Use> void for_each_token_loss(const Use& use) { for_each_loss_of<named_token_losses>(use); }
template <class Use> void for_each_unpaired_loss(const Use& use) { for_each_loss_of<unpaired_losses>(use); }
template <class Use> void for_each_listwise_loss(const Use& use) { for_each_loss_of<listwise_losses>(use); }
template <class Use> void for_each_loss(const Use& use) { for_each_loss_of<all_losses>(use); }

/// The loss with another divergence, where it has one: `divergence_family<dpo>::with<forward_kl>` is
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
    for (std::size_t i = 0; i < std::size(Loss::parameters); ++i)
        changed.*other::parameters[i].member = loss.*Loss::parameters[i].member;
    changed.divergence = divergence;
    return changed;
}

} // namespace preflearn
