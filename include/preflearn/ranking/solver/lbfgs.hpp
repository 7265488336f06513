/// \file
/// Limited-memory BFGS (Nocedal 1980; Nocedal & Wright 2006, algorithms 7.4 and 7.5) for smooth functions that have no
/// cheap Hessian: crowd models, rankings, features. Steps are halved or doubled until they satisfy the weak Wolfe
/// conditions, which keep the curvature pairs positive.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <deque>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/solver/newton.hpp>

namespace preflearn {

struct lbfgs_options {
    /// Of the largest derivative, in the function's units.
    double tolerance = 1e-9;
    std::size_t iteration_limit = 2000;
    std::size_t memory = 20;
};

struct lbfgs_result {
    Eigen::VectorXd parameters;
    double value = 0, gradient_norm = 0;
    std::size_t iterations = 0;
    bool converged = false;
};

/// Minimises `function(x, gradient)`, which returns the value and writes the gradient; a value that is not finite is
/// taken as too large.
template <class Function>
lbfgs_result minimise(const Function& function, Eigen::VectorXd start, const lbfgs_options& options = {}) {
    lbfgs_result result{.parameters = std::move(start)};
    Eigen::VectorXd gradient(result.parameters.size()), next_gradient(gradient.size());
    result.value = function(result.parameters, gradient);
    struct pair {
        Eigen::VectorXd step, change;
        double inverse;
    };
    std::deque<pair> memory;
    for (;; ++result.iterations) {
        result.gradient_norm = gradient.size() == 0 ? 0 : gradient.cwiseAbs().maxCoeff();
        result.converged = result.gradient_norm <= options.tolerance;
        if (result.converged || result.iterations == options.iteration_limit) return result;

        Eigen::VectorXd direction = -gradient;
        std::vector<double> along(memory.size());
        for (std::size_t k = memory.size(); k-- > 0;) {
            along[k] = memory[k].inverse * memory[k].step.dot(direction);
            direction -= along[k] * memory[k].change;
        }
        if (!memory.empty())
            direction /= memory.back().inverse * memory.back().change.squaredNorm();
        else
            direction /= std::max(1.0, result.gradient_norm);
        for (std::size_t k = 0; k < memory.size(); ++k)
            direction += memory[k].step * (along[k] - memory[k].inverse * memory[k].change.dot(direction));

        const double slope = gradient.dot(direction);
        double low = 0, high = std::numeric_limits<double>::infinity(), length = 1, value = 0;
        Eigen::VectorXd next;
        bool found = false;
        for (int trial = 0; trial < 60 && !found; ++trial) {
            next = result.parameters + length * direction;
            value = function(next, next_gradient);
            // Near the minimum a decrease drowns in the value's rounding; there the slope, which must not have turned,
            // stands for it (the approximate Wolfe conditions of Hager & Zhang 2005).
            const bool lower = value <= result.value + 1e-4 * length * slope ||
                               (value <= result.value + 1e-10 * std::abs(result.value) &&
                                next_gradient.dot(direction) <= -(1 - 2e-4) * slope);
            if (!std::isfinite(value) || !lower)
                high = length;
            else if (next_gradient.dot(direction) < 0.9 * slope)
                low = length;
            else
                found = true;
            if (!found) length = std::isinf(high) ? 2 * length : (low + high) / 2;
        }
        if (!found) {
            if (memory.empty()) return result;
            memory.clear(); // start again along the gradient
            continue;
        }
        Eigen::VectorXd step = next - result.parameters, change = next_gradient - gradient;
        const double curvature = step.dot(change);
        if (curvature > 0) memory.push_back({std::move(step), std::move(change), 1 / curvature});
        if (memory.size() > options.memory) memory.pop_front();
        result.parameters = std::move(next);
        result.value = value;
        gradient = next_gradient;
    }
}

/// L-BFGS as a solver of rating models.
struct lbfgs {
    /// The gradient of the steepest item at the end, in wins per game of the busiest.
    double tolerance = 1e-11;
    std::size_t iteration_limit = 5000;

    template <class Model>
    solver_result operator()(const pair_counts& counts, const Model& model, Eigen::VectorXd start) const {
        static_assert(!std::same_as<typename Model::prior_type, jeffreys_prior>,
                      "Jeffreys' prior has a solver of its own, firth");
        const double scale = games_of_parameters(counts, start.size()).maxCoeff();
        board_point at;
        const auto objective = [&](const Eigen::VectorXd& p, Eigen::VectorXd& gradient) {
            if (!allows_parameters(model, p)) return std::numeric_limits<double>::infinity();
            evaluate_board(counts, model, p, at);
            gradient = -at.gradient / scale;
            double value =
                log_likelihood(counts, model, std::span<const double>(p.data(), static_cast<std::size_t>(p.size())));
            for (std::size_t i = 0; i < counts.items; ++i) value += model.prior.terms(p[as_index(i)]).value;
            return -value / scale;
        };
        lbfgs_result found =
            minimise(objective, std::move(start), {.tolerance = tolerance, .iteration_limit = iteration_limit});
        solver_result result{.parameters = std::move(found.parameters), .iterations = found.iterations};
        certify_result(counts, model, std::max(1e-8, 10 * tolerance), newton{}.dense_items, result);
        return result;
    }
};

} // namespace preflearn
