/// \file
/// The penalty φ of a preference loss. A margin link is called with z = β (s_w − s_l) − margin and returns φ(z) and
/// φ'(z); a pair link is called with (β s_w, β s_l) for losses that are no function of the difference (NCA, SPPO, …).
/// Links have no branches and no calls where that is possible, so that the loop over pairs becomes vector code.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>

#include <preflearn/loss/elementary.hpp>

namespace preflearn {

/// φ(z) and φ'(z).
template <class Real> struct margin_penalty { Real value, derivative; };

/// φ(a, b) of the chosen and the rejected score, and its two partial derivatives.
template <class Real> struct pair_penalty { Real value, d_chosen, d_rejected; };

/// A penalty of the difference alone.
template <class L, class Real>
concept MarginLink = std::floating_point<Real> && requires(const L& link, Real z) {
    { link(z) } -> std::same_as<margin_penalty<Real>>;
};

/// A penalty of both scores.
template <class L, class Real>
concept PairLink = std::floating_point<Real> && requires(const L& link, Real chosen, Real rejected) {
    { link(chosen, rejected) } -> std::same_as<pair_penalty<Real>>;
};

/// φ(z) = −log σ(z) = log(1 + e^{−z}), φ'(z) = −σ(−z): the Bradley-Terry likelihood. Finite and relatively accurate for
/// every finite z: φ → −z and φ' → −1 for z → −∞, φ → e^{−z} and φ' → −e^{−z} for z → ∞ (0 beyond the type's range).
struct logistic {
    template <std::floating_point Real> margin_penalty<Real> operator()(Real z) const {
        const Real t = exp_of_minus(std::abs(z));
        return {std::max(-z, Real(0)) + log_of_one_plus(t), -(z > 0 ? t : Real(1)) / (1 + t)};
    }
};

} // namespace preflearn
