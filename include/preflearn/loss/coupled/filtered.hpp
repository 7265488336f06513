/// \file
/// ROPO with the noise rate that it is told (Liang et al. 2025, arXiv:2404.04102): pairs whose loss is large are
/// filtered as wrongly labelled. The paper minimises Σ w_i ℓ_i over the model and over weights w_i in [0, 1] that add
/// up to the pairs that are kept, in turns; for a given model the best weights keep those of the least loss. Where a
/// share ε of the labels is wrong, 1 − ε of them are kept. Here the weights are found anew in every batch, whose pairs
/// are drawn at random, so that each has its share of wrong ones, instead of once a round over all pairs; the paper's
/// new responses to prompts that lost their pairs are `generate`'s.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/lane_sum.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/named/dpo_relatives.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/loss/parts/about.hpp>

namespace preflearn {

/// The losses of a batch's pairs and their given weights, in its order.
class filtered_state {
  public:
    filtered_state() = default;
    filtered_state(std::vector<double> losses, std::vector<double> weights)
        : losses_(std::move(losses)), weights_(std::move(weights)) {}
    filtered_state& operator+=(const filtered_state& other) {
        losses_.insert(losses_.end(), other.losses_.begin(), other.losses_.end());
        weights_.insert(weights_.end(), other.weights_.begin(), other.weights_.end());
        return *this;
    }
    [[nodiscard]] std::size_t size() const { return losses_.size(); }

    /// What multiplies the weight of each pair: 1 / kept for the pairs of the least losses that have the share `kept`
    /// of all weight, 0 for others; the pairs at the border, which have equal losses, share what is left. So weights
    /// add up to what they did.
    [[nodiscard]] std::vector<double> factors(double kept) const {
        std::vector<double> factor(losses_.size(), 1);
        if (kept >= 1) return factor;
        std::vector<std::size_t> order(losses_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
            return losses_[a] < losses_[b] || (losses_[a] == losses_[b] && a < b);
        });
        double left = kept * std::accumulate(weights_.begin(), weights_.end(), 0.0);
        for (std::size_t at = 0, end = 0; at < order.size(); at = end) {
            double group = 0;
            for (; end < order.size() && losses_[order[end]] == losses_[order[at]]; ++end)
                group += weights_[order[end]];
            const double share = group > 0 ? std::clamp(left / group, 0.0, 1.0) : 0;
            for (std::size_t i = at; i < end; ++i) factor[order[i]] = share / kept;
            left -= share * group;
        }
        return factor;
    }

  private:
    std::vector<double> losses_, weights_;
};

/// ROPO's loss of the pairs that are kept, Σ w ℓ / Σ w of these; no gradient flows through the choice (at the minimum
/// over the weights there is none). `filtered` is ε: 0 is `ropo`.
/// \throws argument_error unless 0 <= filtered < 1, and as `ropo` does
struct filtered_ropo {
    static constexpr bool uses_reference = true, uses_tokens = false;
    static constexpr loss_about about{"ropo_filtered",
                                      "4 alpha/(1+alpha)^2 (-log s(z) + alpha s(-z)), mean over the share 1 - filtered "
                                      "of the batch where it is least",
                                      "ROPO with filtering, arXiv:2404.04102", "filtered_ropo"};
    double beta = 0.1, alpha = 14, filtered = 0.2;
    static constexpr loss_parameter<filtered_ropo> parameters[]{
        {"beta", &filtered_ropo::beta}, {"alpha", &filtered_ropo::alpha}, {"filtered", &filtered_ropo::filtered}};

    template <std::floating_point Real> [[nodiscard]] filtered_state reduce(const pair_scores<Real>& scores) const {
        require(filtered >= 0 && filtered < 1, "filtered is ", filtered, ", a share below 1 was expected");
        check_lengths(scores, pair_gradients<Real>{});
        std::vector<Real> values(scores.size());
        pair_scores<Real> unweighted = scores;
        unweighted.weight = {};
        inner()(unweighted, pair_gradients<Real>{.values = values, .metrics = false});
        std::vector<double> weights(scores.size(), 1);
        std::ranges::copy(scores.weight, weights.begin());
        return {std::vector<double>(values.begin(), values.end()), std::move(weights)};
    }
    /// \param first the place of the first pair in the merged batch
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const filtered_state& state, const pair_gradients<Real>& gradients,
                  std::size_t first = 0) const {
        check_lengths(scores, gradients);
        require(first + scores.size() <= state.size(), "the state is of ", state.size(), " pairs, which has no ",
                scores.size(), " from the one at ", first, " on");
        const std::vector<double> factors = state.factors(1 - filtered);
        std::vector<Real> weights(scores.size());
        for (std::size_t i = 0; i < weights.size(); ++i) {
            const Real given = scores.weight.empty() ? Real(1) : scores.weight[i];
            weights[i] = static_cast<Real>(factors[first + i]) * given;
        }
        pair_scores<Real> kept = scores;
        kept.weight = weights;
        loss_sums sums = inner()(kept, gradients);
        sums.weight = static_cast<double>(scores.size());
        if (scores.weight.empty()) return sums;
        lane_sum<double> weight;
        weight.add(scores.size(), [&](std::size_t i) { return static_cast<double>(scores.weight[i]); });
        sums.weight = weight.total();
        return sums;
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return map(scores, reduce(scores), gradients);
    }

  private:
    [[nodiscard]] ropo inner() const { return {.beta = beta, .alpha = alpha}; }
};

} // namespace preflearn
