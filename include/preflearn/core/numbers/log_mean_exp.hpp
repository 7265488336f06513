/// \file
/// The logarithm of a mean of exponentials, in parts that merge.
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
#include <preflearn/core/numbers/lane_sum.hpp>

namespace preflearn {

/// log Σ w e^x / Σ w, relative to the largest x so that nothing overflows. Merging is associative up to rounding.
class log_mean_exp {
  public:
    log_mean_exp() = default;
    /// Of numbers with these weights, all 1 where there are none; the powers are taken in Real.
    template <std::floating_point Real>
    [[nodiscard]] static log_mean_exp of(std::span<const Real> x, std::span<const Real> weights = {}) {
        const Real* const w = weights.data();
        if (weights.empty()) return weighted(x, static_cast<double>(x.size()), [](std::size_t) { return Real(1); });
        lane_sum<double> weight;
        weight.add(x.size(), [w](std::size_t i) { return static_cast<double>(w[i]); });
        return weighted(x, weight.total(), [w](std::size_t i) { return w[i]; });
    }
    log_mean_exp& operator+=(const log_mean_exp& other) {
        if (other.weight_ == 0) return *this;
        if (weight_ == 0) return *this = other;
        const double high = std::max(highest_, other.highest_);
        const log_mean_exp a = seen_from(high), b = other.seen_from(high);
        *this = {high, a.sum_ + b.sum_, a.excess_ + b.excess_, a.weight_ + b.weight_};
        return *this;
    }

    [[nodiscard]] double weight() const { return weight_; }
    /// −∞ for nothing but −∞ or nothing at all.
    [[nodiscard]] double value() const {
        if (weight_ == 0 || std::isinf(highest_)) return -std::numeric_limits<double>::infinity();
        // Where all x are close, Σ w (e^x − 1) keeps what Σ w e^x loses.
        return highest_ + (excess_ > -weight_ / 2 ? std::log1p(excess_ / weight_) : std::log(sum_ / weight_));
    }
    /// A function e^x / mean e^x of an x that was added: how much more than its weight it counts. One that was added
    /// with weight 0 may lie above the others and counts as the highest of them.
    template <std::floating_point Real> [[nodiscard]] auto share() const {
        return [high = static_cast<Real>(origin()), scale = static_cast<Real>(per_sum())](Real x) {
            return exp_of_minus(below(high, x)) * scale;
        };
    }
    /// The same of the mean e^x of a part: a share in the part times it is one in the whole.
    [[nodiscard]] double share_of(const log_mean_exp& part) const {
        if (part.weight_ == 0) return 0;
        return std::exp(part.origin() - origin()) * per_sum() * (part.sum_ / part.weight_);
    }

  private:
    template <class Real, class W> static log_mean_exp weighted(std::span<const Real> x, double weight, const W& w) {
        log_mean_exp all;
        all.weight_ = weight;
        all.highest_ = static_cast<double>(highest_of(x, w));
        const Real high = static_cast<Real>(all.origin());
        const Real* const numbers = x.data();
        lane_sum<double> sum, excess;
        constexpr std::size_t piece = 2048 / sizeof(Real); // in the first-level cache
        for (std::size_t at = 0; at < x.size(); at += piece) {
            const std::size_t count = std::min(piece, x.size() - at);
            alignas(64) std::array<Real, piece> power, miss;
            for (std::size_t i = 0; i < count; ++i) {
                const exponential_terms<Real> terms = exponential_of_minus(below(high, numbers[at + i]));
                power[i] = terms.power;
                miss[i] = terms.miss;
            }
            const auto add = [&](lane_sum<double>& to, const std::array<Real, piece>& terms) {
                to.add(count,
                       [&](std::size_t i) { return static_cast<double>(w(at + i)) * static_cast<double>(terms[i]); });
            };
            add(sum, power);
            add(excess, miss);
        }
        all.sum_ = sum.total();
        all.excess_ = -excess.total();
        return all;
    }
    /// Of those with a weight, in lanes, so that the loop becomes vector code; −∞ of nothing.
    template <class Real, class W> static Real highest_of(std::span<const Real> x, const W& w) {
        constexpr Real none = -std::numeric_limits<Real>::infinity();
        constexpr std::size_t lanes = 16;
        std::array<Real, lanes> highest;
        highest.fill(none);
        const auto candidate = [&](std::size_t i) { return by_sign(Real(0) - w(i), x[i], none); };
        const std::size_t whole = x.size() / lanes * lanes;
        for (std::size_t i = 0; i < whole; i += lanes) {
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                const Real now = candidate(i + lane), before = highest[lane];
                highest[lane] = by_sign(before - now, now, before);
            }
        }
        for (std::size_t i = whole; i < x.size(); ++i) highest[0] = std::max(highest[0], candidate(i));
        return *std::ranges::max_element(highest);
    }

    log_mean_exp(double highest, double sum, double excess, double weight)
        : highest_(highest), sum_(sum), excess_(excess), weight_(weight) {}
    /// The highest, or 0 where there is none that is finite.
    [[nodiscard]] double origin() const { return std::isinf(highest_) ? 0 : highest_; }
    /// 1 / mean e^(x − origin).
    [[nodiscard]] double per_sum() const { return sum_ > 0 ? weight_ / sum_ : 0; }
    /// How far x lies below the origin, 0 where it does not.
    template <class Real> [[gnu::always_inline]] static Real below(Real origin, Real x) {
        const Real distance = origin - x;
        return by_sign(distance, Real(0), distance);
    }
    [[nodiscard]] log_mean_exp seen_from(double high) const {
        if (high == highest_) return *this;
        const double factor = std::exp(highest_ - high);
        return {high, sum_ * factor, excess_ * factor + weight_ * std::expm1(highest_ - high), weight_};
    }

    double highest_ = -std::numeric_limits<double>::infinity();
    double sum_ = 0, excess_ = 0, weight_ = 0; ///< Σ w e^(x − highest), Σ w (e^(x − highest) − 1), Σ w
};

} // namespace preflearn
