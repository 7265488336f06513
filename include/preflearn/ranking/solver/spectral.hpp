/// \file
/// Luce spectral ranking repeated until it is the maximum (I-LSR; Maystre & Grossglauser 2015): the items are states of
/// a Markov chain that jumps from loser to winner at the rate wins / (π_loser + π_winner); at the maximum its
/// stationary law is π itself. Dense, n³ a turn, few turns.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <utility>

#include <Eigen/Core>
#include <Eigen/LU>

#include <preflearn/core/system/one_thread.hpp>
#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/solver/minorise.hpp>
#include <preflearn/ranking/solver/newton.hpp>

namespace preflearn {

struct spectral {
    double tolerance = 1e-11;
    std::size_t iteration_limit = 1000;

    template <class Model>
    solver_result operator()(const pair_counts& counts, const Model& model, Eigen::VectorXd start) const {
        check_fixed_point_model<Model>();
        static_assert(std::same_as<typename Model::prior_type, no_prior>,
                      "the spectral solver fits by maximum likelihood");
        using ties = typename Model::ties_type;
        const Eigen::Index n = as_index(counts.items);
        solver_result result{.parameters = std::move(start)};
        for (double change = 1; change > tolerance && result.iterations < iteration_limit; ++result.iterations) {
            const Eigen::VectorXd pi = result.parameters.array().exp();
            Eigen::MatrixXd rates = Eigen::MatrixXd::Zero(n, n); // (i, j): from j to i, as balance needs it
            for (const pair_cell& c : counts.cells) {
                const auto l = as_index(c.left), r = as_index(c.right);
                const double share = 1 / (pi[l] + pi[r]);
                rates(l, r) += ties::left_part(c) * share;
                rates(r, l) += ties::right_part(c) * share;
                rates(r, r) -= ties::left_part(c) * share;
                rates(l, l) -= ties::right_part(c) * share;
            }
            rates.row(n - 1).setOnes(); // one balance follows from the others; the law sums to n instead
            Eigen::VectorXd right = Eigen::VectorXd::Zero(n);
            right[n - 1] = static_cast<double>(n);
            Eigen::VectorXd next = on_one_thread([&] { return Eigen::VectorXd(rates.partialPivLu().solve(right)); });
            next = next.cwiseMax(1e-300).array().log();
            next.array() -= next.mean();
            change = (next - result.parameters).cwiseAbs().maxCoeff();
            result.parameters = std::move(next);
        }
        certify_result(counts, model, 10 * tolerance, newton{}.dense_items, result);
        return result;
    }
};

} // namespace preflearn
