/// \file
/// Distributionally robust over the batch: L = −β' log mean exp(−ℓ_i / β') of the losses ℓ_i of single pairs (Dr. DPO:
/// Wu et al. 2024, arXiv:2407.07880). Pairs count by exp(−ℓ_i / β'), so that those that contradict the
/// others, which are likely to be labelled wrongly, count less; β' → ∞ is the plain mean.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <memory>
#include <span>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/error.hpp>
#include <preflearn/loss/columns.hpp>
#include <preflearn/loss/coupled.hpp>
#include <preflearn/loss/elementary.hpp>
#include <preflearn/loss/named_divergence.hpp>
#include <preflearn/loss/pair_pieces.hpp>
#include <preflearn/loss/slices.hpp>

namespace preflearn {

/// log Σ w e^x / Σ w, relative to the largest x so that nothing overflows. Merging is associative up to rounding.
class log_mean_exp {
  public:
    log_mean_exp() = default;
    /// Of x(i) with weights w(i), i in [0, size); the powers are taken in Real.
    template <std::floating_point Real, class X, class W>
    [[nodiscard]] static log_mean_exp of(std::size_t size, const X& x, const W& w) {
        log_mean_exp all;
        constexpr double none = -std::numeric_limits<double>::infinity();
        all.highest_ = highest_of(size, [&](std::size_t i) { return by_sign(0.0 - w(i), x(i), none); });
        const double high = all.origin();
        detail::lane_sum<double> sum, excess, weight;
        constexpr std::size_t piece = detail::pairs_per_piece;
        for (std::size_t at = 0; at < size; at += piece) {
            const std::size_t count = std::min(piece, size - at);
            alignas(64) std::array<Real, piece> power, miss;
            for (std::size_t i = 0; i < count; ++i) {
                const exponential_terms<Real> terms = exponential_of_minus(below<Real>(high, x(at + i)));
                power[i] = terms.power;
                miss[i] = terms.miss;
            }
            sum.add(count, [&](std::size_t i) { return w(at + i) * static_cast<double>(power[i]); });
            excess.add(count, [&](std::size_t i) { return w(at + i) * static_cast<double>(miss[i]); });
            weight.add(count, [&](std::size_t i) { return w(at + i); });
        }
        all.sum_ = sum.total();
        all.excess_ = -excess.total();
        all.weight_ = weight.total();
        return all;
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
    /// e^x / mean e^x for an x that was added: how much more than its weight it counts. One that was added with weight
    /// 0 may lie above the others and counts as the highest of them.
    template <std::floating_point Real> [[gnu::always_inline]] Real share(double x) const {
        return exp_of_minus(below<Real>(origin(), x)) * static_cast<Real>(sum_ > 0 ? weight_ / sum_ : 0);
    }

  private:
    /// In lanes, so that the loop becomes vector code; −∞ of nothing.
    template <class X> static double highest_of(std::size_t size, const X& x) {
        constexpr std::size_t lanes = 16;
        std::array<double, lanes> highest;
        highest.fill(-std::numeric_limits<double>::infinity());
        const std::size_t whole = size / lanes * lanes;
        for (std::size_t i = 0; i < whole; i += lanes) {
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                const double candidate = x(i + lane), before = highest[lane];
                highest[lane] = by_sign(before - candidate, candidate, before);
            }
        }
        for (std::size_t i = whole; i < size; ++i) highest[0] = std::max(highest[0], x(i));
        return *std::ranges::max_element(highest);
    }

    log_mean_exp(double highest, double sum, double excess, double weight)
        : highest_(highest), sum_(sum), excess_(excess), weight_(weight) {}
    /// The highest, or 0 where there is none that is finite.
    [[nodiscard]] double origin() const { return std::isinf(highest_) ? 0 : highest_; }
    /// How far x lies below the origin, in a type that may be too narrow for more than makes e^{-below} 0.
    template <class Real> [[gnu::always_inline]] static Real below(double origin, double x) {
        const double distance = by_sign(origin - x, 0.0, origin - x);
        if constexpr (std::same_as<Real, double>)
            return distance;
        else
            return static_cast<Real>(detail::smaller_size(distance, 1e4));
    }
    [[nodiscard]] log_mean_exp seen_from(double high) const {
        if (high == highest_) return *this;
        const double factor = std::exp(highest_ - high);
        return {high, sum_ * factor, excess_ * factor + weight_ * std::expm1(highest_ - high), weight_};
    }

