/// \file
/// a φ(z) + b φ(−z) + constant and its derivatives, whatever form the link has: of the margin z, of z and the label's
/// probability q, or of both scores. `Plain` is known to have b = 0.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <tuple>
#include <utility>

#include <preflearn/core/numbers/elementary.hpp>
#include <preflearn/loss/pairs/pieces.hpp>
#include <preflearn/loss/pairs/steps.hpp>
#include <preflearn/loss/parts/link.hpp>
#include <preflearn/loss/parts/target.hpp>

namespace preflearn {

/// Forms the exponentials of which a link makes its penalty, where it takes them; `largest` is the size of the largest
/// z.
template <class Link, class Real>
void form_powers(const Link& link, std::size_t size, piece_steps<Real>& __restrict__ s, Real largest) {
    if constexpr (ExponentialLink<Link, Real>) {
        form_exponentials(s.z.data(), size, largest, s.power[0].data());
    } else if constexpr (PairExponentialLink<Link, Real>) {
        const auto form = [&]<std::size_t K>(std::integral_constant<std::size_t, K>) {
            finite_so_far<Real> seen;
            for (std::size_t i = 0; i < size; ++i) {
                s.exponent[K][i] = std::get<K>(exponents_of(link, s.a[i], s.b[i], s.z[i]));
                seen.see(s.exponent[K][i]);
            }
            form_exponentials(s.exponent[K].data(), size, seen.largest(), s.power[K].data());
        };
        [&]<std::size_t... K>(std::index_sequence<K...>) { (form(std::integral_constant<std::size_t, K>{}), ...); }
        (std::make_index_sequence<exponents_taken<Link, Real>>{});
    }
}

/// φ(z), given e^{−|z|} where the link takes that.
template <class Link, class Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real>
penalty_of(const Link& link, Real z, [[maybe_unused]] const Real& power) {
    if constexpr (ExponentialLink<Link, Real>)
        return link.at(margin_point<Real>(z, power));
    else
        return link(z);
}
/// φ(a, b) with z = a − b.
template <class Link, class Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_penalty<Real> penalty_of(const Link& link, Real a, Real b,
                                                                                      Real z) {
    if constexpr (requires { link(a, b, z); })
        return link(a, b, z);
    else
        return link(a, b);
}
/// The same of pair i, by the exponentials that were formed.
template <class Link, class Real, std::size_t... K>
[[gnu::always_inline]] inline pair_penalty<Real> penalty_of(const Link& link, const piece_steps<Real>& s, std::size_t i,
                                                            std::index_sequence<K...>) {
    return link.at(std::array{margin_point<Real>(s.exponent[K][i], s.power[K][i])...});
}

/// Of a link of z, or of z and q, given e^{−|z|} where it takes that.
template <bool Plain, class Link, class Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real>
mixed_penalty(const Link& link, const target_mixture<Real>& mixture, Real z, Real q,
              [[maybe_unused]] const Real& power) {
    const auto [as_labelled, swapped, constant] = mixture;
    if constexpr (LabelLink<Link, Real>) {
        const margin_penalty<Real> labelled = link(z, q);
        return {labelled.value + constant, labelled.derivative};
    } else if constexpr (!Plain && MixingLink<Link, Real>) {
        const margin_penalty<Real> both = link.mixed(margin_point<Real>(z, power), as_labelled, swapped);
        return {both.value + constant, both.derivative};
    } else {
        margin_penalty<Real> both = penalty_of(link, z, power);
        both = {as_labelled * both.value, as_labelled * both.derivative};
        if constexpr (!Plain) { // a factor of 0 silences a swapped loss that overflows
            const Real used = std::abs(swapped) - std::numeric_limits<Real>::min();
            const margin_penalty<Real> other = penalty_of(link, -z, power);
            both.value += by_sign(used, Real(0), swapped * other.value);
            both.derivative -= by_sign(used, Real(0), swapped * other.derivative);
        }
        return {both.value + constant, both.derivative};
    }
}

/// Of a link of both scores a and b, z = a − b, given its penalty of the pair as labelled.
template <bool Plain, class Link, class Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_penalty<Real>
mixed_penalty(const Link& link, const target_mixture<Real>& mixture, const pair_penalty<Real>& labelled, Real a, Real b,
              Real z) {
    const auto [as_labelled, swapped, constant] = mixture;
    pair_penalty<Real> both = {as_labelled * labelled.value, as_labelled * labelled.d_chosen,
                               as_labelled * labelled.d_rejected};
    if constexpr (!Plain) {
        const Real used = std::abs(swapped) - std::numeric_limits<Real>::min();
        const pair_penalty<Real> other = penalty_of(link, b, a, -z);
        both.value += by_sign(used, Real(0), swapped * other.value);
        both.d_chosen += by_sign(used, Real(0), swapped * other.d_rejected);
        both.d_rejected += by_sign(used, Real(0), swapped * other.d_chosen);
    }
    return {both.value + constant, both.d_chosen, both.d_rejected};
}

/// The same of pair i.
template <bool Plain, class Link, class Real>
[[gnu::always_inline]] inline pair_penalty<Real> mixed_penalty(const Link& link, const target_mixture<Real>& mixture,
                                                               const piece_steps<Real>& s, std::size_t i) {
    pair_penalty<Real> labelled;
    if constexpr (PairExponentialLink<Link, Real>)
        labelled = penalty_of(link, s, i, std::make_index_sequence<exponents_taken<Link, Real>>{});
    else
        labelled = penalty_of(link, s.a[i], s.b[i], s.z[i]);
    return mixed_penalty<Plain>(link, mixture, labelled, s.a[i], s.b[i], s.z[i]);
}

} // namespace preflearn
