/// \file
/// Plackett-Luce over the responses to one prompt (Plackett 1975; Luce 1959): ranked best to worst, the i-th is drawn
/// from those that are left with probability e^{s_i} / Σ_{j ≥ i} e^{s_j}. With s = β (log π − log π_ref) this is the
/// listwise DPO of Rafailov et al. 2023 (arXiv:2305.18290, appendix A.3); two responses are a pair.
///
/// From the last response up, d_i = log Σ_{j > i} e^{s_j} − s_i says everything: a rank costs log(1 + e^{d_i}), and the
/// ranks above hand down R_{i+1} = (R_i + 1) σ(d_i), of which s_i gets the share σ(−d_i). Linear in the number of
/// responses, no memory but the gradient's, and relatively accurate in both tails.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include <preflearn/core/column.hpp>
#include <preflearn/core/loss_concepts.hpp>
#include <preflearn/core/numbers/elementary.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/parts/about.hpp>
#include <preflearn/loss/parts/check_parameter.hpp>
#include <preflearn/loss/parts/link.hpp>

namespace preflearn {

struct ranked_sums;

/// Groups of responses to one prompt each, of different sizes: group g is [offsets[g], offsets[g + 1]) of the columns,
/// its best response first.
template <class Real> struct ranked_scores {
    using gradients = std::span<Real>;
    using sums = ranked_sums;

    /// log π(y | x) in nats, or rewards.
    column_view<const Real> score;
    /// groups + 1 positions, the first 0, ascending, the last the number of responses (`ragged::offsets()`).
    column_view<const std::size_t> offsets;
    /// The score under the reference policy; empty: zero.
    column_view<const Real> reference{};
    /// One entry a group: so many of its responses are ranked, the rest are all behind them in unknown order (a top-k
    /// ranking); empty: all.
    column_view<const std::uint32_t> ranked{};
    /// One entry a group, finite and not negative; empty: one.
    column_view<const Real> weight{};

    [[nodiscard]] std::size_t groups() const { return offsets.empty() ? 0 : offsets.size() - 1; }
};

/// Sums over groups. Divide by `weight` for the mean.
struct ranked_sums {
    double loss = 0, weight = 0;
    std::size_t groups = 0;
    /// Groups whose first response has the largest reward, and those that share it (counted as wrong).
    std::size_t best_first = 0, ties = 0;
    /// Σ of the first response's reward, and of the mean reward of the others, over groups of two responses or more.
    double first_rewards = 0, rest_rewards = 0;

    ranked_sums& operator+=(const ranked_sums& other) {
        loss += other.loss;
        weight += other.weight;
        groups += other.groups;
        best_first += other.best_first;
        ties += other.ties;
        first_rewards += other.first_rewards;
        rest_rewards += other.rest_rewards;
        return *this;
    }
};

/// A loss on ranked responses: writes the derivative with respect to every response's score. Errors name group and
/// response.
template <class L, class Real = double>
concept ListwiseLoss = std::floating_point<Real> && Loss<L, ranked_scores<Real>>;

template <class L, class Real> consteval void check_listwise_loss() {
    static_assert(ListwiseLoss<L, Real>, "a ListwiseLoss is called with (ranked_scores<Real>, std::span<Real> "
                                         "gradient), const, and returns preflearn::ranked_sums");
}

/// −log of the probability of the ranking, times the group's weight. Writes d (weight · loss) / d score of every
/// response, or nothing where `gradient` is empty. A group of fewer than two responses, or of none ranked, costs 0.
/// \throws argument_error for offsets, counts and weights that do not fit; numeric_error naming group and response
struct plackett_luce_loss {
    static constexpr loss_about about{
        "plackett_luce",
        "sum over ranks i of log sum_{j >= i} exp(x_j) - x_i, x = beta (log p - log p_ref), best first",
        "Plackett 1975; listwise DPO, arXiv:2305.18290, appendix A.3", "listwise_dpo dpo_pl pl listmle list_mle"};
    double beta = 1;
    static constexpr loss_parameter<plackett_luce_loss> parameters[]{{"beta", &plackett_luce_loss::beta}};

