/// \file
/// Which columns of a batch a loss uses, as it says itself or by its parts.
// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <preflearn/loss/parts/lengths_read.hpp>

namespace preflearn {

namespace detail {

template <class Loss> using parts_of = decltype(std::declval<const Loss&>().parts());

template <class Loss> constexpr bool says_reference() {
    if constexpr (requires { Loss::uses_reference; })
        return Loss::uses_reference;
    else if constexpr (requires { parts_of<Loss>::uses_reference; })
        return parts_of<Loss>::uses_reference;
    else
        return true;
}
template <class Loss> constexpr bool says_tokens() {
    if constexpr (requires { Loss::uses_tokens; })
        return Loss::uses_tokens;
    else if constexpr (requires { parts_of<Loss>::uses_tokens; })
        return parts_of<Loss>::uses_tokens;
    else
        return false;
}
template <class Loss> constexpr lengths_read says_lengths() {
    if constexpr (requires { Loss::lengths; })
        return Loss::lengths;
    else if constexpr (requires { parts_of<Loss>::lengths; })
        return parts_of<Loss>::lengths;
    else
        return says_tokens<Loss>() ? lengths_read::both : lengths_read::none;
}
template <class Loss> constexpr bool says_target() {
    if constexpr (requires { Loss::uses_target; })
        return Loss::uses_target;
    else if constexpr (requires { parts_of<Loss>::uses_target; })
        return parts_of<Loss>::uses_target;
    else
        return true;
}
template <class Loss> constexpr bool says_margin() {
    if constexpr (requires { Loss::uses_margin; })
        return Loss::uses_margin;
    else if constexpr (requires { parts_of<Loss>::uses_margin; })
        return parts_of<Loss>::uses_margin;
    else
        return true;
}
template <class Loss> constexpr bool says_weight() {
    if constexpr (requires { Loss::uses_weight; })
        return Loss::uses_weight;
    else if constexpr (requires { parts_of<Loss>::uses_weight; })
        return parts_of<Loss>::uses_weight;
    else
        return true;
}
template <class Loss> inline constexpr bool says_of_tokens = requires { Loss::uses_tokens; }
|| requires { parts_of<Loss>::uses_tokens; };

} // namespace detail

/// Whether a loss needs reference columns to be what its name says (yes, unless it says no), and whether it needs
/// lengths.
template <class Loss> inline constexpr bool loss_uses_reference = detail::says_reference<Loss>();
template <class Loss> inline constexpr bool loss_uses_tokens = detail::says_tokens<Loss>();
/// Which lengths it reads: both where it says no more than that it uses lengths. At most: both where it says nothing of
/// lengths, which it may read nonetheless.
template <class Loss> inline constexpr lengths_read loss_lengths = detail::says_lengths<Loss>();
template <class Loss>
inline constexpr lengths_read loss_lengths_at_most =
    detail::says_of_tokens<Loss> ? loss_lengths<Loss> : lengths_read::both;
/// Whether it reads weights, targets and margins: yes, unless it says no.
template <class Loss> inline constexpr bool loss_uses_weight = detail::says_weight<Loss>();
template <class Loss> inline constexpr bool loss_uses_target = detail::says_target<Loss>();
template <class Loss> inline constexpr bool loss_uses_margin = detail::says_margin<Loss>();

} // namespace preflearn
