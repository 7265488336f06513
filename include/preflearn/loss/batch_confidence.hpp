/// \file
/// Auxiliary confidence with the threshold of the batch (Burns et al. 2023, arXiv:2312.09390, section 4.3, and the
/// authors' code): the model's own prediction is hardened at the quantile of its predictions that keeps the class
/// shares of the weak labels. The state is the sorted predictions and Σ of the labels.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/exact_sum.hpp>
#include <preflearn/loss/columns.hpp>
#include <preflearn/loss/coupled.hpp>
#include <preflearn/loss/named_divergence.hpp>
#include <preflearn/loss/named_relatives.hpp>
#include <preflearn/loss/pairwise.hpp>

namespace preflearn {

/// The margins z of a batch in ascending order and the sum of its targets. Merging is exact.
class confidence_state {
  public:
    confidence_state() = default;
    confidence_state(std::vector<double> margins, const exact_sum& targets)
        : margins_(std::move(margins)), targets_(targets) {
        std::ranges::sort(margins_);
    }
    confidence_state& operator+=(const confidence_state& other) {
        std::vector<double> merged(margins_.size() + other.margins_.size());
        std::ranges::merge(margins_, other.margins_, merged.begin());
        margins_ = std::move(merged);
        targets_ += other.targets_;
        return *this;
    }
    /// What separates the margins at or above the quantile t at level 1 − mean target, between ranks linear as
    /// torch.quantile, from those below: halfway between the two that are next to it.
    [[nodiscard]] double threshold() const {
        if (margins_.empty()) return 0;
        const auto n = static_cast<double>(margins_.size());
        // Between two ranks t lies above the lower of them, unless they are equal; a place that is a whole number but
        // for its rounding is one.
        const double place = std::clamp(1 - targets_.value() / n, 0.0, 1.0) * (n - 1);
        const auto rank = static_cast<std::size_t>(std::ceil(place - 1e-9));
        const auto first = std::lower_bound(margins_.begin(), margins_.end(), margins_[rank]);
        if (first == margins_.begin()) return -std::numeric_limits<double>::infinity();
        return *(first - 1) / 2 + *first / 2;
    }

  private:
    std::vector<double> margins_;
    exact_sum targets_;
};

/// Cross-entropy of σ(z), z = β (u − v) − margin, with the target (1 − α) q + α [z ≥ t], where t is the quantile of
/// the batch's z at level 1 − mean q, so that as large a share of the pairs is hardened to 1 as the labels have.
/// The hardened prediction is taken as a constant. α = 0 is DPO with soft labels; a fixed threshold is `confident_dpo`.
struct confident_dpo_quantile {
    static constexpr bool uses_reference = true, uses_tokens = false;
    double beta = 0.1, alpha = 0.5;

    template <std::floating_point Real> [[nodiscard]] confidence_state reduce(const pair_scores<Real>& scores) const {
        dpo{.beta = beta}(scores, pair_gradients<Real>{}); // names what is not finite
        exact_sum targets;
        std::vector<double> margins(scores.size());
        for (std::size_t i = 0; i < scores.size(); ++i) {
            const auto ratio = [i](std::span<const Real> log_probs, std::span<const Real> reference) {
                return detail::exact_difference(log_probs[i], reference.empty() ? Real(0) : reference[i]);
            };
            const auto [u, u_lost] = ratio(scores.chosen, scores.reference_chosen);
            const auto [v, v_lost] = ratio(scores.rejected, scores.reference_rejected);
            const auto [d, d_lost] = detail::exact_difference(u, v);
            const Real difference = d + (d_lost + (u_lost - v_lost));
            margins[i] = static_cast<double>(static_cast<Real>(beta) * difference -
                                             (scores.margin.empty() ? Real(0) : scores.margin[i]));
            targets += scores.target.empty() ? 1.0 : static_cast<double>(scores.target[i]);
        }
        return {std::move(margins), targets};
    }
    template <std::floating_point Real>
    loss_sums map(const pair_scores<Real>& scores, const confidence_state& state,
                  const pair_gradients<Real>& gradients) const {
        return confident_dpo{.beta = beta, .alpha = alpha, .threshold = state.threshold()}(scores, gradients);
    }
    template <std::floating_point Real>
    loss_sums operator()(const pair_scores<Real>& scores, const pair_gradients<Real>& gradients) const {
        return map(scores, reduce(scores), gradients);
    }
};

} // namespace preflearn
