/// \file
/// The softmax of a row of logits that arrives in pieces, so that no one needs the whole row at once. Each piece gives
/// sums relative to its own maximum; sums of pieces are merged (Milakov & Gimelshein 2018, arXiv:1805.02867):
///   log Σ e^z,   H = −Σ p log p,   log Σ p²,   p = softmax(z).
/// Exponentials in the logits' type, a piece's sums in lanes of that type, everything across pieces in double.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>

#include <preflearn/core/numbers/elementary.hpp>

namespace preflearn {

/// Which sums are taken: the normaliser alone, or those of entropy and Σ p² as well.
enum class softmax_moments : bool { none, all };

/// Sums over the logits seen so far. A NaN or +∞ among them makes every result NaN.
struct softmax_sums {
    double high = -std::numeric_limits<double>::infinity(); ///< the largest logit
    double sum = 0;     ///< Σ e^{z − high}, at least 1 once a logit is above −∞
    double depth = 0;   ///< Σ e^{z − high} (high − z)
    double squares = 0; ///< Σ e^{2 (z − high)}

    /// Takes in the sums of other logits of the same row.
    void merge(const softmax_sums& other) {
        if (other.high == -std::numeric_limits<double>::infinity()) return;
        if (std::isnan(high) || std::isnan(other.high)) {
            high = std::numeric_limits<double>::quiet_NaN();
            return;
        }
        if (other.high > high) {
            const softmax_sums before = *this;
            *this = other;
            merge(before);
            return;
        }
        const double drop = high - other.high, scale = std::exp(-drop);
        sum += scale * other.sum;
        depth += scale * other.depth + (scale > 0 ? scale * drop * other.sum : 0.0);
        squares += scale * scale * other.squares;
    }
    /// log Σ e^z; −∞ for no logit above −∞.
    [[nodiscard]] double normaliser() const { return high + std::log(sum); }
    /// H in nats; of softmax_moments::all, as is the next.
    [[nodiscard]] double entropy() const { return std::log(sum) + depth / sum; }
    /// log Σ p² ≤ 0.
    [[nodiscard]] double log_sum_squares() const { return std::log(squares) - 2 * std::log(sum); }
    /// No NaN, no +∞, and not −∞ alone.
    [[nodiscard]] bool is_sound() const { return std::abs(high) <= std::numeric_limits<double>::max(); }
};

namespace detail {

/// Logits are read in pieces that stay in the first-level cache.
inline constexpr std::size_t logits_per_piece = 2048;

/// Sums run in as many lanes as fill a few registers.
template <class Real> inline constexpr std::size_t softmax_lanes = 256 / sizeof(Real);

/// Calls use(lane, i) for every i below `size`; the inner loop has a fixed length and becomes vector code.
template <class Real, class Use> [[gnu::always_inline]] inline void in_lanes(std::size_t size, const Use& use) {
    constexpr std::size_t lanes = softmax_lanes<Real>;
    const std::size_t whole = size / lanes * lanes;
    for (std::size_t i = 0; i < whole; i += lanes)
        for (std::size_t lane = 0; lane < lanes; ++lane) use(lane, i + lane);
    for (std::size_t i = whole; i < size; ++i) use(i - whole, i);
}

template <class Real> double sum_of_lanes(const std::array<Real, softmax_lanes<Real>>& lanes) {
    double sum = 0;
    for (const Real lane : lanes) sum += static_cast<double>(lane);
    return sum;
}

/// The largest of a piece, NaN when one is NaN or +∞.
template <class Real> Real highest(const Real* z, std::size_t size) {
    using bits = typename elementary<Real>::bits;
    constexpr Real largest = std::numeric_limits<Real>::max();
    std::array<Real, softmax_lanes<Real>> high;
    std::array<bits, softmax_lanes<Real>> faults{};
    high.fill(-std::numeric_limits<Real>::infinity());
    in_lanes<Real>(size, [&](std::size_t lane, std::size_t i) {
        high[lane] = z[i] > high[lane] ? z[i] : high[lane];
        faults[lane] |= z[i] <= largest ? bits{0} : bits{1};
    });
    const bool sound = std::ranges::all_of(faults, [](bits fault) { return fault == 0; });
    return sound ? *std::ranges::max_element(high) : std::numeric_limits<Real>::quiet_NaN();
}

/// `keep(i, e^{z_i − high})` may store the exponentials; it is not called when the highest is not finite.
template <softmax_moments Moments, class Real, class Keep>
softmax_sums sums_of_piece(const Real* z, std::size_t size, const Keep& keep) {
    using sums_in_lanes = std::array<Real, softmax_lanes<Real>>;
    const Real high = highest(z, size);
    softmax_sums found{.high = static_cast<double>(high)};
    if (!(std::abs(high) <= std::numeric_limits<Real>::max())) return found;
    sums_in_lanes sum{}, depth{}, squares{};
    in_lanes<Real>(size, [&](std::size_t lane, std::size_t i) {
        const Real x = high - z[i], e = normal_exp_of_minus(x);
        keep(i, e);
        sum[lane] += e;
        if constexpr (Moments == softmax_moments::all) {
            depth[lane] += e * smaller_size(x, elementary<Real>::smallest); // 0 · ∞ would be NaN
            squares[lane] += e * e;
        }
    });
    found.sum = sum_of_lanes(sum);
    if constexpr (Moments == softmax_moments::all) {
        found.depth = sum_of_lanes(depth);
        found.squares = sum_of_lanes(squares);
    }
    return found;
}

template <class Real, class Keep>
softmax_sums sums_of_piece(const Real* z, std::size_t size, softmax_moments moments, const Keep& keep) {
    return moments == softmax_moments::all ? sums_of_piece<softmax_moments::all>(z, size, keep)
                                           : sums_of_piece<softmax_moments::none>(z, size, keep);
}

} // namespace detail

/// The sums of logits, any number of them.
template <std::floating_point Real>
softmax_sums sums_of_logits(std::span<const Real> logits, softmax_moments moments = softmax_moments::none) {
    softmax_sums sums;
    for (std::size_t at = 0; at < logits.size(); at += detail::logits_per_piece) {
        const std::size_t size = std::min(detail::logits_per_piece, logits.size() - at);
        sums.merge(detail::sums_of_piece(logits.data() + at, size, moments, [](auto&&...) {}));
    }
    return sums;
}

/// Replaces a piece of logits by e^{z − high}, where high is the piece's own and is returned with its sums. Left alone
/// when one is NaN or +∞.
template <std::floating_point Real>
softmax_sums exponentials_of_logits(std::span<Real> piece, softmax_moments moments = softmax_moments::none) {
    Real* const z = piece.data();
    const softmax_sums sums = detail::sums_of_piece(z, piece.size(), moments, [z](std::size_t i, Real e) { z[i] = e; });
    if (sums.high == -std::numeric_limits<double>::infinity()) std::ranges::fill(piece, Real(0));
    return sums;
}

/// Replaces a piece of a row of logits, whose log Σ e^z over the whole row is given, by −weight · softmax: what every
/// entry receives when log p of any target is weighted by `weight`. The target's own has to be raised by `weight`.
template <std::floating_point Real>
void log_softmax_gradient(std::span<Real> logits, double normaliser, double weight) {
    // The normaliser is rounded to the logits' type for the difference; what the rounding lost enters the factor.
    const Real rounded = static_cast<Real>(normaliser);
    const Real factor = static_cast<Real>(-weight * std::exp(static_cast<double>(rounded) - normaliser));
    Real* const z = logits.data();
    for (std::size_t i = 0; i < logits.size(); ++i) {
        const Real below = rounded - z[i];
        z[i] = factor * normal_exp_of_minus(below > 0 ? below : Real(0));
    }
}

} // namespace preflearn
