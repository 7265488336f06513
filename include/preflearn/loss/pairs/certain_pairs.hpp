/// \file
/// Pairs of which one response is certain, where a score of log-odds is infinite: losses whose penalty vanishes fast
/// enough have a limit there, z → ∞, φ(z) → 0.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include <preflearn/loss/pairs/pieces.hpp>
#include <preflearn/loss/pairs/steps.hpp>
#include <preflearn/loss/parts/link.hpp>
#include <preflearn/loss/parts/pair_parts.hpp>
#include <preflearn/loss/parts/score.hpp>
#include <preflearn/loss/parts/target.hpp>

namespace preflearn {

/// weight · loss of a pair and its derivatives where one response is certain.
template <class Real> struct pair_limit { Real loss, d_chosen, d_rejected; };

/// The limits of such a pair, given its target, margin and weight. No numbers where they are not finite: the other
/// order counts, too, or the score's slope grows faster than the penalty's vanishes.
template <class Parts, class Real>
PREFLEARN_DEVICE_AND_HOST pair_limit<Real> limit_of_pair(const Parts& parts, const pair_point<Real>& at, Real q,
                                                         Real given_margin, Real given_weight) {
    constexpr Real infinite = std::numeric_limits<Real>::infinity(), nan = std::numeric_limits<Real>::quiet_NaN();
    constexpr pair_limit<Real> none{nan, nan, nan};
    const bool chosen = parts.score.is_certain(at.chosen);
    const Real margin = margin_of(parts.margin, given_margin, at);
    const target_mixture<Real> mixture = mixture_of(parts.target, q, chosen ? infinite : -infinite);
    const Real share = chosen ? mixture.as_labelled : mixture.swapped;
    if ((chosen ? mixture.swapped : mixture.as_labelled) != 0) return none;
    const Real scale = static_cast<Real>(parts.beta), tail = static_cast<Real>(parts.link.tail());
    if (scale < 1 && share * tail != 0) return none;
    Real slope = 0;
    if (scale == 1 && share * tail != 0)
        slope = share * tail * std::exp(chosen ? margin : -margin) *
                (chosen ? parts.score.limit_slope(at.chosen_tokens, at.v, at.rejected_tokens)
                        : parts.score.limit_slope(at.rejected_tokens, at.u, at.chosen_tokens));
    const pair_penalty<Real> added = term_of(parts.term, at, q);
    const Real w = parts.weight(given_weight, q);
    return {w * (mixture.constant + added.value), w * ((chosen ? slope : Real(0)) + added.d_chosen),
            w * ((chosen ? Real(0) : slope) + added.d_rejected)};
}

namespace detail {

/// Gives pair i, of which one response is certain, its limits. False when they are not finite.
template <class Parts, class Real>
bool take_limit(const Parts& parts, const piece_columns<Real>& c, piece_steps<Real>& s, Real* d_chosen,
                Real* d_rejected, std::size_t i) {
    s.u[i] = c.chosen[i];
    s.v[i] = c.rejected[i];
    s.difference[i] = c.chosen[i] - c.rejected[i];
    const pair_limit<Real> limit = limit_of_pair(parts, point_at(c, s, i), c.target[i], c.margin[i], c.weight[i]);
    s.loss[i] = limit.loss;
    d_chosen[i] = limit.d_chosen;
    d_rejected[i] = limit.d_rejected;
    return std::isfinite(d_chosen[i]) && std::isfinite(d_rejected[i]);
}

} // namespace detail

/// What `compute(columns)` does, where it fails because responses are certain: these pairs are computed with a harmless
/// log-prob, then given their limits. False when there is another fault.
template <class Parts, class Real, class Compute>
[[gnu::cold, gnu::noinline]] bool compute_limits(const Parts& parts, const piece_columns<Real>& in,
                                                 piece_steps<Real>& steps, Real* d_chosen, Real* d_rejected,
                                                 const Compute& compute) {
    std::array<std::array<Real, pairs_per_piece<Real>>, 2> moved;
    bool any = false;
    for (std::size_t i = 0; i < in.size; ++i) {
        const bool chosen = parts.score.is_certain(in.chosen[i]), rejected = parts.score.is_certain(in.rejected[i]);
        if (chosen && rejected) return false;
        any |= chosen || rejected;
        moved[0][i] = chosen ? Real(-1) : in.chosen[i];
        moved[1][i] = rejected ? Real(-1) : in.rejected[i];
    }
    piece_columns<Real> other = in;
    other.chosen = moved[0].data();
    other.rejected = moved[1].data();
    if (!any || !form_log_ratios<Real>(other, steps, {}) || !compute(other)) return false;
    for (std::size_t i = 0; i < in.size; ++i)
        if ((moved[0][i] != in.chosen[i] || moved[1][i] != in.rejected[i]) &&
            !detail::take_limit(parts, in, steps, d_chosen, d_rejected, i))
            return false;
    return true;
}

} // namespace preflearn
