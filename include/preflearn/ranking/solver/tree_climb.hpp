/// \file
/// Newton's method in a `tree_system`'s coordinates: the solver of boards whose counts lie many orders apart, where the
/// others lose the light games in the rounding of the heavy ones. A derivative is judged against its own curvature and
/// a step in logits, so that a pair of weight 1e-16 must be as settled as one of weight 1.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/ranking/board/counts.hpp>
#include <preflearn/ranking/model/vectors.hpp>
#include <preflearn/ranking/solver/newton.hpp>
#include <preflearn/ranking/solver/tree_system.hpp>

namespace preflearn {

/// Of the larger weight: counts with a smaller one beside it are climbed in tree coordinates.
inline constexpr double light_weight = 1e-9;
/// These coordinates need a dense matrix, n³ time a step.
inline constexpr std::size_t most_tree_items = 2000;

/// Whether some pair's wins, losses or ties are fewer than a billionth of all games, on a board of up to
/// `most_tree_items` items.
inline bool far_apart(const pair_counts& counts) {
    if (counts.items > most_tree_items) return false;
    double least = std::numeric_limits<double>::infinity(), sum = 0;
    for (const pair_cell& c : counts.cells) {
        sum += c.games();
        for (const double part : {c.left_wins, c.right_wins, c.ties})
            if (part > 0 && part < least) least = part;
    }
    return least < light_weight * sum;
}

/// What the climb needs beside the rows.
struct tree_climb {
    game_layout layout;
    likelihood_rows rows;
    /// Whether the model allows these parameters.
    std::function<bool(const Eigen::VectorXd&)> inside;
    /// Changes a system once it is summed (Jeffreys' prior); may be empty.
    std::function<void(tree_system&, const Eigen::VectorXd&)> adjust{};
    std::size_t iteration_limit = 2000;
    /// Of a derivative by its curvature, and of a step, in logits.
    double tolerance = 1e-9;
};

/// Newton's step where the information is positive definite; elsewhere some is added, which leads uphill all the same.
/// \returns nothing when no step was found; `definite` says which it is
template <std::same_as<tree_system> System> Eigen::VectorXd tree_step(const System& system, bool& definite) {
    definite = false;
    for (double added = 0; added < 1e3; added = std::max(1e-3, 4 * added)) {
        const tree_factors<System> factors(system, added);
        if (!factors.definite()) continue;
        definite = added == 0;
        Eigen::VectorXd step = factors.solve(system.gradient);
        system.centre(step);
        return all_finite(step) ? step : Eigen::VectorXd();
    }
    return {};
}

/// A template only so that Eigen's factorisation is compiled where it is called.
template <std::same_as<tree_climb> Climb> solver_result climb_in_tree(const Climb& climb, Eigen::VectorXd start) {
    // Beyond this difference probabilities leave the range of doubles.
    constexpr double farthest = 650, short_step = 0.5, longest_step = 4;
    solver_result result{.parameters = std::move(start)};
    for (std::size_t stuck = 0;; ++result.iterations) {
        tree_system here{climb.layout, std::make_shared<const strength_tree>(
                                           tree_of_rows(climb.layout, climb.rows, result.parameters))};
        const auto unbounded = [&result] {
            result.end = solver_end::unbounded;
            return result;
        };
        result.newton_step = std::numeric_limits<double>::infinity();
        if (!here.tree->spans()) return unbounded();
        here.sum(climb.rows, result.parameters, true);
        if (climb.adjust) climb.adjust(here, result.parameters);
        here.centre(here.gradient);
        result.gradient_norm = largest_size(here.gradient);
        bool definite = false;
        Eigen::VectorXd step = tree_step(here, definite);
        if (step.size() == 0) return unbounded();
        const double longest = largest_size(entry_products(step, here.moves));
        if (definite) result.newton_step = longest;
        double steepest = 0;
        for (Eigen::Index i = 0; i < here.size(); ++i)
            steepest = std::max(steepest,
                                std::abs(here.gradient[i] / std::max(here.information(i, i), 1e-300) * here.moves[i]));
        if (definite && longest <= climb.tolerance && steepest <= climb.tolerance) {
            result.end = solver_end::converged;
            return result;
        }
        const Eigen::Index items = as_index(climb.layout.items), behind = here.size() - result.parameters.size();
        double away = 0;
        for (Eigen::Index i = 0; i < result.parameters.size(); ++i)
            away = std::max(away, std::abs(result.parameters[i] * (i < items ? 1 : here.moves[i + behind])));
        if (away > farthest) return unbounded();
        if (result.iterations == climb.iteration_limit || stuck == 30) return result;

        const double shortened = std::min(1.0, longest_step / longest);
        for (double& s : step) s *= shortened;
        const double slope = dot(here.gradient, step), length_of_one = std::min(longest, longest_step);
        const Eigen::VectorXd along = here.natural(step), from = result.parameters;
        tree_system trial = here;
        double length = 1;
        for (;; length /= 2) {
            result.parameters = moved(from, length, along);
            if (length < 1e-12) break;
            if (!climb.inside(result.parameters)) continue;
            // A short step of a concave likelihood never leads astray; sums that rounding rules could not tell.
            if (definite && length * length_of_one <= short_step) break;
            trial.sum(climb.rows, result.parameters, false);
            if (climb.adjust) break;
            const double reached = dot(trial.gradient, step);
            if (std::isfinite(reached) && reached >= -0.5 * slope) break;
        }
        stuck = length < 1e-12 ? stuck + 1 : 0;
    }
}

/// Jeffreys' prior as in `firth`: each row is h games more, half of them won, h its leverage, which is taken as
/// constant for the step.
template <std::same_as<tree_system> System>
void add_leverages(const likelihood_rows& rows, const Eigen::VectorXd& parameters, System& here) {
    const Eigen::MatrixXd variance = tree_factors<System>(here).inverse();
    std::vector<game_parameter> path;
    rows(parameters, [&](const likelihood_row& row) {
        path.clear();
        here.each_coordinate(row, [&](const game_parameter& p) { path.push_back(p); });
        double along = 0;
        for (const game_parameter& a : path)
            for (const game_parameter& b : path) along += a.times * b.times * variance(a.at, b.at);
        const double leverage = row.curvature(0, 0) * along;
        const double p = sigmoid(parameters[row.left] - parameters[row.right]);
        for (const game_parameter& a : path) {
            here.gradient[a.at] += a.times * leverage * (0.5 - p);
            for (const game_parameter& b : path)
                if (b.at <= a.at) here.information(a.at, b.at) += a.times * b.times * leverage * p * (1 - p);
        }
    });
}

template <class Model>
solver_result climb_in_tree(const pair_counts& counts, const Model& model, Eigen::VectorXd start) {
    tree_climb climb{.layout = layout_of_board(model, counts.items),
                     .rows = rows_of_board(counts, model),
                     .inside = [&model](const Eigen::VectorXd& p) { return allows_parameters(model, p); }};
    if constexpr (std::same_as<typename Model::prior_type, jeffreys_prior>)
        climb.adjust = [&climb](tree_system& here, const Eigen::VectorXd& parameters) {
            add_leverages(climb.rows, parameters, here);
        };
    return climb_in_tree(climb, std::move(start));
}

} // namespace preflearn
