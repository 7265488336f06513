/// \file
/// A loss made of parts, of one pair: the algebra of `pairwise` as a pure function from numbers to numbers, without
/// columns, sums or exceptions. What a thread of a device computes; on the processor the loops of `pairwise`, which
/// become vector code, are many times faster and agree with it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <preflearn/core/system/compiler.hpp>
#include <preflearn/loss/pairs/certain_pairs.hpp>
#include <preflearn/loss/pairs/mixed_penalty.hpp>
#include <preflearn/loss/pairs/steps.hpp>
#include <preflearn/loss/parts/link.hpp>
#include <preflearn/loss/parts/pair_parts.hpp>
#include <preflearn/loss/parts/score.hpp>

namespace preflearn {

/// A pair's entries in the columns of `pair_scores`; the defaults are those of columns that are not given.
template <class Real> struct single_pair {
    Real chosen, rejected, reference_chosen = 0, reference_rejected = 0, weight = 1, target = 1, margin = 0;
    std::uint32_t chosen_tokens = 1, rejected_tokens = 1;
};

/// weight · loss, its derivatives in both log-probs, and the log-ratios.
template <class Real> struct pair_outcome {
    Real loss, d_chosen, d_rejected, u, v;
    /// Whether all is as `pairwise` wants it. It would refuse the pair otherwise; here its numbers mean nothing then.
    bool sound;
};

/// The pair as parts see it: u − v rounded once, whatever the four log-probs are.
template <class Real> PREFLEARN_DEVICE_AND_HOST pair_point<Real> point_of(const single_pair<Real>& pair) {
    const auto [u, u_lost] = exact_difference(pair.chosen, pair.reference_chosen);
    const auto [v, v_lost] = exact_difference(pair.rejected, pair.reference_rejected);
    const auto [difference, lost] = exact_difference(u, v);
    return {pair.chosen,
            pair.rejected,
            u,
            v,
            difference + (lost + (u_lost - v_lost)),
            static_cast<Real>(pair.chosen_tokens),
            static_cast<Real>(pair.rejected_tokens)};
}

/// `parts` is a `pairwise`; of columns that it does not read the defaults are to be given.
template <class Parts, class Real>
PREFLEARN_DEVICE_AND_HOST pair_outcome<Real> outcome_of_pair(const Parts& parts, const single_pair<Real>& pair) {
    using link_part = std::remove_cvref_t<decltype(parts.link)>;
    using score_part = std::remove_cvref_t<decltype(parts.score)>;
    constexpr Real largest = std::numeric_limits<Real>::max();
    const pair_point<Real> at = point_of(pair);
    const auto [chosen, rejected, difference] = scores_of_pair(parts.score, at);
    const Real scale = static_cast<Real>(parts.beta), q = pair.target;
    const Real z =
        PairLink<link_part, Real> ? scale * difference : scale * difference - margin_of(parts.margin, pair.margin, at);
    const Real w = parts.weight(pair.weight, q);
    const bool given = std::abs(at.difference) <= largest && std::abs(pair.margin) <= largest && pair.weight >= 0 &&
                       pair.weight <= largest && q >= 0 && q <= 1 &&
                       (!Parts::uses_tokens || (pair.chosen_tokens > 0 && pair.rejected_tokens > 0));
    if constexpr (CertainScore<score_part, Real> && TailLink<link_part> && MarginLink<link_part, Real>) {
        if (parts.score.is_certain(pair.chosen) != parts.score.is_certain(pair.rejected)) {
            const pair_limit<Real> limit = limit_of_pair(parts, at, q, pair.margin, pair.weight);
            return {limit.loss,
                    limit.d_chosen,
                    limit.d_rejected,
                    at.u,
                    at.v,
                    given && std::abs(limit.d_chosen) <= largest && std::abs(limit.d_rejected) <= largest};
        }
    }
    const target_mixture<Real> mixture = mixture_of(parts.target, q, z);
    const pair_penalty<Real> added = term_of(parts.term, at, q);
    Real penalty, du, dv;
    if constexpr (PairLink<link_part, Real>) {
        const Real a = scale * chosen.value, b = scale * rejected.value;
        const pair_penalty<Real> both =
            mixed_penalty<false>(parts.link, mixture, penalty_of(parts.link, a, b, z), a, b, z);
        penalty = both.value;
        du = both.d_chosen;
        dv = both.d_rejected;
    } else {
        const margin_penalty<Real> both = mixed_penalty<false>(parts.link, mixture, z, q, exp_of_minus(std::abs(z)));
        penalty = both.value;
        du = both.derivative;
        dv = -both.derivative;
    }
    const Real d_chosen = w * (scale * (du * chosen.derivative) + added.d_chosen),
               d_rejected = w * (scale * (dv * rejected.derivative) + added.d_rejected),
               loss = w * (penalty + added.value);
    const bool numbers = loss == loss && d_chosen == d_chosen && d_rejected == d_rejected;
    return {loss, d_chosen, d_rejected, at.u, at.v, given && std::abs(z) <= largest && w <= largest && numbers};
}

} // namespace preflearn
