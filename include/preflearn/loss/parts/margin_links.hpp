/// \file
/// Penalties φ(z) of the margin z = β (s_w − s_l) − margin, beside the logistic one. Each says its limits for z → ±∞;
/// none gives NaN for a finite z.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <numbers>

#include <preflearn/core/numbers/elementary.hpp>
#include <preflearn/core/numbers/scaled_erfc.hpp>
#include <preflearn/loss/parts/link.hpp>

namespace preflearn {

/// φ(z) = max(0, 1 − z) (SLiC-HF, Zhao et al. 2023, arXiv:2305.10425; RSO, Liu et al. 2023, arXiv:2309.06657, eq. 11).
/// φ' = −1 below z = 1 and 0 from there on.
struct hinge_link {
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST margin_penalty<Real> operator()(Real z) const {
        return {by_sign(z - 1, 1 - z, Real(0)), by_sign(z - 1, Real(-1), Real(0))};
    }
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST Real curvature(Real /*z*/) const { return 0; }
    [[nodiscard]] PREFLEARN_DEVICE_AND_HOST double tail() const { return 0; }
};

/// φ(x) = σ(−x) = 1 − σ(x): bounded, least where the reward is far on its right side. Relatively accurate in both
/// tails, where 1 − σ(x) would be 0 from x = 37 on (17 in float).
struct sigmoid_link {
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real> operator()(Real x) const {
        const logistic_terms<Real> at(x);
        return {at.down, -at.slope()};
    }
};

/// φ(z) = (z − centre)². Grows on both sides up to the type's largest number, where it and φ' stay: infinities
/// would make NaN of a weight, a target or a slope of the score that is 0.
struct squared_link {
    double centre = 0;
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST margin_penalty<Real> operator()(Real z) const {
        constexpr Real largest = std::numeric_limits<Real>::max();
        const Real x = z - static_cast<Real>(centre), slope = 2 * x;
        return {detail::smaller_size(x * x, largest),
                std::copysign(detail::smaller_size(std::abs(slope), largest), slope)};
    }
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST Real curvature(Real /*z*/) const { return 2; }
};

/// φ(z) = e^{−z}, boosting's penalty; stays at the type's largest number for z → −∞.
struct exponential_link {
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real> operator()(Real z) const {
        const Real power = saturated_exp(-z);
        return {power, -power};
    }
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST Real curvature(Real z) const {
        return saturated_exp(-z);
    }
    [[nodiscard]] PREFLEARN_DEVICE_AND_HOST double tail() const { return -1; }
};

/// φ(z) = −log Φ(z), Thurstone's model with Φ the normal distribution function. φ → z²/2 + log(−z √(2π)), φ' → z for
/// z → −∞; φ → Φ(−z), φ' → −Φ'(z) for z → ∞. e^{−z²/2} has the rounding of z²/2: 1e-13 where it is smallest.
struct probit_link {
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real> operator()(Real z) const {
        constexpr Real root_half = static_cast<Real>(std::numbers::sqrt2 / 2);
        constexpr Real density = static_cast<Real>(0.39894228040143267794); // 1 / √(2π)
        const Real half_square = z * z / 2, scaled = scaled_erfc(std::abs(z) * root_half);
        // Φ(−|z|) = e^{−z²/2} scaled / 2
        const Real power = exp_of_minus(half_square), miss = scaled * power / 2, hit = 1 - miss;
        const Real below = half_square + log_of(2 / scaled), above = log_of_one_plus(miss / hit);
        return {by_sign(z, below, above), by_sign(z, -2 * density / scaled, -density * power / hit)};
    }
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST Real curvature(Real z) const {
        const Real slope = (*this)(z).derivative;
        return slope * (slope - z);
    }
};

namespace detail {

/// A Bernoulli distribution σ(z): its log-odds z, σ(z), σ(−z) and minus their logarithms.
template <class Real> struct bernoulli { Real log_odds, up, down, loss, swapped_loss; };

template <class Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline bernoulli<Real> bernoulli_of(const margin_point<Real>& point) {
    const logistic_terms<Real> at(point);
    return {point.z, at.up, at.down, at.loss, at.swapped_loss};
}

/// KL(p ‖ σ(z₀)) and its derivative in the log-odds of p, given z₀, −log σ(z₀) and −log σ(−z₀).
template <std::floating_point Real>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real>
bernoulli_divergence(const bernoulli<Real>& at, Real log_odds, Real loss, Real swapped_loss) {
    const Real z = at.log_odds, d = z - log_odds, w = at.up * at.down, tilt = at.down - at.up;
    // A(z₀) − A(z) − (z₀ − z) A'(z) with A = softplus, from the side where the terms are small; near the minimum,
    // where they cancel, by its series in d with the derivatives of σ.
    const Real above = (loss - at.loss) - at.down * d, below = (swapped_loss - at.swapped_loss) + at.up * d,
               far = by_sign(z, below, above);
    const Real third = tilt, fourth = 1 - 6 * w, fifth = tilt * (1 - 12 * w), sixth = 1 + w * (-30 + 120 * w),
               seventh = tilt * (1 + w * (-60 + 360 * w)), eighth = 1 + w * (-126 + w * (1680 - 5040 * w));
    const Real near =
        w * d * d *
        (Real(1) / 2 -
         d * (third / 6 -
              d * (fourth / 24 - d * (fifth / 120 - d * (sixth / 720 - d * (seventh / 5040 - d * eighth / 40320))))));
    return {by_sign(std::abs(d) - Real(0.06), near, far), w * d};
}

} // namespace detail

/// KL(σ(z) ‖ 1 − ε), the divergence from the model's Bernoulli to the smoothed label's (EXO, Ji et al. 2024,
/// arXiv:2402.00856, equation 16). φ → −log(1 − ε) and −log ε at the ends, least (0) at the label's log-odds.
struct reverse_kl_to_label {
    double smoothing = 1e-3;
    /// log((1 − ε) / ε), −log(1 − ε) and −log ε: `of` computes them.
    double log_odds = 6.9067547786485535, loss = 1.0005003335835335e-3, swapped_loss = 6.907755278982137;

