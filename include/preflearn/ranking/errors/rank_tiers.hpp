/// \file
/// Which ranks the data support. All differences are tested at once with the max-t critical value, the quantile of the
/// largest |θ̂_i − θ̂_j| / error under the fit's covariance (Westfall & Young 1993, single step), so that with the given
/// confidence every interval of ranks and every border between tiers is right at the same time. Boards too large for
/// all pairs have joint intervals of their scores instead, which need no covariances.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/ranking/errors/covariance.hpp>
#include <preflearn/ranking/solver/symmetric_factors.hpp>

namespace preflearn {

struct rank_options {
    double confidence = 0.95;
    /// Draws of the largest difference; 10,000 give the critical value to about one per cent.
    std::size_t draws = 10'000;
    std::uint64_t seed = 0;
};

struct rank_result {
    /// |difference| / error above this is a difference, at least 1.96 for 0.95; of joint intervals their half width in
    /// errors.
    double critical = 0;
    /// Items from the best score to the worst.
    std::vector<std::size_t> order;
    /// Per item, from 1: the ranks it may have.
    std::vector<std::size_t> best_rank, worst_rank;
    /// Per item, from 1: a tier begins at the first item that is worse than the whole tier's best.
    std::vector<std::size_t> tier;
};

/// The items from the highest score down, equal ones by number.
inline std::vector<std::size_t> items_by_score(const rating_fit& fit) {
    std::vector<std::size_t> order(fit.scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(-fit.scores[i], i); });
    return order;
}

namespace detail {

// Templates here are so only that Eigen's factorisations and products are compiled where they are used.

/// A root R of the covariance, up to a common shift of all scores: R · noise has its differences. Cholesky's where the
/// matrix is far enough from singular, otherwise with pivots, what rounding left below 0 counting as 0.
template <std::same_as<Eigen::MatrixXd> Matrix> Eigen::MatrixXf root_of_differences(Matrix covariance) {
    const Eigen::Index n = covariance.rows();
    double largest = covariance(0, 0), sum = 0;
    for (Eigen::Index i = 0; i < n; ++i) {
        largest = std::max(largest, covariance(i, i));
        sum += covariance(i, i);
    }
    const double level = sum / static_cast<double>(n); // along the shift, where a mean of zero leaves nothing
    for (Eigen::Index j = 0; j < n; ++j)
        for (Eigen::Index i = 0; i < n; ++i) covariance(i, j) += level;
    Matrix root = covariance;
    if (!(factor_in_place(root) > 1e-10 * largest)) root = symmetric_factors<Matrix>(covariance).root();
    Eigen::MatrixXf rounded(n, n);
    for (Eigen::Index j = 0; j < n; ++j)
        for (Eigen::Index i = 0; i < n; ++i) rounded(i, j) = static_cast<float>(root(i, j));
    return rounded;
}

/// The largest |difference| · precision of each draw of root · noise.
template <std::same_as<Eigen::MatrixXf> Matrix>
std::vector<float> largest_differences(const Matrix& root, const Matrix& precision, std::size_t draws,
                                       std::uint64_t seed) {
    constexpr std::size_t together = 64; // so that a column of either matrix is read once for all of them
    const Eigen::Index n = root.rows();
    std::vector<float> largest(draws);
    parallel_blocks(draws, together, [&](std::size_t begin, std::size_t end) {
        Eigen::MatrixXf noise(n, as_index(end - begin));
        for (std::size_t d = begin; d < end; ++d) {
            generator random(seed, "rank draws", d);
            float* const draw = &noise(0, as_index(d - begin));
            for (Eigen::Index i = 0; i < n; ++i) draw[i] = static_cast<float>(random.normal());
        }
        const Matrix scores = multiply(root, noise);
        for (Eigen::Index i = 1; i < n; ++i) {
            for (std::size_t d = begin; d < end; ++d) {
                const auto drawn = scores.col(as_index(d - begin));
                const auto t = (drawn.head(i).array() - drawn[i]).abs() * precision.col(i).head(i).array();
                largest[d] = std::max(largest[d], t.maxCoeff());
            }
        }
    });
    return largest;
}

/// Ranks and tiers from who is clearly above whom.
template <class Above>
void rank_by_differences(const rating_fit& fit, const Above& clearly_above, rank_result& result) {
    const std::size_t n = fit.scores.size();
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            if (i == j) continue;
            result.best_rank[i] += clearly_above(j, i) ? 1 : 0;
            result.worst_rank[i] -= clearly_above(i, j) ? 1 : 0;
        }
    }
    std::size_t tier = 0, leader = 0;
    for (const std::size_t i : result.order) {
        if (tier == 0 || clearly_above(leader, i)) {
            ++tier;
            leader = i;
        }
        result.tier[i] = tier;
    }
}

} // namespace detail