    template <std::floating_point Real>
    ranked_sums operator()(const ranked_scores<Real>& scores, std::span<Real> gradient) const {
        check(scores, gradient);
        constexpr std::size_t most = 64, smallest = 256;
        const std::size_t grain = std::max(smallest, (scores.groups() + most - 1) / most);
        std::array<ranked_sums, most> blocks{};
        parallel_blocks(scores.groups(), grain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t g = begin; g < end; ++g) blocks[begin / grain] += of_group(scores, gradient, g);
        });
        ranked_sums total;
        for (const ranked_sums& sums : blocks) total += sums;
        return total;
    }

  private:
    template <class Real> void check(const ranked_scores<Real>& scores, std::span<Real> gradient) const {
        check_positive("beta", beta);
        const std::size_t n = scores.score.size(), groups = scores.groups();
        require(!scores.offsets.empty() || n == 0, "offsets are missing for ", n, " responses");
        for (std::size_t g = 0; g < groups; ++g)
            require(scores.offsets[g] <= scores.offsets[g + 1], "offset ", g + 1, " is ", scores.offsets[g + 1],
                    ", at least ", scores.offsets[g], " was expected");
        if (!scores.offsets.empty())
            require(scores.offsets.front() == 0 && scores.offsets.back() == n, "offsets reach from ",
                    scores.offsets.front(), " to ", scores.offsets.back(), ", 0 to ", n, " was expected");
        const auto check_size = [](std::string_view name, std::size_t found, std::size_t expected) {
            require(found == 0 || found == expected, name, " has ", found, " entries, ", expected, " were expected");
        };
        check_size("reference", scores.reference.size(), n);
        check_size("ranked", scores.ranked.size(), groups);
        check_size("weight", scores.weight.size(), groups);
        check_size("the gradient", gradient.size(), n);
    }

    template <class Real>
    ranked_sums of_group(const ranked_scores<Real>& scores, std::span<Real> gradient, std::size_t g) const {
        const std::size_t begin = scores.offsets[g], size = scores.offsets[g + 1] - begin;
        const double weight = scores.weight.empty() ? 1 : static_cast<double>(scores.weight[g]);
        require<numeric_error>(std::isfinite(weight), "group ", g, ": weight is ", weight);
        require(weight >= 0, "group ", g, ": weight is ", weight, ", a number that is not negative was expected");
        std::size_t ranks = size;
        if (!scores.ranked.empty()) {
            ranks = scores.ranked[g];
            require(ranks <= size, "group ", g, ": ", ranks, " of its ", size, " responses are ranked");
        }
        ranked_sums sums{.weight = weight, .groups = 1};
        double behind = -std::numeric_limits<double>::infinity(), highest_behind = behind, sum_behind = 0;
        for (std::size_t i = size; i-- > 0;) {
            const double s = reward(scores, g, begin, i), d = behind - s;
            const double cost = std::max(d, 0.0) + log_of_one_plus(exp_of_minus(std::abs(d)));
            if (i < ranks) sums.loss += weight * cost;
            if (!gradient.empty()) gradient[begin + i] = static_cast<Real>(d);
            behind = s + cost;
            if (i == 0 && size > 1) {
                sums.best_first = s > highest_behind ? 1 : 0;
                sums.ties = s == highest_behind ? 1 : 0;
                sums.first_rewards = s;
                sums.rest_rewards = sum_behind / static_cast<double>(size - 1);
            }
            highest_behind = std::max(highest_behind, s);
            sum_behind += s;
        }
        if (gradient.empty()) return sums;
        double above = 0; // Σ over the ranks above of what is left of them here
        for (std::size_t i = 0; i < size; ++i) {
            const logistic_terms<double> at(static_cast<double>(gradient[begin + i]));
            const double own = i < ranks ? 1 : 0;
            gradient[begin + i] = static_cast<Real>(weight * beta * (at.down * above - own * at.up));
            above = (above + own) * at.up;
        }
        return sums;
    }

    template <class Real>
    double reward(const ranked_scores<Real>& scores, std::size_t g, std::size_t begin, std::size_t i) const {
        const double p = static_cast<double>(scores.score[begin + i]);
        const double p0 = scores.reference.empty() ? 0 : static_cast<double>(scores.reference[begin + i]);
        require<numeric_error>(std::isfinite(p) && std::isfinite(p0), "group ", g, ", response ", i, ": score is ", p,
                               ", reference ", p0, ", finite numbers were expected");
        const double s = beta * (p - p0);
        require<numeric_error>(std::isfinite(s), "group ", g, ", response ", i, ": the difference of score ", p,
                               " and reference ", p0, " exceeds the range of the type");
        return s;
    }
};

} // namespace preflearn
