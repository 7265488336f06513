/// \file
/// Auxiliary confidence with the threshold of the batch (Burns et al. 2023, arXiv:2312.09390, section 4.3, and the
/// authors' code): the model's own prediction is hardened at the quantile of its predictions that keeps the class
/// shares of the weak labels. The state is the predictions and Σ of the labels.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/exact_sum.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/named/dpo_relatives.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/pairs/slices.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/link.hpp>
#include <preflearn/loss/parts/score.hpp>
#include <preflearn/loss/parts/target.hpp>

namespace preflearn {

namespace detail {

/// The number of a rank, counted from 0 in ascending order, and the largest below it, −∞ where there is none.
struct ranked_number {
    double value, below;
};

/// O(n): two numbers of a sample enclose the rank, almost surely, and few numbers lie between them (Floyd & Rivest
/// 1975, doi:10.1145/360680.360691).
inline ranked_number number_of_rank(const std::vector<double>& numbers, std::size_t rank) {
    constexpr double infinite = std::numeric_limits<double>::infinity();
    constexpr std::size_t samples = 4096, slack = 128; // four standard deviations of a rank among the samples
    std::vector<double> near;
    std::size_t under = 0; // how many are less than those
    if (const std::size_t stride = numbers.size() / samples; stride > 4) {
        for (std::size_t i = 0; i < samples; ++i) near.push_back(numbers[i * stride]);
        std::ranges::sort(near);
        const std::size_t place = rank / stride;
        const double low = place < slack ? -infinite : near[place - slack];
        const double high = place + slack < samples ? near[place + slack] : infinite;
        near.clear();
        for (const double x : numbers) {
            under += std::size_t{x < low};
            if (x >= low && x <= high) near.push_back(x);
        }
    }
    if (rank < under || rank >= under + near.size()) {
        near = numbers;
        under = 0;
    }
    const auto at = near.begin() + static_cast<std::ptrdiff_t>(rank - under);
    std::ranges::nth_element(near, at);
    const double value = *at;
    const auto highest_below = [value](const std::vector<double>& column) {
        double highest = -infinite;
        for (const double x : column) highest = x < value && x > highest ? x : highest;
        return highest;
    };
    const double below = highest_below(near);
    return {value, below == -infinite && under > 0 ? highest_below(numbers) : below};
}

/// The margin as a loss.
struct margin_itself {
    template <std::floating_point Real> margin_penalty<Real> operator()(Real z) const { return {z, 1}; }
};

} // namespace detail

/// The margins z of a batch and the sum of its targets. Merging is exact.
class confidence_state {
  public:
    confidence_state() = default;
    confidence_state(std::vector<double> margins, const exact_sum& targets)
        : margins_(std::move(margins)), targets_(targets) {}
    confidence_state& operator+=(const confidence_state& other) {
        margins_.insert(margins_.end(), other.margins_.begin(), other.margins_.end());
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
        const auto [value, below] = detail::number_of_rank(margins_, static_cast<std::size_t>(std::ceil(place - 1e-9)));
        return below / 2 + value / 2;
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
    static constexpr loss_about about{
        "confident_dpo_quantile",
        "-t log s(z) - (1-t) log s(-z), t = (1-alpha) target + alpha [z >= quantile of z at 1 - mean target]",
        "auxiliary confidence, arXiv:2312.09390, threshold of the batch"};
    double beta = 0.1, alpha = 0.5;
    static constexpr loss_parameter<confident_dpo_quantile> parameters[]{{"beta", &confident_dpo_quantile::beta},
                                                                         {"alpha", &confident_dpo_quantile::alpha}};

    template <std::floating_point Real> [[nodiscard]] confidence_state reduce(const pair_scores<Real>& scores) const {
        check_lengths(scores, pair_gradients<Real>{});
        std::vector<double> margins(scores.size());
        const exact_sum targets = sum_of_slices<exact_sum>(scores, [&](std::size_t at, std::size_t size) {
            pair_scores<Real> slice = slice_of(scores, at, size);
            slice.weight = {};
            std::array<Real, pairs_per_slice> z;
            pairwise<log_ratio, detail::margin_itself, as_labelled>{.beta = beta}(
                slice, pair_gradients<Real>{.values = std::span(z).first(size), .metrics = false});
            std::copy_n(z.begin(), size, margins.begin() + static_cast<std::ptrdiff_t>(at));
            exact_sum of_slice;
            of_slice.add(slice.target);
            if (slice.target.empty()) of_slice += static_cast<double>(size);
            return of_slice;
        });
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
