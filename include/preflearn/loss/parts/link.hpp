/// \file
/// The penalty φ of a preference loss. A margin link is called with z = β (s_w − s_l) − margin and returns φ(z) and
/// φ'(z), and φ''(z) by `curvature` where Newton's method can use it; a pair link is called with (a, b), β times both
/// scores, or with (a, b, z), for losses that are no function of the difference (NCA, SPPO, …); a label link is called
/// with (z, q). Links have no branches and no calls where that is possible (`by_sign` chooses by bits; what takes an
/// exponential or a logarithm is always inlined), so that the loop over pairs becomes vector code. Here: the concepts
/// and the logistic link; the others are in `margin_links.hpp`, `pair_links.hpp` and `label_links.hpp`.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <tuple>
#include <utility>

#include <preflearn/core/numbers/elementary.hpp>

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

/// z and e^{−|z|}. A link that takes it lets the exponentials of many pairs be formed in a loop of their own: of two
/// short loops a processor does more at a time than of one long one.
template <class Real> struct margin_point {
    Real z, power;
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST explicit margin_point(Real number)
        : margin_point(number, exp_of_minus(std::abs(number))) {}
    PREFLEARN_DEVICE_AND_HOST margin_point(Real number, Real exponential) : z(number), power(exponential) {}
};

/// A margin link that gives by `at` for such a point what it gives for z.
template <class L, class Real>
concept ExponentialLink = MarginLink<L, Real> && requires(const L& link, const margin_point<Real>& point) {
    { link.at(point) } -> std::same_as<margin_penalty<Real>>;
};

/// A penalty of both scores; it may ask for their difference, too, which is known better than by subtracting them.
template <class L, class Real>
concept PairLink = std::floating_point<Real> &&(
    requires(const L& link, Real chosen, Real rejected) {
        { link(chosen, rejected) } -> std::same_as<pair_penalty<Real>>;
    } ||
    requires(const L& link, Real chosen, Real rejected, Real difference) {
        { link(chosen, rejected, difference) } -> std::same_as<pair_penalty<Real>>;
    });

/// The points of some numbers.
template <std::floating_point Real, std::size_t Count, std::size_t... Each>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline std::array<margin_point<Real>, Count>
points_of(const std::array<Real, Count>& numbers, std::index_sequence<Each...>) {
    return {margin_point<Real>(numbers[Each])...};
}
template <std::floating_point Real, std::size_t Count>
[[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline std::array<margin_point<Real>, Count>
points_of(const std::array<Real, Count>& numbers) {
    return points_of(numbers, std::make_index_sequence<Count>());
}

/// The numbers of which a pair link needs points: `link.exponents(a, b, z)`, an array of two or three, or both scores.
template <class L, std::floating_point Real>
PREFLEARN_DEVICE_AND_HOST auto exponents_of(const L& link, Real a, Real b, Real z) {
    if constexpr (requires { link.exponents(a, b, z); })
        return link.exponents(a, b, z);
    else
        return std::array{a, b};
}

/// How many these are.
template <class L, class Real>
inline constexpr std::size_t exponents_taken =
    std::tuple_size_v<decltype(exponents_of(std::declval<const L&>(), Real(), Real(), Real()))>;

/// A pair link that gives by `at` for the points of these numbers what it gives for both scores.
template <class L, class Real>
concept PairExponentialLink = PairLink<L, Real> && requires(const L& link, Real a, Real b, Real z) {
    { link.at(points_of(exponents_of(link, a, b, z))) } -> std::same_as<pair_penalty<Real>>;
};

/// A penalty of the difference and the label's probability q, where φ(z, q) is no mixture of φ(z) and φ(−z).
template <class L, class Real>
concept LabelLink = std::floating_point<Real> && requires(const L& link, Real z, Real q) {
    { link(z, q) } -> std::same_as<margin_penalty<Real>>;
};

/// A margin link with a second derivative.
template <class L, class Real>
concept CurvedLink = MarginLink<L, Real> && requires(const L& link, Real z) {
    { link.curvature(z) } -> std::same_as<Real>;
};

/// A margin link whose penalty vanishes for z → ∞, at least as fast as e^{−z}: `tail()` is the limit of φ'(z) e^z.
template <class L>
concept TailLink = requires(const L& link) {
    { link.tail() } -> std::same_as<double>;
};

/// Everything logistic of one z from one exponential, each relatively accurate in both tails.
template <class Real> struct logistic_terms {
    /// σ(z) and σ(−z).
    Real up, down;
    /// −log σ(z) and −log σ(−z).
    Real loss, swapped_loss;

    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST explicit logistic_terms(Real z)
        : logistic_terms(margin_point<Real>(z)) {}
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST explicit logistic_terms(const margin_point<Real>& point) {
        const Real z = point.z, t = point.power, high = 1 / (1 + t), low = t * high, log = log_of_one_plus(t);
        up = by_sign(z, low, high);
        down = by_sign(z, high, low);
        loss = std::max(-z, Real(0)) + log;
        swapped_loss = std::max(z, Real(0)) + log;
    }
    /// σ'(z) = σ(z) σ(−z).
    [[nodiscard]] PREFLEARN_DEVICE_AND_HOST Real slope() const { return up * down; }
};

/// A margin link that gives a φ(z) + b φ(−z) and its derivative at once, faster and more accurately than two calls;
/// for a = 1 and b = 0 with the bits of `at`.
template <class L, class Real>
concept MixingLink = ExponentialLink<L, Real> &&
    requires(const L& link, const margin_point<Real>& point, Real a, Real b) {
    { link.mixed(point, a, b) } -> std::same_as<margin_penalty<Real>>;
};

/// φ(z) = −log σ(z) = log(1 + e^{−z}), φ'(z) = −σ(−z): the Bradley-Terry likelihood. Finite and relatively accurate for
/// every finite z: φ → −z and φ' → −1 for z → −∞, φ → e^{−z} and φ' → −e^{−z} for z → ∞ (0 beyond the type's range).
struct logistic {
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real> operator()(Real z) const {
        return at(margin_point<Real>(z));
    }
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real>
    at(const margin_point<Real>& point) const {
        const auto [z, t] = point;
        return {std::max(-z, Real(0)) + log_of_one_plus(t), -by_sign(z, Real(1), t) / (1 + t)};
    }
    /// The derivative is b σ(z) − a σ(−z), which does not cancel at a = b and z near 0; at b = 0 it has the bits of
    /// `at`.
    template <std::floating_point Real>
    [[gnu::always_inline]] PREFLEARN_DEVICE_AND_HOST inline margin_penalty<Real> mixed(const margin_point<Real>& point,
                                                                                       Real a, Real b) const {
        const auto [z, t] = point;
        const Real size = std::abs(z), miss = one_minus_exp_of_minus(size);
        const Real value = (a + b) * log_of_one_plus(t) + by_sign(z, a, b) * size;
        const Real near = (b - a) + by_sign(z, -b, a) * miss, far = by_sign(z, b * t - a, b - a * t);
        const Real apart = std::max(Real(0.5) - t, std::numeric_limits<Real>::min() - std::abs(b));
        return {value, by_sign(apart, near, far) / (1 + t)};
    }
    template <std::floating_point Real> PREFLEARN_DEVICE_AND_HOST Real curvature(Real z) const {
        return logistic_terms<Real>(z).slope();
    }
    [[nodiscard]] PREFLEARN_DEVICE_AND_HOST double tail() const { return -1; }
};

} // namespace preflearn
