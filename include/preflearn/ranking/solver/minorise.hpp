/// \file
/// The two fixed-point iterations of plain Bradley-Terry, on strengths π = e^θ. Both need nothing but sums over the
/// games and climb at every step; Newman's is many times faster than the classical one, Newton's method is faster than
/// both.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/solver/newton.hpp>

namespace preflearn {

template <class Model> consteval void check_fixed_point_model() {
    static_assert(
        Model::two_outcome_logit && !Model::has_order,
        "the fixed-point solvers fit the logit link without order effect, ties counted as half wins or dropped");
    static_assert(std::same_as<typename Model::prior_type, no_prior> ||
                      std::same_as<typename Model::prior_type, pseudo_games>,
                  "the fixed-point solvers take no prior or pseudo-games");
}

/// Wins and losses that the prior adds to every item, against a ghost of strength 1.
inline pseudo_games ghost_of(no_prior) { return {.wins = 0, .losses = 0}; }
inline pseudo_games ghost_of(pseudo_games prior) { return prior; }

/// Rows of the win matrix: for each item its opponents, its wins and its losses.
struct opponent_rows {
    struct opponent {
        item_id other;
        double won, lost;
    };
    std::vector<std::size_t> start;
    std::vector<opponent> met;
};

template <class Ties> opponent_rows rows_of(const pair_counts& counts) {
    opponent_rows rows{std::vector<std::size_t>(counts.items + 1),
                       std::vector<opponent_rows::opponent>(2 * counts.cells.size())};
    for (const pair_cell& c : counts.cells) {
        ++rows.start[c.left + 1];
        ++rows.start[c.right + 1];
    }
    for (std::size_t i = 0; i < counts.items; ++i) rows.start[i + 1] += rows.start[i];
    std::vector<std::size_t> next(rows.start.begin(), rows.start.end() - 1);
    for (const pair_cell& c : counts.cells) {
        const double left = Ties::left_part(c), right = Ties::right_part(c);
        rows.met[next[c.left]++] = {c.right, left, right};
        rows.met[next[c.right]++] = {c.left, right, left};
    }
    return rows;
}

/// Repeats `sweep(rows, pi)`, which returns the largest |gradient| per game that it met on its way.
template <class Model, class Sweep>
solver_result iterate_strengths(const pair_counts& counts, const Model& model, Eigen::VectorXd start, double tolerance,
                                std::size_t limit, const Sweep& sweep) {
    check_fixed_point_model<Model>();
    const opponent_rows rows = rows_of<typename Model::ties_type>(counts);
    const bool level_free = model.prior.need != board_need::nothing;
    solver_result result{.parameters = std::move(start)};
    Eigen::VectorXd pi = result.parameters.array().exp();
    for (bool flat = false; !flat && result.iterations < limit; ++result.iterations) {
        flat = sweep(rows, pi) <= tolerance;
        if (level_free) pi /= std::exp(pi.array().log().mean());
    }
    result.parameters = pi.array().log();
    certify_result(counts, model, 2 * tolerance, newton{}.dense_items, result);
    return result;
}

/// π_i ← W_i / Σ_j N_ij / (π_i + π_j), all items at once (Zermelo 1929; Hunter 2004).
struct minorise_maximise {
    double tolerance = 1e-11;
    std::size_t iteration_limit = 100'000;

    template <class Model>
    solver_result operator()(const pair_counts& counts, const Model& model, Eigen::VectorXd start) const {
        const pseudo_games ghost = ghost_of(model.prior);
        return iterate_strengths(counts, model, std::move(start), tolerance, iteration_limit,
                                 [&](const opponent_rows& rows, Eigen::VectorXd& pi) {
                                     const Eigen::VectorXd old = pi;
                                     double steepest = 0;
                                     for (std::size_t row = 0; row < counts.items; ++row) {
                                         const Eigen::Index i = as_index(row);
                                         double won = ghost.wins, games = ghost.wins + ghost.losses,
                                                rate = games / (1 + old[i]);
                                         for (std::size_t k = rows.start[row]; k < rows.start[row + 1]; ++k) {
                                             const auto& [other, wins, losses] = rows.met[k];
                                             won += wins;
                                             games += wins + losses;
                                             rate += (wins + losses) / (old[i] + old[other]);
                                         }
                                         steepest = std::max(steepest, std::abs(won - old[i] * rate) / games);
                                         pi[i] = won / rate;
                                     }
                                     return steepest;
                                 });
    }
};

/// π_i ← (Σ_j W_ij π_j / (π_i + π_j)) / (Σ_j W_ji / (π_i + π_j)), one item after the other (Newman 2023, equation 27).
struct newman {
    double tolerance = 1e-12;
    std::size_t iteration_limit = 100'000;

    template <class Model>
    solver_result operator()(const pair_counts& counts, const Model& model, Eigen::VectorXd start) const {
        const pseudo_games ghost = ghost_of(model.prior);
        return iterate_strengths(counts, model, std::move(start), tolerance, iteration_limit,
                                 [&](const opponent_rows& rows, Eigen::VectorXd& pi) {
                                     double steepest = 0;
                                     for (std::size_t row = 0; row < counts.items; ++row) {
                                         const Eigen::Index i = as_index(row);
                                         double up = ghost.wins / (pi[i] + 1), down = ghost.losses / (pi[i] + 1);
                                         double games = ghost.wins + ghost.losses;
                                         for (std::size_t k = rows.start[row]; k < rows.start[row + 1]; ++k) {
                                             const auto& [other, wins, losses] = rows.met[k];
                                             const double share = 1 / (pi[i] + pi[other]);
                                             up += wins * pi[other] * share;
                                             down += losses * share;
                                             games += wins + losses;
                                         }
                                         steepest = std::max(steepest, std::abs(up - pi[i] * down) / games);
                                         pi[i] = up / down;
                                     }
                                     return steepest;
                                 });
    }
};

} // namespace preflearn
