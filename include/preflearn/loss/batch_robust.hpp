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
#include <preflearn/core/error.hpp>
#include <preflearn/core/parallel.hpp>
#include <preflearn/loss/columns.hpp>
#include <preflearn/loss/coupled.hpp>
#include <preflearn/loss/elementary.hpp>
#include <preflearn/loss/named_divergence.hpp>
#include <preflearn/loss/pairwise.hpp>

namespace preflearn {

/// log Σ w e^x / Σ w, relative to the largest x so that nothing overflows. Merging is associative up to rounding.
class log_mean_exp {
  public:
    log_mean_exp() = default;
    /// Of x(i) with weights w(i), i in [0, size).
    template <class X, class W> log_mean_exp(std::size_t size, const X& x, const W& w) {
        for (std::size_t i = 0; i < size; ++i) highest_ = w(i) > 0 ? std::max(highest_, x(i)) : highest_;
        const double high = std::isinf(highest_) ? 0 : highest_;
        detail::lane_sum<double> sum, excess, weight;
        // A pair of weight 0 may lie above the highest.
        const auto below = [&](std::size_t i) { return std::max(high - x(i), 0.0); };
        sum.add(size, [&](std::size_t i) { return w(i) * exp_of_minus(below(i)); });
        excess.add(size, [&](std::size_t i) { return w(i) * one_minus_exp_of_minus(below(i)); });
        weight.add(size, w);
        sum_ = sum.total();
        excess_ = -excess.total();
        weight_ = weight.total();
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
    [[nodiscard]] double share(double x) const {
        return exp_of_minus(std::max(x == highest_ ? 0.0 : highest_ - x, 0.0)) * (sum_ > 0 ? weight_ / sum_ : 0);
    }

  private:
    log_mean_exp(double highest, double sum, double excess, double weight)
        : highest_(highest), sum_(sum), excess_(excess), weight_(weight) {}
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
        check_lengths(scores, pair_gradients<Real>{});
        sum_of_weights(scores); // names what is no weight
        std::vector<Real> losses(scores.size());
        inner_sums(scores, {{}, {}, losses});
        // Blocks depend on the number of pairs alone.
        constexpr std::size_t most = 64, smallest = 1024;
        const std::size_t grain = std::max(smallest, (scores.size() + most - 1) / most);
        std::array<log_mean_exp, most> blocks{};
        parallel_blocks(scores.size(), grain, [&](std::size_t begin, std::size_t end) {
            const Real* const loss = losses.data() + begin;
            const Real* const weight = scores.weight.data() + (scores.weight.empty() ? 0 : begin);
            const auto x = [this, loss](std::size_t i) { return exponent(loss[i]); };
            if (scores.weight.empty())
                blocks[begin / grain] = log_mean_exp(end - begin, x, [](std::size_t) { return 1.0; });
            else
                blocks[begin / grain] =
                    log_mean_exp(end - begin, x, [weight](std::size_t i) { return static_cast<double>(weight[i]); });
        });
        log_mean_exp all;
        for (const log_mean_exp& block : blocks) all += block;
        return all;
    }
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const log_mean_exp& state,
                  const pair_gradients<Real>& gradients) const {
        check_lengths(scores, gradients);
        std::vector<Real> losses(scores.size());
        loss_sums sums = inner_sums(scores, {gradients.chosen, gradients.rejected, losses});
        const double loss = state.weight() > 0 ? -beta_prime * state.value() : 0;
        parallel_blocks(scores.size(), std::size_t{1} << 14, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end && !gradients.values.empty(); ++i)
                gradients.values[i] = static_cast<Real>(weight_of(scores, i) * loss);
            if (gradients.chosen.empty()) return;
            Real* const d_chosen = gradients.chosen.data();
            Real* const d_rejected = gradients.rejected.data();
            Real* const factor = losses.data();
            for (std::size_t i = begin; i < end; ++i) factor[i] = static_cast<Real>(state.share(exponent(factor[i])));
            for (std::size_t i = begin; i < end; ++i) {
                const Real f = factor[i] * static_cast<Real>(weight_of(scores, i));
                d_chosen[i] = f == 0 ? 0 : f * d_chosen[i]; // a derivative that exceeds the type is not counted
                d_rejected[i] = f == 0 ? 0 : f * d_rejected[i];
            }
        });
        sums.weight = sum_of_weights(scores);
        sums.loss = sums.weight * loss;
        return sums;
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return map(scores, reduce(scores), gradients);
    }

  private:
    template <class Real> double exponent(Real loss) const { return -static_cast<double>(loss) / beta_prime; }
    template <class Real> static double weight_of(const pair_scores<Real>& scores, std::size_t i) {
        return scores.weight.empty() ? 1 : static_cast<double>(scores.weight[i]);
    }
    /// \throws as throw_first_fault for a weight that is none.
    template <class Real> static double sum_of_weights(const pair_scores<Real>& scores) {
        if (scores.weight.empty()) return static_cast<double>(scores.size());
        detail::lane_sum<double> sum;
        sum.add(scores.size(), [&](std::size_t i) { return static_cast<double>(scores.weight[i]); });
        for (std::size_t i = 0; i < scores.size(); ++i) {
            if (!(scores.weight[i] >= 0 && scores.weight[i] <= std::numeric_limits<Real>::max()))
                throw_first_fault(scores, i, i + 1);
        }
        return sum.total();
    }
    /// The inner loss of every pair with weight 1.
    template <class Real> loss_sums inner_sums(pair_scores<Real> scores, const pair_gradients<Real>& out) const {
        static_assert(PreferenceLoss<Inner, Real>, "the inner loss of a robust one is a PreferenceLoss");
        static_assert(!CoupledLoss<Inner, Real>, "the inner loss of a robust one looks at each pair alone");
        require(beta_prime > 0 && std::isfinite(beta_prime), "beta_prime is ", beta_prime,
                ", a positive number was expected");
        scores.weight = {};
        std::fill(out.values.begin(), out.values.end(), std::numeric_limits<Real>::quiet_NaN());
        const loss_sums sums = inner(scores, out);
        for (std::size_t i = 0; i < out.values.size(); ++i)
            require(!std::isnan(out.values[i]),
                    "the inner loss of a robust one writes the loss of every pair into "
                    "pair_gradients::values, pair ",
                    i, " has none");
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