    /// For ε in (0, 1).
    static reverse_kl_to_label of(double smoothing) {
        const double loss = -std::log1p(-smoothing), swapped = -std::log(smoothing);
        return {smoothing, swapped - loss, loss, swapped};
    }
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real> operator()(Real z) const {
        return at(margin_point<Real>(z));
    }
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real>
    at(const margin_point<Real>& point) const {
        return detail::bernoulli_divergence(detail::bernoulli_of(point), static_cast<Real>(log_odds),
                                            static_cast<Real>(loss), static_cast<Real>(swapped_loss));
    }
};

/// (1 − m) ℓ(z) + m e^{−z} with m = σ(z / τ), ℓ = −log σ: the log-ratio modulated loss found by search (DiscoPOP, Lu
/// et al. 2024, arXiv:2406.08414, equation 5). → e^{−z} for z → ∞, → −z for z → −∞ when τ < 1. 1/τ stays at
/// the type's largest number, where m is a step.
struct modulated_link {
    double temperature = 0.05;
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real> operator()(Real z) const {
        return at(margin_point<Real>(z));
    }
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real>
    at(const margin_point<Real>& point) const {
        const Real z = point.z,
                   per = detail::smaller_size(static_cast<Real>(1 / temperature), std::numeric_limits<Real>::max());
        const logistic_terms<Real> here(point), mix(z * per);
        // m e^{−z} in one exponential: m and e^{−z} alone would be 0 · ∞.
        const Real fast = z * per - z, exponent = by_sign(z, fast, -z), rest = by_sign(z, mix.down, mix.up);
        const Real damped = saturated_exp(exponent) * rest;
        const Real value = mix.down * here.loss + damped;
        return {value, -mix.down * here.down - damped + per * mix.down * (damped - mix.up * here.loss)};
    }
};

/// 4α/(1+α)² ℓ(z) + 4α²/(1+α)² σ(−z): the logistic loss and a bounded one that tolerates symmetric noise (ROPO, Liang
/// et al. 2025, arXiv:2404.04102, equation 9; its public implementations agree in these factors).
struct noise_tolerant_link {
    double alpha = 14;
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real> operator()(Real z) const {
        return at(margin_point<Real>(z));
    }
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real>
    at(const margin_point<Real>& point) const {
        const auto [outer, bounded] = factors<Real>();
        const logistic_terms<Real> here(point);
        return {outer * here.loss + bounded * here.down, -here.down * (outer + bounded * here.up)};
    }
    /// The slopes of the bounded parts of both labels are opposite: summed apart, they do not drown the rest.
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real>
    mixed(const margin_point<Real>& point, Real as_labelled, Real swapped) const {
        const auto [outer, bounded] = factors<Real>();
        const margin_penalty<Real> both = logistic{}.mixed(point, as_labelled, swapped);
        const logistic_terms<Real> here(point);
        const Real slope = outer * both.derivative + bounded * here.slope() * (swapped - as_labelled),
                   alone = -as_labelled * here.down * (outer + bounded * here.up);
        return {outer * both.value + bounded * (as_labelled * here.down + swapped * here.up),
                by_sign(std::abs(swapped) - std::numeric_limits<Real>::min(), alone, slope)};
    }

