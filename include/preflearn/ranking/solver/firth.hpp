/// \file
/// The fit under Jeffreys' prior, which removes the first-order bias of the maximum and is finite on every connected
/// board (Firth 1993, Biometrika 80:27): scoring steps on the modified gradient Σ_cells (w − N p + h (½ − p)), where h
/// = N p (1 − p) var(θ_left − θ_right) is the cell's leverage. Dense.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <utility>

#include <Eigen/Core>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/model/vectors.hpp>
#include <preflearn/ranking/solver/newton.hpp>
#include <preflearn/ranking/solver/symmetric_factors.hpp>

namespace preflearn {

/// The solver of models with `jeffreys_prior`.
struct firth {
    /// The modified gradient of an item at the end, in wins per game.
    double tolerance = 1e-11;
    std::size_t iteration_limit = 200;

    template <class Model>
    solver_result operator()(const pair_counts& counts, const Model& model, Eigen::VectorXd start) const {
        static_assert(std::same_as<typename Model::prior_type, jeffreys_prior>,
                      "the solver firth fits models with jeffreys_prior");
        solver_result result{.parameters = std::move(start)};
        const Eigen::Index n = result.parameters.size();
        const Eigen::VectorXd games = games_of_parameters(counts, n);
        for (;;) {
            board_point at;
            evaluate_board(counts, model, result.parameters, at);
            Eigen::MatrixXd h = dense_information(counts, at);
            add_level(h, 0, n);
            const Eigen::MatrixXd variance = symmetric_factors<>(h).inverse();
            Eigen::VectorXd reach = games; // the prior's games count as the others
            // Where games weigh less than one, what the prior bends is most of the curvature.
            for (std::size_t k = 0; k < counts.cells.size(); ++k) {
                const auto l = as_index(counts.cells[k].left), r = as_index(counts.cells[k].right);
                const double leverage = at.xx[k] * (variance(l, l) + variance(r, r) - 2 * variance(l, r));
                const double p = sigmoid(result.parameters[l] - result.parameters[r]);
                const double pull = leverage * (0.5 - p), bend = leverage * p * (1 - p);
                at.gradient[l] += pull;
                at.gradient[r] -= pull;
                reach[l] += leverage;
                reach[r] += leverage;
                h(l, l) += bend;
                h(r, r) += bend;
                h(l, r) -= bend;
                h(r, l) -= bend;
            }
            add_level(h, 0, n);
            Eigen::VectorXd step = symmetric_factors<>(h).solve(at.gradient);
            centre_first(step, n);
            result.gradient_norm = largest_size(at.gradient);
            result.newton_step = largest_size(step);
            if (!(std::isfinite(result.newton_step))) return result;
            if (largest_size(entry_quotients(at.gradient, reach)) <= tolerance && result.newton_step <= 1e-6) {
                result.end = solver_end::converged;
                return result;
            }
            if (result.iterations++ == iteration_limit) return result;
            add_times(result.parameters, std::min(1.0, 5 / result.newton_step),
                      step); // Firth's scoring with a longest step
        }
    }
};

} // namespace preflearn
