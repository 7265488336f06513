/// \file
/// log π_ref of both responses of every pair, computed once: the reference never changes, so a training run reads it
/// from an array.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <ranges>
#include <span>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/many.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/culprit.hpp>

namespace preflearn {

/// log π(y | x) in nats, two per comparison: entry 2i of `first`, 2i + 1 of `second`.
/// \throws numeric_error naming the pair when one is not finite; and what the policy throws, naming the pair.
template <class P, std::ranges::contiguous_range Comparisons>
std::vector<double> reference_log_probs(const P& policy, const Comparisons& comparisons) {
    using C = std::ranges::range_value_t<Comparisons>;
    check_policy<P, C>();
    const std::span<const C> pairs(comparisons);
    const std::vector<completion_of<C>> completions = completions_of(pairs);
    const std::span<const completion_of<C>> both(completions);
    std::vector<double> all =
        naming_the_culprit([&] { return log_probs(policy, both); }, pairs.size(),
                           [&](std::size_t i) { (void)log_probs(policy, both.subspan(2 * i, 2)); },
                           [&](std::size_t i) { return message("pair ", pairs[i].id); });
    require(all.size() == completions.size(), "the policy gave ", all.size(), " log-probs for ", completions.size(),
            " completions");
    for (std::size_t i = 0; i < all.size(); ++i) {
        require<numeric_error>(std::isfinite(all[i]), "pair ", pairs[i / 2].id, ": the reference's log-prob of its ",
                               i % 2 == 0 ? "first" : "second", " response is ", all[i]);
    }
    return all;
}

} // namespace preflearn
