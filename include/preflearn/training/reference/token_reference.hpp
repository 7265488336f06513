/// \file
/// Per-token log-probs of both responses of every pair under a frozen policy, computed once: what token-level training
/// reads of its reference, and of the weak policies whose shift WSPO matches.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <ranges>
#include <span>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// log π(y_t | x, y_<t) in nats, two rows per comparison: row 2i of `first`, 2i + 1 of `second`. The policy has a const
/// member token_log_probs(completions), as transformers and text policies do.
/// \throws numeric_error naming pair and token when one is not finite.
template <class P, std::ranges::contiguous_range Comparisons>
ragged<double> reference_token_log_probs(const P& policy, const Comparisons& comparisons) {
    using C = std::ranges::range_value_t<Comparisons>;
    check_comparison<C>();
    const std::span<const C> pairs(comparisons);
    const std::vector<completion_of<C>> completions = completions_of(pairs);
    const std::span<const completion_of<C>> all(completions);
    constexpr bool knows = requires {
        { policy.token_log_probs(all) } -> std::convertible_to<ragged<double>>;
    };
    static_assert(knows,
                  "a reference for token-level losses has a const member token_log_probs(completions) that returns "
                  "ragged<double>, log π of each token of each response");
    ragged<double> rows = policy.token_log_probs(all);
    require(rows.size() == all.size(), "the policy gave ", rows.size(), " rows of log-probs for ", all.size(),
            " completions");
    for (std::size_t r = 0; r < rows.size(); ++r) {
        for (std::size_t t = 0; t < rows[r].size(); ++t)
            require<numeric_error>(std::isfinite(rows[r][t]), "pair ", pairs[r / 2].id, ": the log-prob of token ", t,
                                   " of its ", r % 2 == 0 ? "first" : "second", " response is ", rows[r][t]);
    }
    return rows;
}

/// log π_aligned − log π_reference of every token, rows as above: the shift that alignment made of a weak policy
/// (WSPO). Both tokenise alike. \throws argument_error naming the pair when they do not.
template <class Aligned, class Reference, std::ranges::contiguous_range Comparisons>
ragged<double> weak_token_shift(const Aligned& aligned, const Reference& reference, const Comparisons& comparisons) {
    const ragged<double> after = reference_token_log_probs(aligned, comparisons),
                         before = reference_token_log_probs(reference, comparisons);
    ragged<double> shift;
    std::vector<double> row;
    for (std::size_t r = 0; r < after.size(); ++r) {
        require(after[r].size() == before[r].size(), "pair ", std::span(comparisons)[r / 2].id, ": its ",
                r % 2 == 0 ? "first" : "second", " response has ", after[r].size(),
                " tokens for the aligned policy and ", before[r].size(), " for its reference");
        row.resize(after[r].size());
        for (std::size_t t = 0; t < row.size(); ++t) row[t] = after[r][t] - before[r][t];
        shift.push_back(row);
    }
    return shift;
}

} // namespace preflearn
