/// \file
/// Weak-to-strong preference optimisation (WSPO: Zhu et al. 2025, arXiv:2410.18640): the strong policy's shift from its
/// reference is matched, token by token, with the shift that alignment made of a weak policy. For each pair
///   weight · 1/|y_w| Σ_t [β (log π − log π_ref)_t − weak_shift_t]²
/// on the chosen response; the rejected one and the label's strength play no part. As the authors' code, whose
/// `pref_beta` of 0.1 is β.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/check_parameter.hpp>
#include <preflearn/loss/tokens/rows.hpp>
#include <preflearn/loss/tokens/scores.hpp>

namespace preflearn {

/// A TokenLoss. Rewards that it reports are β (log π − log π_ref) of both responses.
/// \throws argument_error naming the pair for an empty chosen response, for a negative weight, and for columns that are
/// missing or do not fit; numeric_error naming pair, column and token for NaN and infinities.
struct wspo {
    static constexpr bool uses_reference = true, uses_log_sum_squares = false, uses_divergence = false,
                          uses_weak_shift = true, uses_target = false, uses_margin = false;
    static constexpr loss_about about{
        "wspo", "mean of (beta (log p - log p_ref) - weak_shift)^2 over the tokens of y_w", "WSPO, arXiv:2410.18640"};
    double beta = 0.1;
    static constexpr loss_parameter<wspo> parameters[]{{"beta", &wspo::beta}};

    template <StoredReal Real>
    loss_sums operator()(const token_scores<Real>& scores, const token_gradients<Real>& gradients) const {
        check_token_scores(scores, gradients);
        check_positive("beta", beta);
        require(!scores.chosen.weak_shift.empty() || scores.chosen.policy.empty(),
                "chosen: this loss matches the shift of a weak policy and needs the column weak_shift");
        const bool referenced = !scores.chosen.reference.empty() || !scores.rejected.reference.empty();
        std::vector<loss_sums> sums(scores.size());
        parallel_blocks(scores.size(), pairs_per_block, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i)
                sums[i] = referenced ? one<true>(scores, gradients, i) : one<false>(scores, gradients, i);
        });
        for (std::size_t i = 0; i < gradients.values.size(); ++i) gradients.values[i] = stored<Real>(sums[i].loss);
        loss_sums total;
        for (const loss_sums& pair : sums) total += pair;
        return total;
    }

  private:
    static constexpr std::size_t pairs_per_block = 16;

    /// β (log π − log π_ref) and log π of the token at a position; a copy of pointers, which loops keep in registers.
    template <class Real, bool Referenced> struct shift_of {
        double beta;
        const Real *policy, *reference;
        double log_prob(std::size_t at) const { return static_cast<double>(policy[at]); }
        double operator()(std::size_t at) const {
            if constexpr (Referenced) return beta * (log_prob(at) - static_cast<double>(reference[at]));
            return beta * log_prob(at);
        }
    };

    template <bool Referenced, class Real>
    [[nodiscard]] loss_sums one(const token_scores<Real>& scores, const token_gradients<Real>& gradients,
                                std::size_t pair) const {
        const token_columns<Real>&chosen = scores.chosen, &rejected = scores.rejected;
        const double weight = scores.weight.empty() ? 1 : static_cast<double>(scores.weight[pair]);
        require<numeric_error>(std::isfinite(weight), "pair ", pair, ": weight is ", weight);
        require(weight >= 0, "pair ", pair, ": weight is ", weight, ", a number that is not negative was expected");
        const std::size_t tokens = chosen.rows.tokens(pair);
        require(tokens > 0, "pair ", pair, ": its chosen response is empty, but this loss divides by its length");

        const shift_of<Real, Referenced> of_c{beta, chosen.policy.data(), chosen.reference.data()},
            of_r{beta, rejected.policy.data(), rejected.reference.data()};
        const auto gap = [of_c, weak = chosen.weak_shift.data()](std::size_t at) {
            return of_c(at) - static_cast<double>(weak[at]);
        };
        token_sums<3> of_chosen;
        chosen.rows.for_each_run(pair, [&](std::size_t position, std::size_t, std::size_t count) {
            of_chosen.add(count, [gap, of_c, position](std::size_t i) {
                const double x = gap(position + i);
                return std::array{x * x, of_c(position + i), of_c.log_prob(position + i)};
            });
        });
        token_sums<2> of_rejected;
        rejected.rows.for_each_run(pair, [&](std::size_t position, std::size_t, std::size_t count) {
            of_rejected.add(count, [of_r, position](std::size_t i) {
                return std::array{of_r(position + i), of_r.log_prob(position + i)};
            });
        });
        const auto [squares, won, chosen_log_prob] = of_chosen.values();
        const auto [lost, rejected_log_prob] = of_rejected.values();
        if (!std::isfinite(squares + won)) throw_token_fault(chosen, pair, "chosen");
        if (!std::isfinite(lost)) throw_token_fault(rejected, pair, "rejected");

        const double share = weight / static_cast<double>(tokens);
        const auto write = [pair](const token_rows& rows, const token_derivatives<Real>& out, const auto& derivative) {
            for (const auto& values : {out.policy, out.divergence}) {
                if (values.empty()) continue;
                for (std::size_t at = rows.begin(pair); at < rows.end(pair); ++at) values[at] = stored<Real>(0);
            }
            if (out.policy.empty()) return;
            rows.for_each_run(pair, [=, to = out.policy.data()](std::size_t position, std::size_t, std::size_t count) {
                for (std::size_t at = position; at < position + count; ++at) to[at] = stored<Real>(derivative(at));
            });
        };
        write(chosen.rows, gradients.chosen,
              [gap, slope = 2 * share * beta](std::size_t at) { return slope * gap(at); });
        write(rejected.rows, gradients.rejected, [](std::size_t) { return 0.0; });
        return {.loss = share * squares,
                .weight = weight,
                .pairs = 1,
                .chosen_rewards = won,
                .rejected_rewards = lost,
                .chosen_log_probs = chosen_log_prob,
                .rejected_log_probs = rejected_log_prob,
                .correct = won > lost ? std::size_t{1} : std::size_t{0},
                .ties = won == lost ? std::size_t{1} : std::size_t{0}};
    }
};

} // namespace preflearn
