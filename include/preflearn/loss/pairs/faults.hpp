/// \file
/// What is wrong with a batch of pairs, said by pair and column. The loop over pairs only notices *that* something is
/// wrong; the search for the place runs afterwards, so that good input does not pay for it.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/parts/lengths_read.hpp>

namespace preflearn {

/// The columns of real numbers of a batch, by name.
template <std::floating_point Real> auto named_columns(const pair_scores<Real>& scores) {
    using column = std::pair<std::string_view, std::span<const Real>>;
    return std::array{column{"chosen", scores.chosen},
                      column{"rejected", scores.rejected},
                      column{"reference_chosen", scores.reference_chosen},
                      column{"reference_rejected", scores.reference_rejected},
                      column{"weight", scores.weight},
                      column{"target", scores.target},
                      column{"margin", scores.margin}};
}

/// Columns have one entry per pair, or none where they may be missing; gradients are both wanted or both empty.
/// \throws argument_error naming the column and both lengths.
template <std::floating_point Real>
void check_lengths(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) {
    const std::size_t pairs = scores.size();
    const auto check = [pairs](std::string_view name, std::size_t found, bool may_be_empty) {
        require(found == pairs || (may_be_empty && found == 0), name, " has ", found, " entries for ", pairs, " pairs");
    };
    for (const auto& [name, values] : named_columns(scores)) check(name, values.size(), name != "rejected");
    check("chosen_tokens", scores.chosen_tokens.size(), true);
    check("rejected_tokens", scores.rejected_tokens.size(), true);
    require(scores.reference_chosen.size() == scores.reference_rejected.size(),
            "reference_chosen and reference_rejected must both be given or both be empty, found ",
            scores.reference_chosen.size(), " and ", scores.reference_rejected.size(), " entries");
    check("the gradient of chosen", gradients.chosen.size(), true);
    check("the gradient of rejected", gradients.rejected.size(), true);
    check("the column of values", gradients.values.size(), true);
    require(gradients.chosen.size() == gradients.rejected.size(), "gradients of chosen and rejected must both be given",
            " or both be empty, found ", gradients.chosen.size(), " and ", gradients.rejected.size(), " entries");
}

namespace detail {

/// Whether a loss says that it reads the reference or lengths, itself or by its parts.
template <class Loss> constexpr bool says_reference(bool otherwise) {
    if constexpr (requires { Loss::uses_reference; })
        return Loss::uses_reference;
    else if constexpr (requires { decltype(std::declval<const Loss&>().parts())::uses_reference; })
        return decltype(std::declval<const Loss&>().parts())::uses_reference;
    else
        return otherwise;
}
template <class Loss> constexpr bool says_lengths() {
    if constexpr (requires { Loss::uses_tokens; })
        return Loss::uses_tokens;
    else if constexpr (requires { decltype(std::declval<const Loss&>().parts())::uses_tokens; })
        return decltype(std::declval<const Loss&>().parts())::uses_tokens;
    else
        return false;
}
/// Which lengths; both where a loss says no more than that it uses lengths.
template <class Loss> constexpr lengths_read says_which_lengths() {
    if constexpr (requires { Loss::lengths; })
        return Loss::lengths;
    else if constexpr (requires { decltype(std::declval<const Loss&>().parts())::lengths; })
        return decltype(std::declval<const Loss&>().parts())::lengths;
    else
        return says_lengths<Loss>() ? lengths_read::both : lengths_read::none;
}
/// The same, but both where a loss says nothing of lengths, which it may read nonetheless.
template <class Loss> constexpr lengths_read lengths_read_at_most() {
    constexpr bool says = requires { Loss::uses_tokens; }
    || requires { decltype(std::declval<const Loss&>().parts())::uses_tokens; };
    return says ? says_which_lengths<Loss>() : lengths_read::both;
}
/// Whether it reads the columns of targets, of margins and of weights: yes, unless it says no.
template <class Loss> constexpr bool says_target() {
    if constexpr (requires { Loss::uses_target; })
        return Loss::uses_target;
    else if constexpr (requires { decltype(std::declval<const Loss&>().parts())::uses_target; })
        return decltype(std::declval<const Loss&>().parts())::uses_target;
    else
        return true;
}
template <class Loss> constexpr bool says_margin() {
    if constexpr (requires { Loss::uses_margin; })
        return Loss::uses_margin;
    else if constexpr (requires { decltype(std::declval<const Loss&>().parts())::uses_margin; })
        return decltype(std::declval<const Loss&>().parts())::uses_margin;
    else
        return true;
}
template <class Loss> constexpr bool says_weight() {
    if constexpr (requires { Loss::uses_weight; }) return Loss::uses_weight;
    return true;
}

} // namespace detail

/// The lengths that a loss may read: those that it says, both where it says nothing. One that is chosen at run time
/// says it by a member `reads_lengths()`.
template <class Loss> constexpr lengths_read lengths_read_by(const Loss& loss) {
    if constexpr (requires { loss.reads_lengths(); })
        return loss.reads_lengths();
    else
        return detail::lengths_read_at_most<Loss>();
}

/// The batch without the columns that the loss does not read: these are neither computed with nor checked. Margins
/// stay, because a loss that has no use for them refuses them.
template <class Loss, std::floating_point Real> pair_scores<Real> columns_read_by(pair_scores<Real> scores) {
    constexpr lengths_read lengths = detail::lengths_read_at_most<Loss>();
    if constexpr (!detail::says_reference<Loss>(true)) scores.reference_chosen = scores.reference_rejected = {};
    if constexpr (!detail::says_target<Loss>()) scores.target = {};
    if constexpr (lengths == lengths_read::none) scores.chosen_tokens = {};
    if (!reads_rejected_lengths(lengths, !scores.target.empty())) scores.rejected_tokens = {};
    return scores;
}

/// \throws argument_error when a length is missing that a loss reads.
template <std::floating_point Real> void check_lengths_given(lengths_read lengths, const pair_scores<Real>& scores) {
    const bool rejected = reads_rejected_lengths(lengths, !scores.target.empty());
    require((lengths == lengths_read::none || scores.chosen_tokens.size() == scores.size()) &&
                (!rejected || scores.rejected_tokens.size() == scores.size()),
            "this loss needs the responses' lengths: chosen_tokens ", rejected ? "and rejected_tokens " : "",
            "must be given");
}

/// Refuses columns of the pairs [begin, end) that hold what none may. \throws numeric_error for NaN and infinities, and
/// when the columns are finite but their difference is not; argument_error for a target outside [0, 1] or a negative
/// weight.
template <std::floating_point Real>
void refuse_first_fault(const pair_scores<Real>& scores, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
        for (const auto& [name, values] : named_columns(scores)) {
            if (values.empty()) continue;
            const Real value = values[i];
            require<numeric_error>(std::isfinite(value), "pair ", i, ": ", name, " is ", value,
                                   ", a finite number was expected");
            require(name != "target" || (value >= 0 && value <= 1), "pair ", i, ": target is ", value,
                    ", a probability in [0, 1] was expected");
            require(name != "weight" || value >= 0, "pair ", i, ": weight is ", value,
                    ", a number that is not negative was expected");
        }
        // All columns are finite: the difference of log-ratios, or the score made of it, is not.
        const Real u = scores.chosen[i] - (scores.reference_chosen.empty() ? 0 : scores.reference_chosen[i]);
        const Real v = scores.rejected[i] - (scores.reference_rejected.empty() ? 0 : scores.reference_rejected[i]);
        require<numeric_error>(std::isfinite(u - v), "pair ", i, ": the difference of the log-ratios ", u, " and ", v,
                               " exceeds the range of the type");
    }
}

