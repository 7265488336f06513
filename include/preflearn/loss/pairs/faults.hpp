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
