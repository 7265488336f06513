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
#include <span>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/numbers/elementary.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/named/dpo.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/loss/pairs/pieces.hpp>
#include <preflearn/loss/pairs/slices.hpp>

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
        detail::lane_sum<double> weight;
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
        detail::lane_sum<double> sum, excess;
        constexpr std::size_t piece = 2048 / sizeof(Real); // in the first-level cache
        for (std::size_t at = 0; at < x.size(); at += piece) {
            const std::size_t count = std::min(piece, x.size() - at);
            alignas(64) std::array<Real, piece> power, miss;
            for (std::size_t i = 0; i < count; ++i) {
                const exponential_terms<Real> terms = exponential_of_minus(below(high, numbers[at + i]));
                power[i] = terms.power;
                miss[i] = terms.miss;
            }
            const auto add = [&](detail::lane_sum<double>& to, const std::array<Real, piece>& terms) {
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

/// Any loss of single pairs, robust over the batch. The weight column is a pair's share in the mean; ℓ is the inner
/// loss without it. The gradient goes through the mean. Every pair's value is the batch's loss, which has no parts.
/// \throws what the inner loss throws
template <class Inner> struct distributionally_robust {
    Inner inner{};
    double beta_prime = 1;

    template <std::floating_point Real> [[nodiscard]] log_mean_exp reduce(const pair_scores<Real>& scores) const {
        check(scores, pair_gradients<Real>{});
        return detail::sum_of_slices<log_mean_exp>(scores, [&](std::size_t at, std::size_t size) {
            std::array<Real, detail::pairs_of_slice> room;
            const std::span<Real> x = std::span(room).first(size);
            const pair_scores<Real> slice = detail::slice_of(scores, at, size);
            exponents(slice, {.metrics = false}, x);
            return log_mean_exp::of<Real>(x, slice.weight);
        });
    }
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const log_mean_exp& state,
                  const pair_gradients<Real>& gradients) const {
        check(scores, gradients);
        const loss_sums sums = detail::sum_of_slices<loss_sums>(scores, [&](std::size_t at, std::size_t size) {
            std::array<Real, detail::pairs_of_slice> room;
            const std::span<Real> x = std::span(room).first(size);
            const pair_scores<Real> slice = detail::slice_of(scores, at, size);
            const pair_gradients<Real> out = detail::slice_of(gradients, at, size);
            const loss_sums of_slice = exponents(slice, out, x);
            share_out(slice, state, out, x);
            write_values(slice, state, out);
            return of_slice;
        });
        return whole(sums, scores, state);
    }
    /// The same as `map` under the state of these scores, but the inner loss is computed once: every slice is robust by
    /// itself before it is known what share it has in the batch.
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        check(scores, gradients);
        std::vector<log_mean_exp> states((scores.size() + detail::pairs_of_slice - 1) / detail::pairs_of_slice);
        const both_sums both = detail::sum_of_slices<both_sums>(scores, [&](std::size_t at, std::size_t size) {
            std::array<Real, detail::pairs_of_slice> room;
            const std::span<Real> x = std::span(room).first(size);
            const pair_scores<Real> slice = detail::slice_of(scores, at, size);
            const pair_gradients<Real> out = detail::slice_of(gradients, at, size);
            const loss_sums of_slice = exponents(slice, out, x);
            const log_mean_exp state = log_mean_exp::of<Real>(x, slice.weight);
            share_out(slice, state, out, x);
            states[at / detail::pairs_of_slice] = state;
            return both_sums{of_slice, state};
        });
        parallel_blocks(scores.size(), detail::pairs_of_slice, [&](std::size_t begin, std::size_t end) {
            const pair_gradients<Real> out = detail::slice_of(gradients, begin, end - begin);
            const Real share = static_cast<Real>(both.state.share_of(states[begin / detail::pairs_of_slice]));
            for (const std::span<Real> column : {out.chosen, out.rejected}) {
                if (share <
                    std::numeric_limits<Real>::min()) // where it is 0, a derivative that exceeds the type is, too
                    std::ranges::fill(column, Real(0));
                else
                    for (Real& x : column) x *= share;
            }
            write_values(detail::slice_of(scores, begin, end - begin), both.state, out);
        });
        return whole(both.sums, scores, both.state);
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
        static_assert(!CoupledPreferenceLoss<Inner, Real>, "the inner loss of a robust one looks at each pair alone");
        check_lengths(scores, gradients);
        require(beta_prime > 0 && std::isfinite(beta_prime), "beta_prime is ", beta_prime,
                ", a positive number was expected");
        if (any_outside(scores.weight, std::numeric_limits<Real>::max()))
            refuse_first_fault(columns_read_by<Inner>(scores), 0, scores.size());
    }
    /// The inner loss of every pair with weight 1, and x = −ℓ / β'.
    template <class Real>
    loss_sums exponents(pair_scores<Real> scores, const pair_gradients<Real>& out, std::span<Real> x) const {
        scores.weight = {};
        std::ranges::fill(x, std::numeric_limits<Real>::quiet_NaN());
        const loss_sums sums = inner(scores, pair_gradients<Real>{out.chosen, out.rejected, x, out.metrics});
        const double factor = -1 / beta_prime;
        unsigned missing = 0; // a bool would keep the loop from becoming vector code
        for (Real& number : x) {
            missing |= unsigned{!(number == number)};
            number = static_cast<Real>(factor * static_cast<double>(number));
        }
        require(missing == 0,
                "the inner loss of a robust one writes the loss of every pair into pair_gradients::values, "
                "but a pair has none");
        return sums;
    }
    /// Weighs the derivatives by the shares of the pairs, which x becomes.
    template <class Real>
    void share_out(const pair_scores<Real>& scores, const log_mean_exp& state, const pair_gradients<Real>& out,
                   std::span<Real> x) const {
        if (out.chosen.empty()) return;
        Real* const __restrict__ factor = x.data();
        Real* const __restrict__ d_chosen = out.chosen.data();
        Real* const __restrict__ d_rejected = out.rejected.data();
        const std::size_t size = scores.size();
        const auto share = state.share<Real>();
        for (std::size_t i = 0; i < size; ++i) factor[i] = share(factor[i]);
        for (std::size_t i = 0; i < scores.weight.size(); ++i) factor[i] *= scores.weight[i];
        for (std::size_t i = 0; i < size; ++i) { // where a factor is 0, a derivative that exceeds the type is, too
            const Real used = factor[i] - std::numeric_limits<Real>::min();
            d_chosen[i] = by_sign(used, Real(0), factor[i] * d_chosen[i]);
            d_rejected[i] = by_sign(used, Real(0), factor[i] * d_rejected[i]);
        }
    }
    template <class Real>
    void write_values(const pair_scores<Real>& scores, const log_mean_exp& state,
                      const pair_gradients<Real>& out) const {
        if (out.values.empty()) return;
        std::ranges::fill(out.values, static_cast<Real>(batch_loss(state)));
        for (std::size_t i = 0; i < scores.weight.size(); ++i) out.values[i] *= scores.weight[i];
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