/// Whether weights or targets are out of their range, [0, highest]; so is NaN.
template <std::floating_point Real> bool any_outside(std::span<const Real> column, Real highest) {
    unsigned faults = 0; // `|`, not `||`: a branch would keep the loop from becoming vector code
    for (const Real x : column) faults |= unsigned{!(x >= 0)} | unsigned{!(x <= highest)};
    return faults != 0;
}

/// \throws argument_error naming the first of the pairs with a length of 0.
template <std::floating_point Real>
void refuse_empty_responses(const pair_scores<Real>& scores, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
        require(scores.chosen_tokens.empty() || scores.chosen_tokens[i] > 0, "pair ", i,
                ": chosen_tokens is 0, a length above 0 was expected");
        require(scores.rejected_tokens.empty() || scores.rejected_tokens[i] > 0, "pair ", i,
                ": rejected_tokens is 0, a length above 0 was expected");
    }
}

/// The same when something is at fault: if it is none of these columns, it is a length of 0 (an argument_error) or a
/// score made of them (a numeric_error). The columns are those that the loss reads.
template <std::floating_point Real>
[[noreturn]] void throw_first_fault(const pair_scores<Real>& scores, std::size_t begin, std::size_t end) {
    refuse_first_fault(scores, begin, end);
    refuse_empty_responses(scores, begin, end);
    if (end == begin + 1)
        throw numeric_error(message("pair ", begin, ": the score made of chosen ", scores.chosen[begin],
                                    " and rejected ", scores.rejected[begin], " exceeds the range of the type"));
    throw numeric_error(message("pairs ", begin, " to ", end - 1, ": a score exceeds the range of the type"));
}

} // namespace preflearn
