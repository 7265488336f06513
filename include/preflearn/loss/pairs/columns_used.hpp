/// \file
/// Which columns of a batch a loss uses, as it says itself (`static constexpr bool uses_reference = …`) or by its
/// parts.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <utility>

#include <preflearn/core/scores.hpp>
#include <preflearn/loss/parts/lengths_read.hpp>

namespace preflearn {

namespace detail {

template <class Loss> using parts_of = decltype(std::declval<const Loss&>().parts());

template <class Loss> constexpr bool says_reference() {
    if constexpr (requires { Loss::uses_reference; })
        return Loss::uses_reference;
    else if constexpr (requires { typename parts_of<Loss>; })
        return says_reference<parts_of<Loss>>();
    else
        return true;
}
template <class Loss> constexpr bool says_tokens() {
    if constexpr (requires { Loss::uses_tokens; })
        return Loss::uses_tokens;
    else if constexpr (requires { typename parts_of<Loss>; })
        return says_tokens<parts_of<Loss>>();
    else
        return false;
}
/// Whether a loss says anything of lengths, which it may read nonetheless.
template <class Loss> constexpr bool speaks_of_tokens() {
    if constexpr (
        requires { typename parts_of<Loss>; } && !requires { Loss::uses_tokens; })
        return speaks_of_tokens<parts_of<Loss>>();
    else
        return requires { Loss::uses_tokens; };
}
template <class Loss> constexpr lengths_read says_lengths() {
    if constexpr (requires { Loss::lengths; })
        return Loss::lengths;
    else if constexpr (requires { typename parts_of<Loss>; })
        return says_lengths<parts_of<Loss>>();
    else
        return says_tokens<Loss>() ? lengths_read::both : lengths_read::none;
}
template <class Loss> constexpr bool says_weight() {
    if constexpr (requires { Loss::uses_weight; })
        return Loss::uses_weight;
    else if constexpr (requires { typename parts_of<Loss>; })
        return says_weight<parts_of<Loss>>();
    else
        return true;
}
template <class Loss> constexpr bool says_target() {
    if constexpr (requires { Loss::uses_target; })
        return Loss::uses_target;
    else if constexpr (requires { typename parts_of<Loss>; })
        return says_target<parts_of<Loss>>();
    else
        return true;
}
template <class Loss> constexpr bool says_margin() {
    if constexpr (requires { Loss::uses_margin; })
        return Loss::uses_margin;
    else if constexpr (requires { typename parts_of<Loss>; })
        return says_margin<parts_of<Loss>>();
    else
        return true;
}

} // namespace detail

/// Whether a loss needs reference columns to be what its name says: yes, unless it says no. Whether it needs lengths:
/// no, unless it says yes.
template <class Loss> inline constexpr bool loss_uses_reference = detail::says_reference<Loss>();
template <class Loss> inline constexpr bool loss_uses_tokens = detail::says_tokens<Loss>();
/// Which lengths; both where it says no more than that it uses lengths.
template <class Loss> inline constexpr lengths_read loss_lengths = detail::says_lengths<Loss>();
/// The same, but both where it says nothing of lengths, which it may read nonetheless.
template <class Loss>
inline constexpr lengths_read loss_lengths_at_most = detail::speaks_of_tokens<Loss>() ? loss_lengths<Loss>
                                                                                      : lengths_read::both;
/// Whether it reads the columns of weights, of targets and of margins: yes, unless it says no.
template <class Loss> inline constexpr bool loss_uses_weight = detail::says_weight<Loss>();
template <class Loss> inline constexpr bool loss_uses_target = detail::says_target<Loss>();
template <class Loss> inline constexpr bool loss_uses_margin = detail::says_margin<Loss>();

/// The lengths that a loss may read: those that it says, both where it says nothing. One that is chosen at run time
/// says it by a member `reads_lengths()`.
template <class Loss> constexpr lengths_read lengths_read_by(const Loss& loss) {
    if constexpr (requires { loss.reads_lengths(); })
        return loss.reads_lengths();
    else
        return loss_lengths_at_most<Loss>;
}

/// The batch without the columns that the loss does not read: these are neither computed with nor checked. Margins
/// stay, because a loss that has no use for them refuses them.
template <class Loss, std::floating_point Real> pair_scores<Real> columns_read_by(pair_scores<Real> scores) {
    constexpr lengths_read lengths = loss_lengths_at_most<Loss>;
    if constexpr (!loss_uses_reference<Loss>) scores.reference_chosen = scores.reference_rejected = {};
    if constexpr (!loss_uses_target<Loss>) scores.target = {};
    if constexpr (lengths == lengths_read::none) scores.chosen_tokens = {};
    if (!reads_rejected_lengths(lengths, !scores.target.empty())) scores.rejected_tokens = {};
    return scores;
}

} // namespace preflearn