/// \throws numeric_error when the fit does not exist, argument_error for a confidence outside (0, 1) or no draws.
template <std::same_as<rank_options> Options = rank_options>
rank_result rank_items(const rating_fit& fit, const rating_covariance& covariance, const Options& options = {}) {
    fit.check();
    const std::size_t n = fit.scores.size();
    require(covariance.items == n, "a covariance of ", covariance.items, " items for a fit of ", n);
    require(options.draws > 0, "ranks need at least one draw");
    rank_result result{.critical = normal_critical(options.confidence),
                       .order = items_by_score(fit),
                       .best_rank = std::vector<std::size_t>(n, 1),
                       .worst_rank = std::vector<std::size_t>(n, n),
                       .tier = std::vector<std::size_t>(n)};
    const auto clearly_above = [&](std::size_t i, std::size_t j) {
        return fit.scores[i] - fit.scores[j] > result.critical * covariance.standard_error_of_difference(i, j);
    };
    if (covariance.in_tree) { // differences of drawn scores would be rounding; the bound needs no draws (Šidák 1967)
        const double pairs = std::max(1.0, static_cast<double>(n) * (static_cast<double>(n) - 1) / 2);
        result.critical = normal_critical(std::pow(options.confidence, 1 / pairs));
        detail::rank_by_differences(fit, clearly_above, result);
        return result;
    }
    const Eigen::Index rows = as_index(n);
    Eigen::MatrixXf precision = Eigen::MatrixXf::Zero(rows, rows); // 1 / error of each difference
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            const double error = covariance.standard_error_of_difference(i, j);
            if (i != j && error > 0) precision(as_index(i), as_index(j)) = static_cast<float>(1 / error);
        }
    }
    if (n > 2) {
        std::vector<float> largest =
            detail::largest_differences(detail::root_of_differences(block_of(covariance.matrix, 0, 0, rows, rows)),
                                        precision, options.draws, options.seed);
        std::ranges::sort(largest);
        const auto at = static_cast<std::size_t>(std::ceil(options.confidence * static_cast<double>(options.draws)));
        result.critical =
            std::max(result.critical, static_cast<double>(largest[std::clamp<std::size_t>(at, 1, options.draws) - 1]));
    }
    detail::rank_by_differences(fit, clearly_above, result);
    return result;
}

/// The same for any number of items, in n log n: two items differ where score ± c · error do not meet (Klein, Wright &
/// Wieczorek 2020). At c each interval holds with probability confidence^(1/n), so that all hold at once with at least
/// the given confidence, however the scores are correlated (Šidák 1967): nothing is drawn. Where errors are alike,
/// differences must be about a tenth larger than by all pairs. An item whose error is NaN may have any rank.
/// \throws numeric_error when the fit does not exist, argument_error for a confidence outside (0, 1) or another number
/// of errors.
inline rank_result rank_items(const rating_fit& fit, std::span<const double> errors, double confidence = 0.95) {
    fit.check();
    const std::size_t n = fit.scores.size();
    require(errors.size() == n, errors.size(), " errors for a fit of ", n, " items");
    require(confidence > 0 && confidence < 1, "a confidence of ", confidence, "; one between 0 and 1 was expected");
    constexpr double infinity = std::numeric_limits<double>::infinity();
    rank_result result{.critical =
                           normal_critical(std::pow(confidence, 1 / static_cast<double>(std::max<std::size_t>(n, 1)))),
                       .order = items_by_score(fit),
                       .best_rank = std::vector<std::size_t>(n),
                       .worst_rank = std::vector<std::size_t>(n),
                       .tier = std::vector<std::size_t>(n)};
    std::vector<double> low(n), high(n);
    for (std::size_t i = 0; i < n; ++i) {
        const double half = std::isnan(errors[i]) ? infinity : result.critical * errors[i];
        low[i] = fit.scores[i] - half;
        high[i] = fit.scores[i] + half;
    }
    std::vector<double> lows = low, highs = high;
    std::ranges::sort(lows);
    std::ranges::sort(highs);
    for (std::size_t i = 0; i < n; ++i) {
        result.best_rank[i] = 1 + static_cast<std::size_t>(lows.end() - std::ranges::upper_bound(lows, high[i]));
        result.worst_rank[i] = n - static_cast<std::size_t>(std::ranges::lower_bound(highs, low[i]) - highs.begin());
    }
    std::size_t tier = 0;
    double floor = infinity; // of the tier's best item whose error is known
    for (const std::size_t i : result.order) {
        if (tier == 0 || high[i] < floor) {
            ++tier;
            floor = low[i];
        }
        if (floor == -infinity) floor = low[i];
        result.tier[i] = tier;
    }
    return result;
}

} // namespace preflearn
