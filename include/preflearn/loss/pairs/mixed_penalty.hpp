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

/// Of a link of z, or of z and q, given e^{−|z|} where it takes that.
template <bool Plain, class Link, class Real>
[[gnu::always_inline]] inline margin_penalty<Real> mixed_penalty(const Link& link, const target_mixture<Real>& mixture,
                                                                 Real z, Real q, [[maybe_unused]] const Real& power) {
    const auto [as_labelled, swapped, constant] = mixture;
    const auto penalty = [&](const auto& at) {
        if constexpr (ExponentialLink<Link, Real>)
            return link.at(margin_point<Real>(at, power));
        else
            return link(at);
    };
    if constexpr (LabelLink<Link, Real>) {
        const margin_penalty<Real> labelled = link(z, q);
        return {labelled.value + constant, labelled.derivative};
    } else if constexpr (!Plain && MixingLink<Link, Real>) {
        const margin_penalty<Real> both = link.mixed(margin_point<Real>(z, power), as_labelled, swapped);
        return {both.value + constant, both.derivative};
    } else {
        margin_penalty<Real> both = penalty(z);
        both = {as_labelled * both.value, as_labelled * both.derivative};
        if constexpr (!Plain) { // a factor of 0 silences a swapped loss that overflows
            const Real used = std::abs(swapped) - std::numeric_limits<Real>::min();
            const margin_penalty<Real> other = penalty(-z);
            both.value += by_sign(used, Real(0), swapped * other.value);
            both.derivative -= by_sign(used, Real(0), swapped * other.derivative);
        }
        return {both.value + constant, both.derivative};
    }
}

/// Of a link of both scores of pair i, given the exponentials that it takes.
template <bool Plain, class Link, class Real>
[[gnu::always_inline]] inline pair_penalty<Real> mixed_penalty(const Link& link, const target_mixture<Real>& mixture,
                                                               const piece_steps<Real>& s, std::size_t i) {
    const auto [as_labelled, swapped, constant] = mixture;
    const Real a = s.a[i], b = s.b[i], z = s.z[i];
    const auto penalty_of = [&](Real x, Real y, Real difference) {
        if constexpr (requires { link(x, y, difference); })
            return link(x, y, difference);
        else
            return link(x, y);
    };
    pair_penalty<Real> both = [&] {
        if constexpr (PairExponentialLink<Link, Real>) {
            const auto numbers = exponents_of(link, a, b, z);
            return [&]<std::size_t... K>(std::index_sequence<K...>) {
                return link.at(std::array{margin_point<Real>(numbers[K], s.power[K][i])...});
            }
            (std::make_index_sequence<exponents_taken<Link, Real>>{});
        } else {
            return penalty_of(a, b, z);
        }
    }();
    both = {as_labelled * both.value, as_labelled * both.d_chosen, as_labelled * both.d_rejected};
    if constexpr (!Plain) {
        const Real used = std::abs(swapped) - std::numeric_limits<Real>::min();
        const pair_penalty<Real> other = penalty_of(b, a, -z);
        both.value += by_sign(used, Real(0), swapped * other.value);
        both.d_chosen += by_sign(used, Real(0), swapped * other.d_rejected);
        both.d_rejected += by_sign(used, Real(0), swapped * other.d_chosen);
    }
    return {both.value + constant, both.d_chosen, both.d_rejected};
}

} // namespace preflearn
