/// \file
/// Penalties of the margin z and the label's probability q = P(chosen ≻ rejected), as a teacher or a gold reward gives
/// it, that are no mixture of a penalty and its mirror image.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <limits>

#include <preflearn/core/numbers/elementary.hpp>
#include <preflearn/loss/parts/link.hpp>
#include <preflearn/loss/parts/margin_links.hpp>

namespace preflearn {

/// φ((2q − 1) z): geometric averaging of the policies that q = 1 and q = 0 ask for (Furuta et al. 2024,
/// arXiv:2409.06691, equation 10). No gradient at q = ½; φ at q = 1.
template <class Link = logistic> struct geometric_link {
    Link link{};
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real> operator()(Real z, Real q) const {
        const Real confidence = 2 * q - 1;
        const margin_penalty<Real> at = link(confidence * z);
        return {at.value, confidence * at.derivative};
    }
};

namespace detail {

/// The label's distribution, q no closer to 0 or 1 than the type's smallest normal number.
template <class Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline bernoulli<Real> bernoulli_of_label(Real q) {
    constexpr Real least = std::numeric_limits<Real>::min();
    const auto away = [](Real p) { return by_sign(p - least, least, p); };
    const Real loss = -log_of(away(q)), swapped_loss = -log_of(away(1 - q));
    return {swapped_loss - loss, q, 1 - q, loss, swapped_loss};
}

} // namespace detail

/// KL(σ(z) ‖ q), from the model's Bernoulli to the label's. At q = 0 and q = 1, where it is infinite, q counts as the
/// type's smallest normal number away from them.
struct kl_to_label {
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real> operator()(Real z, Real q) const {
        const detail::bernoulli<Real> label = detail::bernoulli_of_label(q);
        return detail::bernoulli_divergence(detail::bernoulli_of(margin_point<Real>(z)), label.log_odds, label.loss,
                                            label.swapped_loss);
    }
};

/// KL(q ‖ σ(z)): the cross-entropy less the label's own entropy, so that 0 is reached. The slope is σ(z) − q.
struct kl_from_label {
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real> operator()(Real z, Real q) const {
        const detail::bernoulli<Real> label = detail::bernoulli_of_label(q);
        const logistic_terms<Real> at(z);
        return {detail::bernoulli_divergence(label, z, at.loss, at.swapped_loss).value,
                by_sign(z, at.up - label.up, label.down - at.down)};
    }
};

} // namespace preflearn
