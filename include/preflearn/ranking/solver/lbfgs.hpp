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
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/model/vectors.hpp>
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

/// Returns a function's value and writes its gradient.
using smooth_function = std::function<double(const Eigen::VectorXd& at, Eigen::VectorXd& gradient)>;

/// Minimises `function(x, gradient)`; a value that is not finite is taken as too large.
inline lbfgs_result minimise(const smooth_function& function, Eigen::VectorXd start,
                             const lbfgs_options& options = {}) {
    lbfgs_result result{.parameters = std::move(start)};
    Eigen::VectorXd gradient(result.parameters.size()), next_gradient(gradient.size());
    result.value = function(result.parameters, gradient);
    struct pair {
        Eigen::VectorXd step, change;
        double inverse;
    };
    std::deque<pair> memory;
    for (;; ++result.iterations) {
        result.gradient_norm = gradient.size() == 0 ? 0 : largest_size(gradient);
        result.converged = result.gradient_norm <= options.tolerance;
        if (result.converged || result.iterations == options.iteration_limit) return result;

        Eigen::VectorXd direction = gradient;
        for (double& d : direction) d = -d;
        std::vector<double> along(memory.size());
        for (std::size_t k = memory.size(); k-- > 0;) {
            along[k] = memory[k].inverse * dot(memory[k].step, direction);
            add_times(direction, -along[k], memory[k].change);
        }
        const double size = memory.empty() ? std::max(1.0, result.gradient_norm)
                                           : memory.back().inverse * dot(memory.back().change, memory.back().change);
        for (double& d : direction) d /= size;
        for (std::size_t k = 0; k < memory.size(); ++k)
            add_times(direction, along[k] - memory[k].inverse * dot(memory[k].change, direction), memory[k].step);

        const double slope = dot(gradient, direction);
        double low = 0, high = std::numeric_limits<double>::infinity(), length = 1, value = 0;
        Eigen::VectorXd next;
        bool found = false;
        for (int trial = 0; trial < 60 && !found; ++trial) {
            next = moved(result.parameters, length, direction);
            value = function(next, next_gradient);
            // Near the minimum a decrease drowns in the value's rounding; there the slope, which must not have turned,
            // stands for it (the approximate Wolfe conditions of Hager & Zhang 2005).
            const bool lower = value <= result.value + 1e-4 * length * slope ||
                               (value <= result.value + 1e-10 * std::abs(result.value) &&
                                dot(next_gradient, direction) <= -(1 - 2e-4) * slope);
            if (!std::isfinite(value) || !lower)
                high = length;
            else if (dot(next_gradient, direction) < 0.9 * slope)
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
        Eigen::VectorXd step = moved(next, -1, result.parameters), change = moved(next_gradient, -1, gradient);
        const double curvature = dot(step, change);
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
            gradient = at.gradient;
            for (double& g : gradient) g = -g / scale;
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
