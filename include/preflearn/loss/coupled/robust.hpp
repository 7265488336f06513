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
#include <preflearn/core/numbers/lane_sum.hpp>
#include <preflearn/core/numbers/log_mean_exp.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/named/dpo.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/loss/pairs/slices.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/check_parameter.hpp>

namespace preflearn {

/// Any loss of single pairs, robust over the batch. The weight column is a pair's share in the mean; ℓ is the inner
/// loss without it. The gradient goes through the mean. Every pair's value is the batch's loss, which has no parts.
/// \throws what the inner loss throws
template <class Inner> struct distributionally_robust {
    Inner inner{};
    double beta_prime = 1;

    template <std::floating_point Real> [[nodiscard]] log_mean_exp reduce(const pair_scores<Real>& scores) const {
        check(scores, pair_gradients<Real>{});
        return sum_of_slices<log_mean_exp>(scores, [&](std::size_t at, std::size_t size) {
            std::array<Real, pairs_per_slice> room;
            const std::span<Real> x = std::span(room).first(size);
            const pair_scores<Real> slice = slice_of(scores, at, size);
            exponents(slice, {.metrics = false}, x);
            return log_mean_exp::of<Real>(x, slice.weight);
        });
    }
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const log_mean_exp& state,
                  const pair_gradients<Real>& gradients) const {
        check(scores, gradients);
        const loss_sums sums = sum_of_slices<loss_sums>(scores, [&](std::size_t at, std::size_t size) {
            std::array<Real, pairs_per_slice> room;
            const std::span<Real> x = std::span(room).first(size);
            const pair_scores<Real> slice = slice_of(scores, at, size);
            const pair_gradients<Real> out = slice_of(gradients, at, size);
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
        std::vector<log_mean_exp> states((scores.size() + pairs_per_slice - 1) / pairs_per_slice);
        const both_sums both = sum_of_slices<both_sums>(scores, [&](std::size_t at, std::size_t size) {
            std::array<Real, pairs_per_slice> room;
            const std::span<Real> x = std::span(room).first(size);
            const pair_scores<Real> slice = slice_of(scores, at, size);
            const pair_gradients<Real> out = slice_of(gradients, at, size);
            const loss_sums of_slice = exponents(slice, out, x);
            const log_mean_exp state = log_mean_exp::of<Real>(x, slice.weight);
            share_out(slice, state, out, x);
            states[at / pairs_per_slice] = state;
            return both_sums{of_slice, state};
        });
        parallel_blocks(scores.size(), pairs_per_slice, [&](std::size_t begin, std::size_t end) {
            const pair_gradients<Real> out = slice_of(gradients, begin, end - begin);
            const Real share = static_cast<Real>(both.state.share_of(states[begin / pairs_per_slice]));
            for (const std::span<Real> column : {out.chosen, out.rejected}) {
                if (share <
                    std::numeric_limits<Real>::min()) // where it is 0, a derivative that exceeds the type is, too
                    std::ranges::fill(column, Real(0));
                else
                    for (Real& x : column) x *= share;
            }
            write_values(slice_of(scores, begin, end - begin), both.state, out);
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
        check_positive("beta_prime", beta_prime);
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
        lane_sum<double> weight;
        weight.add(scores.weight.size(), [&](std::size_t i) { return static_cast<double>(scores.weight[i]); });
        sums.weight = scores.weight.empty() ? static_cast<double>(scores.size()) : weight.total();
        sums.loss = sums.weight * batch_loss(state);
        return sums;
    }
};

/// Dr. DPO: DPO robust over the batch. β' = 1 is the authors' default.
struct dr_dpo {
    static constexpr bool uses_reference = true, uses_tokens = false;
    static constexpr loss_about about{"dr_dpo", "-beta_prime log mean exp(log s(z) / beta_prime)",
                                      "Dr. DPO, arXiv:2407.07880", "drdpo"};
    double beta = 0.1, beta_prime = 1;
    static constexpr loss_parameter<dr_dpo> parameters[]{{"beta", &dr_dpo::beta}, {"beta_prime", &dr_dpo::beta_prime}};

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
