/// \file
/// SPA's noise-aware DPO on labels that a model gave itself (Kim et al. 2025, arXiv:2406.04412, section 4.2): the
/// labels of the least confident share of the batch are smoothed, and confidence is that of a model beyond the one that
/// learns, whose logits are extrapolated from the reference's, (1 + λ) h − λ h_ref ("de-coupled noise detection"). With
/// p_λ ∝ π^{1+λ} π_ref^{−λ} at every token
///   log p_λ(y)/π_ref(y) = (1 + λ) Σ_t log π/π_ref − D(y),   D(y) = Σ_t log Σ_v π(v)^{1+λ} π_ref(v)^{−λ},
/// where the last logarithm is λ times Rényi's divergence of order 1 + λ of π from π_ref: the column `divergence` of
/// this loss. So confidence is z̃ = β [(1 + λ)(u − v) − (D_w − D_l)], in the direction of the label.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/named/dpo.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/check_parameter.hpp>
#include <preflearn/loss/tokens/from_tokens.hpp>
#include <preflearn/loss/tokens/rows.hpp>
#include <preflearn/loss/tokens/scores.hpp>

namespace preflearn {

/// How sure the extrapolated model is of each label of a batch, in its order.
class label_confidences {
  public:
    label_confidences() = default;
    explicit label_confidences(std::vector<double> values) : values_(std::move(values)) {}
    label_confidences& operator+=(const label_confidences& other) {
        values_.insert(values_.end(), other.values_.begin(), other.values_.end());
        return *this;
    }
    [[nodiscard]] std::size_t size() const { return values_.size(); }
    /// Which are below the quantile at level `share`, between ranks linear as torch.quantile; a place that is a whole
    /// number but for its rounding is one.
    [[nodiscard]] std::vector<bool> least(double share) const {
        std::vector<bool> found(values_.size());
        if (values_.empty()) return found;
        std::vector<double> sorted = values_;
        const double place = share * static_cast<double>(sorted.size() - 1);
        const auto rank = static_cast<std::size_t>(std::ceil(std::max(0.0, place - 1e-9)));
        std::ranges::nth_element(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(rank));
        for (std::size_t i = 0; i < values_.size(); ++i) found[i] = values_[i] < sorted[rank];
        return found;
    }

  private:
    std::vector<double> values_;
};

/// A TokenLoss that couples the batch: −(1 − t) log σ(z) − t log σ(−z), t = α of the labels that are least sure, else 0
/// (for a soft label q: its mixture with 1 − q). No gradient flows through the choice. Rewards are DPO's. The paper's
/// α = 0.1 and share of 10%; its λ is ½, ¼, ⅛ in its three rounds; its reference is the model before all of them.
/// \throws argument_error for parameters that are none and columns that are missing; numeric_error as `from_tokens`
struct spa {
    static constexpr bool uses_reference = true, uses_log_sum_squares = false, uses_divergence = true,
                          uses_extrapolation = true, uses_weak_shift = false, couples_batch = true;
    static constexpr loss_about about{
        "spa",
        "-(1-t) log s(z) - t log s(-z), t = alpha where (1+lambda) z - beta (D_w - D_l) is in the batch's least share, "
        "D = sum of log sum p^(1+lambda) p_ref^-lambda",
        "SPA, arXiv:2406.04412, self-refinement by extrapolated logits", "spread_preference_annotation"};
    double beta = 0.1, alpha = 0.1, share = 0.1, lambda = 0.5;
    static constexpr loss_parameter<spa> parameters[]{
        {"beta", &spa::beta}, {"alpha", &spa::alpha}, {"share", &spa::share}, {"lambda", &spa::lambda}};

    /// λ, which whoever fills the column `divergence` needs.
    [[nodiscard]] double extrapolation() const { return lambda; }

    template <StoredReal Real> [[nodiscard]] label_confidences reduce(const token_scores<Real>& scores) const {
        check(scores);
        std::vector<double> values(scores.size());
        parallel_blocks(scores.size(), pairs_per_block, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const auto [won, chosen_spread] = of_response(scores.chosen, i, "chosen");
                const auto [lost, rejected_spread] = of_response(scores.rejected, i, "rejected");
                const double z = beta * ((1 + lambda) * (won - lost) - (chosen_spread - rejected_spread));
                values[i] = label(scores, i) < 0.5 ? -z : z;
            }
        });
        return label_confidences(std::move(values));
    }
    /// \param first the place of the first pair in the merged batch
    template <StoredReal Real>
    loss_sums map(const token_scores<Real>& scores, const label_confidences& state,
                  const token_gradients<Real>& gradients, std::size_t first = 0) const {
        check(scores);
        require(first + scores.size() <= state.size(), "the state is of ", state.size(), " pairs, which has no ",
                scores.size(), " from the one at ", first, " on");
        const std::vector<bool> unsure = state.least(share);
        std::vector<Real> targets(scores.size());
        for (std::size_t i = 0; i < targets.size(); ++i) {
            const double q = label(scores, i);
            targets[i] = stored<Real>(unsure[first + i] ? (1 - alpha) * q + alpha * (1 - q) : q);
        }
        token_scores<Real> refined = scores;
        refined.target = targets;
        return from_tokens<dpo>{.loss = {.beta = beta}}(refined, gradients);
    }
    template <StoredReal Real>
    loss_sums operator()(const token_scores<Real>& scores, const token_gradients<Real>& gradients) const {
        return map(scores, reduce(scores), gradients);
    }

  private:
    static constexpr std::size_t pairs_per_block = 16;

    template <class Real> void check(const token_scores<Real>& scores) const {
        check_token_scores(scores, token_gradients<Real>{});
        check_positive("beta", beta);
        check_probability("alpha", alpha);
        check_probability("share", share);
        require(lambda >= 0 && std::isfinite(lambda), "lambda is ", lambda,
                ", a number that is not negative was expected");
        for (const token_columns<Real>* side : {&scores.chosen, &scores.rejected})
            require(!side->divergence.empty() || side->policy.empty(), side == &scores.chosen ? "chosen" : "rejected",
                    ": this loss needs the column divergence");
    }
    template <class Real> static double label(const token_scores<Real>& scores, std::size_t pair) {
        return scores.target.empty() ? 1 : static_cast<double>(scores.target[pair]);
    }
    /// Σ_t log π/π_ref of a response, and D.
    template <class Real>
    static std::array<double, 2> of_response(const token_columns<Real>& side, std::size_t pair, const char* name) {
        token_sums<2> sums;
        const Real* const reference = side.reference.empty() ? nullptr : side.reference.data();
        side.rows.for_each_run(pair, [&](std::size_t position, std::size_t, std::size_t count) {
            sums.add(count, [=, policy = side.policy.data(), spread = side.divergence.data()](std::size_t i) {
                const double before = reference == nullptr ? 0 : static_cast<double>(reference[position + i]);
                return std::array{static_cast<double>(policy[position + i]) - before,
                                  static_cast<double>(spread[position + i])};
            });
        });
        const std::array<double, 2> of = sums.values();
        if (!std::isfinite(of[0] + of[1])) throw_token_fault(side, pair, name);
        return of;
    }
};

} // namespace preflearn
