/// \file
/// Which ranks the data support. All differences are tested at once with the max-t critical value, the quantile of the
/// largest |θ̂_i − θ̂_j| / error under the fit's covariance (Westfall & Young 1993, single step), so that with the given
/// confidence every interval of ranks and every border between tiers is right at the same time.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <preflearn/core/distribution.hpp>
#include <preflearn/core/error.hpp>
#include <preflearn/core/parallel.hpp>
#include <preflearn/core/random.hpp>
#include <preflearn/ranking/covariance.hpp>

namespace preflearn {

struct rank_options {
    double confidence = 0.95;
    /// Draws of the largest difference; 10,000 give the critical value to about one per cent.
    std::size_t draws = 10'000;
    std::uint64_t seed = 0;
};

struct rank_result {
    /// |difference| / error above this is a difference; at least 1.96 for 0.95.
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

/// \throws numeric_error when the fit does not exist, argument_error for a confidence outside (0, 1) or no draws.
inline rank_result rank_items(const rating_fit& fit, const rating_covariance& covariance,
                              const rank_options& options = {}) {
    fit.check();
    const std::size_t n = fit.scores.size();
    require(covariance.items == n, "a covariance of ", covariance.items, " items for a fit of ", n);
    require(options.draws > 0, "ranks need at least one draw");
    rank_result result{.critical = normal_critical(options.confidence),
                       .order = items_by_score(fit),
                       .best_rank = std::vector<std::size_t>(n, 1),
                       .worst_rank = std::vector<std::size_t>(n, n),
                       .tier = std::vector<std::size_t>(n)};
    const Eigen::Index rows = detail::index(n);
    Eigen::MatrixXf precision = Eigen::MatrixXf::Zero(rows, rows); // 1 / error of each difference
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            const double error = covariance.standard_error_of_difference(i, j);
            if (i != j && error > 0) precision(detail::index(i), detail::index(j)) = static_cast<float>(1 / error);
        }
    }
    if (n > 2) {
        const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> spectrum(covariance.matrix.topLeftCorner(rows, rows));
        const Eigen::MatrixXd root =
            spectrum.eigenvectors() * spectrum.eigenvalues().cwiseMax(0).cwiseSqrt().asDiagonal();
        std::vector<float> largest(options.draws);
        parallel_for(options.draws, [&](std::size_t d) {
            generator random(options.seed, "rank draws", d);
            Eigen::VectorXd noise(rows);
            for (double& x : noise) x = random.normal();
            const Eigen::VectorXf scores = (root * noise).cast<float>();
            float high = 0;
            for (Eigen::Index i = 1; i < rows; ++i) {
                const auto t = (scores.head(i).array() - scores[i]).abs() * precision.col(i).head(i).array();
                high = std::max(high, t.maxCoeff());
            }
            largest[d] = high;
        });
        std::ranges::sort(largest);
        const auto at = static_cast<std::size_t>(std::ceil(options.confidence * static_cast<double>(options.draws)));
        result.critical =
            std::max(result.critical, static_cast<double>(largest[std::clamp<std::size_t>(at, 1, options.draws) - 1]));
    }
    const auto clearly_above = [&](std::size_t i, std::size_t j) {
        return fit.scores[i] - fit.scores[j] > result.critical * covariance.standard_error_of_difference(i, j);
    };
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
    return result;
}

} // namespace preflearn
