/// \file
/// Scalar functions of log-probabilities and log-odds that neither overflow nor cancel. Every function
/// takes any finite argument; NaN gives NaN; infinities give the limit.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <numbers>
#include <ranges>
#include <span>

#include <preflearn/core/system/compiler.hpp>

namespace preflearn {

/// σ(x) = 1 / (1 + e^{-x}). Relative accuracy is kept in both tails, so σ(-x) replaces 1 - σ(x).
template <std::floating_point Real> Real sigmoid(Real x) {
    const Real e = std::exp(-std::abs(x));
    return (x >= 0 ? Real(1) : e) / (1 + e);
}

/// log(1 + e^x).
template <std::floating_point Real> Real softplus(Real x) {
    return std::max(x, Real(0)) + std::log1p(std::exp(-std::abs(x)));
}

/// log σ(x) = -softplus(-x).
template <std::floating_point Real> Real log_sigmoid(Real x) { return -softplus(-x); }

/// log(1 - e^x) for x <= 0; -∞ at 0, NaN above. Mächler (2012), "Accurately computing log(1 - exp(-|a|))".
template <std::floating_point Real> Real log1m_exp(Real x) {
    return x > -std::numbers::ln2_v<Real> ? std::log(-std::expm1(x)) : std::log1p(-std::exp(x));
}

/// log(e^a + e^b).
template <std::floating_point Real> Real log_add_exp(Real a, Real b) {
    if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<Real>::quiet_NaN();
    const Real high = std::max(a, b);
    return std::isinf(high) ? high : high + std::log1p(std::exp(std::min(a, b) - high));
}

/// log Σ e^{x_i}; -∞ for an empty range. The sum is taken in double.
template <std::floating_point Real> Real log_sum_exp(std::span<const Real> x) {
    if (x.empty()) return -std::numeric_limits<Real>::infinity();
    const Real high = *std::ranges::max_element(x);
    if (std::isinf(high)) {
        const bool defined = std::ranges::none_of(x, [](Real value) { return std::isnan(value); });
        return defined ? high : std::numeric_limits<Real>::quiet_NaN();
    }
    double sum = 0;
    for (const Real value : x) sum += static_cast<double>(std::exp(value - high));
    return static_cast<Real>(static_cast<double>(high) + std::log(sum));
}

/// log-odds of a probability, log(p / (1 - p)); ±∞ at 1 and 0, NaN outside [0, 1].
template <std::floating_point Real> Real logit(Real p) {
    // Around 1/2 the difference of two logarithms would cancel; 1 - 2p is exact there.
    if (std::abs(p - Real(0.5)) < Real(0.25))
        return p < Real(0.5) ? -std::log1p((1 - 2 * p) / p) : std::log1p((2 * p - 1) / (1 - p));
    return std::log(p) - std::log1p(-p);
}

} // namespace preflearn
