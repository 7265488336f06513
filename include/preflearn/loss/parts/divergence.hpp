/// \file
/// Scores of preference losses that bind the policy to the reference by an f-divergence other than the reverse KL:
/// s(u) = f'(e^u), u = log π − log π_ref (Wang et al. 2023, "Beyond reverse KL", arXiv:2309.16240, table 1). They hold
/// up to a constant per prompt, so that only differences mean something; those are taken without cancellation.
/// Exponentials that exceed the type's range stay at its largest number.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <numbers>

#include <preflearn/core/numbers/elementary.hpp>
#include <preflearn/loss/parts/score.hpp>

namespace preflearn {

/// The reverse KL divergence, f'(t) = log t + 1: the log-ratio itself, plain DPO. TRL's `reverse_kl`.
using reverse_kl = log_ratio;

namespace detail {

/// s(u) = (e^{k u} − 1) / k for k ≠ 0, s'(u) = e^{k u}; the difference as the larger power times 1 − e^{−|k (u − v)|}.
template <class Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_score<Real> power_scores(Real k,
                                                                                      const pair_point<Real>& at) {
    const Real most = std::numeric_limits<Real>::max() / 4 * std::min(std::abs(k), Real(1));
    const Real up = detail::smaller_size(saturated_exp(k * at.u), most),
               down = detail::smaller_size(saturated_exp(k * at.v), most);
    const Real size = std::max(up, down) * (one_minus_exp_of_minus(std::abs(k * at.difference)) / std::abs(k));
    return {{(up - 1) / k, up}, {(down - 1) / k, down}, std::copysign(size, at.difference)};
}

} // namespace detail

/// The forward KL divergence: s(u) = 1 − e^{−u}. TRL's `forward_kl`.
struct forward_kl {
    static constexpr bool uses_reference = true, uses_tokens = false, only_differences = true;
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline response_score<Real> operator()(Real u,
                                                                                            Real /*tokens*/) const {
        const Real power = saturated_exp(-u);
        return {1 - power, power};
    }
    template <class Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_score<Real> pair(const pair_point<Real>& at) const {
        return detail::power_scores(Real(-1), at);
    }
};

/// The Jensen-Shannon divergence: s(u) = log 2 + log σ(u). TRL's `js_divergence`.
struct js_divergence {
    static constexpr bool uses_reference = true, uses_tokens = false, only_differences = true;
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline response_score<Real> operator()(Real u,
                                                                                            Real /*tokens*/) const {
        const Real t = exp_of_minus(std::abs(u));
        const Real log_sigmoid = by_sign(u, u, Real(0)) - log_of_one_plus(t);
        return {std::numbers::ln2_v<Real> + log_sigmoid, by_sign(u, Real(1), t) / (1 + t)};
    }
    template <class Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_score<Real> pair(const pair_point<Real>& at) const {
        // log σ(u) − log σ(v) = (u − v) + softplus(v) − softplus(u), by whichever of the two forms has small terms.
        const response_score<Real> u = (*this)(at.u, Real(0)), v = (*this)(at.v, Real(0));
        const Real tu = log_of_one_plus(exp_of_minus(std::abs(at.u))),
                   tv = log_of_one_plus(exp_of_minus(std::abs(at.v)));
        const Real whole = by_sign(at.u, by_sign(at.v, at.difference, at.u), by_sign(at.v, -at.v, Real(0)));
        return {u, v, whole + (tv - tu)};
    }
};

/// The χ² divergence mixed with the reverse KL, f'(t) = t + log t: s(u) = e^u + u − 1 (χPO, Huang et al. 2024,
/// arXiv:2407.13399, equation 10, which clips this score; up to a constant).
struct chi_squared_kl {
    static constexpr bool uses_reference = true, uses_tokens = false, only_differences = true;
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline response_score<Real> operator()(Real u,
                                                                                            Real /*tokens*/) const {
        const Real power = saturated_exp(u);
        return {(power - 1) + u, power + 1};
    }
    template <class Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_score<Real> pair(const pair_point<Real>& at) const {
        const pair_score<Real> powers = detail::power_scores(Real(1), at);
        return {{powers.chosen.value + at.u, powers.chosen.derivative + 1},
                {powers.rejected.value + at.v, powers.rejected.derivative + 1},
                powers.difference + at.difference};
    }
};

/// The α-divergence as TRL 0.29 and later write it: s(u) = (e^{(a−1) u} − 1) / (a − 1), the reverse KL for a → 1 and
/// the forward KL at a = 0. Earlier releases of TRL (and the paper) use α = 1 − a: `alpha_divergence::of_alpha`.
struct alpha_divergence {
    static constexpr bool uses_reference = true, uses_tokens = false, only_differences = true;
    double coefficient = 0.5;

    /// The convention (1 − e^{−α u}) / α of the paper and of TRL up to 0.28.
    static constexpr alpha_divergence of_alpha(double alpha) { return {.coefficient = 1 - alpha}; }

    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline response_score<Real> operator()(Real u,
                                                                                            Real /*tokens*/) const {
        const pair_score<Real> both = pair(pair_point<Real>{u, 0, u, 0, u, 0, 0});
        return {both.difference, both.chosen.derivative};
    }
    template <class Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline pair_score<Real> pair(const pair_point<Real>& at) const {
        const Real k = static_cast<Real>(coefficient - 1);
        const Real near = std::abs(k) - Real(1e-6); // negative: the reverse KL
        const pair_score<Real> powers = detail::power_scores(by_sign(near, Real(1), k), at);
        return {{by_sign(near, at.u, powers.chosen.value), by_sign(near, Real(1), powers.chosen.derivative)},
                {by_sign(near, at.v, powers.rejected.value), by_sign(near, Real(1), powers.rejected.derivative)},
                by_sign(near, at.difference, powers.difference)};
    }
};

} // namespace preflearn