    double highest_ = -std::numeric_limits<double>::infinity();
    double sum_ = 0, excess_ = 0, weight_ = 0; ///< Σ w e^(x − highest), Σ w (e^(x − highest) − 1), Σ w
};

/// Any loss of single pairs, robust over the batch. The weight column is a pair's share in the mean; ℓ is the inner
/// loss without it. The gradient goes through the mean. Every pair's value is the batch's loss, which has no parts.
/// \throws what the inner loss throws
template <class Inner> struct distributionally_robust {
    Inner inner{};
    double beta_prime = 1;

    template <std::floating_point Real> [[nodiscard]] log_mean_exp reduce(const pair_scores<Real>& scores) const {
        check(scores, pair_gradients<Real>{});
        return detail::sum_of_slices<log_mean_exp>(scores, [&](std::size_t at, std::size_t size) {
            std::array<Real, detail::pairs_of_slice> losses;
            const pair_scores<Real> slice = detail::slice_of(scores, at, size);
            inner_sums(slice, {{}, {}, std::span(losses).first(size)});
            return state_of(slice, losses.data());
        });
    }
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const log_mean_exp& state,
                  const pair_gradients<Real>& gradients) const {
        check(scores, gradients);
        const loss_sums sums = detail::sum_of_slices<loss_sums>(scores, [&](std::size_t at, std::size_t size) {
            std::array<Real, detail::pairs_of_slice> losses;
            const pair_scores<Real> slice = detail::slice_of(scores, at, size);
            const pair_gradients<Real> out = detail::slice_of(gradients, at, size);
            const std::span<Real> values = std::span(losses).first(size);
            const loss_sums of_slice = inner_sums(slice, {out.chosen, out.rejected, values});
            share_out(slice, state, out, values);
            return of_slice;
        });
        return whole(sums, scores, state);
    }
    /// The same as `map` under the state of these scores, but the inner loss is computed once.
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        check(scores, gradients);
        const bool values_are_wanted = !gradients.values.empty();
        const std::unique_ptr<Real[]> own(values_are_wanted ? nullptr : new Real[scores.size()]);
        const std::span<Real> losses = values_are_wanted ? gradients.values : std::span(own.get(), scores.size());
        const both_sums sums = detail::sum_of_slices<both_sums>(scores, [&](std::size_t at, std::size_t size) {
            const pair_scores<Real> slice = detail::slice_of(scores, at, size);
            const pair_gradients<Real> out = detail::slice_of(gradients, at, size);
            const std::span<Real> values = losses.subspan(at, size);
            const loss_sums of_slice = inner_sums(slice, {out.chosen, out.rejected, values});
            return both_sums{of_slice, state_of(slice, values.data())};
        });
        detail::sum_of_slices<loss_sums>(scores, [&](std::size_t at, std::size_t size) {
            share_out(detail::slice_of(scores, at, size), sums.state, detail::slice_of(gradients, at, size),
                      losses.subspan(at, size));
            return loss_sums{};
        });
        return whole(sums.sums, scores, sums.state);
    }

  private:
    struct both_sums {
        loss_sums sums;
        log_mean_exp state;
        both_sums& operator+=(const both_sums& other) {
            sums += other.sums;
            state += other.state;
            return *this;
        }
    };

    template <class Real> void check(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        static_assert(PreferenceLoss<Inner, Real>, "the inner loss of a robust one is a PreferenceLoss");
        static_assert(!CoupledLoss<Inner, Real>, "the inner loss of a robust one looks at each pair alone");
        check_lengths(scores, gradients);
        require(beta_prime > 0 && std::isfinite(beta_prime), "beta_prime is ", beta_prime,
                ", a positive number was expected");
        for (std::size_t i = 0; i < scores.weight.size(); ++i) {
            if (!(scores.weight[i] >= 0 && scores.weight[i] <= std::numeric_limits<Real>::max()))
                throw_first_fault(scores, i, i + 1);
        }
    }
    /// The inner loss of every pair with weight 1.
    template <class Real> loss_sums inner_sums(pair_scores<Real> scores, const pair_gradients<Real>& out) const {
        scores.weight = {};
        std::ranges::fill(out.values, std::numeric_limits<Real>::quiet_NaN());
        const loss_sums sums = inner(scores, out);
        unsigned missing = 0; // a bool would keep the loop from becoming vector code
        for (const Real value : out.values) missing |= unsigned{!(value == value)};
        require(missing == 0,
                "the inner loss of a robust one writes the loss of every pair into pair_gradients::values, "
                "but a pair has none");
        return sums;
    }
    [[nodiscard]] double exponent(double loss) const { return -loss / beta_prime; }
    template <class Real> log_mean_exp state_of(const pair_scores<Real>& scores, const Real* losses) const {
        const auto x = [this, losses](std::size_t i) { return exponent(static_cast<double>(losses[i])); };
        const Real* const weight = scores.weight.data();
        if (scores.weight.empty()) return log_mean_exp::of<Real>(scores.size(), x, [](std::size_t) { return 1.0; });
        return log_mean_exp::of<Real>(scores.size(), x,
                                      [weight](std::size_t i) { return static_cast<double>(weight[i]); });
    }
    /// Weighs the derivatives by the shares of the pairs; `losses` may be where the values are wanted.
    template <class Real>
    void share_out(const pair_scores<Real>& scores, const log_mean_exp& state, const pair_gradients<Real>& out,
                   std::span<Real> losses) const {
        if (!out.chosen.empty()) {
            Real* const __restrict__ factor = losses.data();
            Real* const __restrict__ d_chosen = out.chosen.data();
            Real* const __restrict__ d_rejected = out.rejected.data();
            const std::size_t size = scores.size();
            for (std::size_t i = 0; i < size; ++i)
                factor[i] = state.share<Real>(exponent(static_cast<double>(factor[i])));
            if (!scores.weight.empty()) {
                for (std::size_t i = 0; i < size; ++i) factor[i] *= scores.weight[i];
            }
            for (std::size_t i = 0; i < size; ++i) { // where a factor is 0, a derivative that exceeds the type is, too
                const Real used = factor[i] - std::numeric_limits<Real>::min();
                d_chosen[i] = by_sign(used, Real(0), factor[i] * d_chosen[i]);
                d_rejected[i] = by_sign(used, Real(0), factor[i] * d_rejected[i]);
            }
        }
        const double loss = batch_loss(state);
        for (std::size_t i = 0; i < out.values.size(); ++i)
            out.values[i] =
                static_cast<Real>((scores.weight.empty() ? 1 : static_cast<double>(scores.weight[i])) * loss);
    }
    [[nodiscard]] double batch_loss(const log_mean_exp& state) const {
        return state.weight() > 0 ? -beta_prime * state.value() : 0;
    }
    /// What the inner losses summed up to, with the batch's loss and weights.
    template <class Real>
    loss_sums whole(loss_sums sums, const pair_scores<Real>& scores, const log_mean_exp& state) const {
        detail::lane_sum<double> weight;
        weight.add(scores.weight.size(), [&](std::size_t i) { return static_cast<double>(scores.weight[i]); });
        sums.weight = scores.weight.empty() ? static_cast<double>(scores.size()) : weight.total();
        sums.loss = sums.weight * batch_loss(state);
        return sums;
    }
};

/// Dr. DPO: DPO robust over the batch. β' = 1 is the authors' default.
struct dr_dpo {
    static constexpr bool uses_reference = true, uses_tokens = false;
    double beta = 0.1, beta_prime = 1;

    [[nodiscard]] distributionally_robust<dpo> whole() const { return {dpo{.beta = beta}, beta_prime}; }
    template <std::floating_point Real> [[nodiscard]] log_mean_exp reduce(const pair_scores<Real>& scores) const {
        return whole().reduce(scores);
    }
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const log_mean_exp& state,
                  const pair_gradients<Real>& gradients) const {
        return whole().map(scores, state, gradients);
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return whole()(scores, gradients);
    }
};

} // namespace preflearn
