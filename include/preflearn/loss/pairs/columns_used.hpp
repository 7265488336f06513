/// \file
/// Which columns of a batch a loss uses, as it says itself or by its parts.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/pairs/faults.hpp>

namespace preflearn {

/// Whether a loss needs reference columns to be what its name says, and whether it needs lengths.
template <class Loss> inline constexpr bool loss_uses_reference = detail::says_reference<Loss>(true);
template <class Loss> inline constexpr bool loss_uses_tokens = detail::says_lengths<Loss>();
/// Which lengths it reads, and whether it reads weights, targets and margins.
template <class Loss> inline constexpr lengths_read loss_lengths = detail::says_which_lengths<Loss>();
template <class Loss> inline constexpr bool loss_uses_weight = detail::says_weight<Loss>();
template <class Loss> inline constexpr bool loss_uses_target = detail::says_target<Loss>();
template <class Loss> inline constexpr bool loss_uses_margin = detail::says_margin<Loss>();

} // namespace preflearn
