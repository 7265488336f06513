/// \file
/// Newton's method on the sum-zero space: iteratively reweighted least squares on the graph of games. Small boards
/// solve each step with a Cholesky factorisation, large ones with preconditioned conjugate gradients, which touch each
/// distinct pair once a turn. The last step's length is the distance to the maximum, the certificate of every solver.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>

#include <Eigen/Core>

#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/model/vectors.hpp>
#include <preflearn/ranking/solver/conjugate_gradients.hpp>
#include <preflearn/ranking/solver/symmetric_factors.hpp>

namespace preflearn {

/// How a solver ended. `unbounded`: the gradient vanishes while steps do not, so the maximum lies at infinity.
enum class solver_end : std::uint8_t { converged, not_converged, unbounded };

struct solver_result {
    Eigen::VectorXd parameters;
    solver_end end = solver_end::not_converged;
    /// max_i |∂ / ∂θ_i| in games, and the largest entry of the Newton step from here, in logits.
    double gradient_norm = std::numeric_limits<double>::quiet_NaN();
    double newton_step = std::numeric_limits<double>::quiet_NaN();
    std::size_t iterations = 0;
};

/// What a fit calls: solver(counts, model, start) goes from the start to a maximum and says how it ended.
///
/// Semantics: const and deterministic; `converged` only when both the gradient and the next Newton step vanish.
template <class S, class Model>
concept RatingSolver = requires(const S& solver, const pair_counts& counts, const Model& model, Eigen::VectorXd start) {
    { solver(counts, model, std::move(start)) } -> std::same_as<solver_result>;
};

/// The step that solves H step = gradient, H the information matrix. Where the prior does not fix the level of θ, the
/// step has mean zero. Empty when H is singular beyond that.
/// A template only so that Eigen's factorisation is compiled where it is called.
template <std::same_as<board_point> Local>
Eigen::VectorXd newton_step(const pair_counts& counts, const Local& at, double accuracy, std::size_t dense_items) {
    if (counts.items > dense_items) return conjugate_gradients(board_information(counts, at), at.gradient, accuracy);
    const Eigen::Index n = as_index(counts.items);
    const bool level_free = board_information(counts, at).level_is_free();
    Eigen::MatrixXd h = dense_information(counts, at);
    if (level_free) add_level(h, 0, n);
    const symmetric_factors<> factors(h);
    if (!(factors.smallest_pivot() > 1e-15 * factors.largest_pivot())) return {};
    Eigen::VectorXd step = factors.solve(at.gradient);
    if (level_free) centre_first(step, n);
    return step;
}

/// Where every fit starts: equal items, no order effect, a tie parameter that explains the share of ties.
template <class Model> Eigen::VectorXd equal_items(const pair_counts& counts, const Model& model) {
    Eigen::VectorXd parameters = Eigen::VectorXd::Zero(as_index(layout_of_board(model, counts.items).size));
    if constexpr (Model::has_tie_parameter) {
        double ties = 0, games = 0;
        for (const pair_cell& c : counts.cells) {
            ties += c.ties;
            games += c.games();
        }
        parameters[parameters.size() - 1] = model.ties.start(std::clamp(ties / games, 1e-6, 1 - 1e-6));
    }
    return parameters;
}

/// Measures how far a point is from the maximum: for solvers that do not know.
template <class Model>
void certify_result(const pair_counts& counts, const Model& model, double tolerance, std::size_t dense_items,
                    solver_result& result) {
    board_point at;
    evaluate_board(counts, model, result.parameters, at);
    result.gradient_norm = largest_size(at.gradient);
    const double relative = largest_size(entry_quotients(at.gradient, games_of_parameters(counts, at.gradient.size())));
    const Eigen::VectorXd step = newton_step(counts, at, 1e-3, dense_items);
    result.newton_step = step.size() == 0 ? std::numeric_limits<double>::infinity() : largest_size(step);
    if (!(relative <= tolerance))
        result.end = solver_end::not_converged;
    else
        result.end = result.newton_step <= 1e-3 ? solver_end::converged : solver_end::unbounded;
}

/// The default solver of every model.
struct newton {
    /// The gradient of an item at the end, in wins per game it played.
    double tolerance = 1e-12;
    std::size_t iteration_limit = 100;
    /// Boards of at most so many items solve by factorisation.
    std::size_t dense_items = 200;

    template <class Model>
    solver_result operator()(const pair_counts& counts, const Model& model, Eigen::VectorXd start) const;
};

/// Newton's method on any board: `evaluate` and `allows` are the model's. A template only so that Eigen's factorisation
/// is compiled where it is called.
template <std::same_as<newton> Solver>
solver_result climb_board(const Solver& solver, const pair_counts& counts,
                          const std::function<void(const Eigen::VectorXd&, board_point&)>& evaluate,
                          const std::function<bool(const Eigen::VectorXd&)>& allows, Eigen::VectorXd start) {
    solver_result result{.parameters = std::move(start)};
    const Eigen::VectorXd games = games_of_parameters(counts, result.parameters.size());
    board_point at;
    evaluate(result.parameters, at);
    std::size_t vanished = 0;
    for (;;) {
        result.gradient_norm = largest_size(at.gradient);
        const double relative = largest_size(entry_quotients(at.gradient, games));
        const bool flat = relative <= solver.tolerance;
        const double accuracy = flat ? 1e-2 : std::clamp(relative, 1e-6, 1e-2); // the last step only measures
        const Eigen::VectorXd step = newton_step(counts, at, accuracy, solver.dense_items);
        const bool usable = step.size() != 0 && all_finite(step);
        const double last_step = result.newton_step;
        result.newton_step = usable ? largest_size(step) : std::numeric_limits<double>::infinity();
        if (flat && result.newton_step <= 1e-6) {
            result.end = solver_end::converged;
            return result;
        }
        // On the way to infinity steps keep their length.
        vanished = flat && !(result.newton_step < last_step / 2) ? vanished + 1 : 0;
        if (!usable || vanished == 3) {
            // A singular curvature: in a direction where the likelihood has died away, or never existed.
            result.end = relative <= 1e-6 || !usable ? solver_end::unbounded : solver_end::not_converged;
            return result;
        }
        if (result.iterations == solver.iteration_limit) return result;
        ++result.iterations;
        // The likelihood is concave: a step that goes past the maximum along its line finds the slope reversed
        // there.
        const double slope = dot(at.gradient, step);
        const Eigen::VectorXd from = result.parameters;
        for (double length = 1;; length /= 2) {
            result.parameters = moved(from, length, step);
            if (allows(result.parameters)) {
                evaluate(result.parameters, at);
                const double reached = dot(at.gradient, step);
                if (flat || (std::isfinite(reached) && reached >= -0.5 * slope)) break;
            }
            if (length < 1e-10) return result;
        }
    }
}

template <class Model>
solver_result newton::operator()(const pair_counts& counts, const Model& model, Eigen::VectorXd start) const {
    static_assert(!std::same_as<typename Model::prior_type, jeffreys_prior>, "Jeffreys' prior has a solver of its own");
    return climb_board(
        *this, counts,
        [&](const Eigen::VectorXd& parameters, board_point& at) { evaluate_board(counts, model, parameters, at); },
        [&](const Eigen::VectorXd& parameters) { return allows_parameters(model, parameters); }, std::move(start));
}

} // namespace preflearn