  private:
    /// Of the logistic loss and of the bounded one; in double, where α may exceed the range of Real.
    template <class Real> struct both_factors { Real outer, bounded; };
    template <class Real> [[nodiscard]] PREFLEARN_DEVICE_AND_HOST both_factors<Real> factors() const {
        const double share = alpha / (1 + alpha);
        return {static_cast<Real>(4 * share / (1 + alpha)), static_cast<Real>(4 * share * share)};
    }
};

/// log(1 + e^{η − z}): minus the log-probability of winning by Rao & Kupper (1967), who count differences within η ≥ 0
/// as ties; goes with the target part `rao_kupper_ties`.
struct rao_kupper_link {
    double eta = 0.5;
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real> operator()(Real z) const {
        return logistic{}(z - static_cast<Real>(eta));
    }
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST Real curvature(Real z) const {
        return logistic{}.curvature(z - static_cast<Real>(eta));
    }
};

/// log(1 + e^{−z} + ν e^{−z/2}): minus the log-probability of winning by Davidson (1970), where a tie is
/// P(tie) = ν √(P(win) P(loss)), ν ≥ 0; goes with the target part `davidson_ties`.
struct davidson_link {
    double nu = 0.5;
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real> operator()(Real z) const {
        // All divided by the largest of 1 and e^{−z}: with h = e^{−|z|/2} both cases are 1 + ν h + h².
        const Real v = static_cast<Real>(nu), h = exp_of_minus(std::abs(z) / 2), rest = h * (v + h);
        const Real below = h * (v / 2 + h), above = 1 + v / 2 * h, lost = by_sign(z, above, below);
        // log(1 + rest) with rest in [0, 2 + ν]: the rounding of 1 + rest is put back.
        const Real sum = 1 + rest, missing = rest - (sum - 1);
        return {std::max(-z, Real(0)) + (log_of(sum) + missing / sum), -lost / sum};
    }
};

/// factor · φ(z) of another link.
template <class Link> struct scaled_link {
    double factor = 1;
    Link link{};
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real> operator()(Real z) const {
        return scaled(link(z));
    }
    template <std::floating_point Real>
        requires ExponentialLink<Link, Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real>
    at(const margin_point<Real>& point) const {
        return scaled(link.at(point));
    }
    [[nodiscard]] PREFLEARN_DEVICE_AND_HOST double tail() const requires TailLink<Link> { return factor * link.tail(); }

  private:
    template <class Real>
    PREFLEARN_DEVICE_AND_HOST margin_penalty<Real> scaled(const margin_penalty<Real>& plain) const {
        return {static_cast<Real>(factor) * plain.value, static_cast<Real>(factor) * plain.derivative};
    }
};

} // namespace preflearn
