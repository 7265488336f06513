/// \file
/// Quasi-variances (Firth & de Menezes 2004, Biometrika 91:65): one number q_i per item such that q_i + q_j is nearly
/// the variance of θ_i − θ_j for every pair, so that a reader of a table can compare any two items, whatever the
/// reference.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/errors/covariance.hpp>

namespace preflearn {

struct quasi_variance_result {
    std::vector<double> values;
    /// The largest |√((q_i + q_j) / var(θ_i − θ_j)) − 1| over pairs: how far a difference's error can be off.
    double worst_error = 0;
};

/// Minimises Σ_{i<j} (log(q_i + q_j) − log var(θ_i − θ_j))² by Gauss-Newton steps. A q may be slightly negative; sums
/// of two are positive. \throws argument_error for fewer than three items or a difference without variance.
/// A template only so that Eigen's factorisation is compiled where it is called.
template <std::same_as<rating_covariance> Covariance>
quasi_variance_result quasi_variances(const Covariance& covariance) {
    const Eigen::Index n = as_index(covariance.items);
    require(n >= 3, "quasi-variances need at least three items, found ", n);
    Eigen::MatrixXd variance = Eigen::MatrixXd::Zero(n, n);
    for (Eigen::Index i = 0; i < n; ++i) {
        for (Eigen::Index j = 0; j < n; ++j) {
            if (i == j) continue;
            variance(i, j) = covariance.matrix(i, i) + covariance.matrix(j, j) - 2 * covariance.matrix(i, j);
            require(variance(i, j) > 0, "the difference of items ", i, " and ", j, " has variance ", variance(i, j));
        }
    }
    const auto objective = [&](const Eigen::VectorXd& q) {
        double sum = 0;
        for (Eigen::Index i = 0; i < n; ++i) {
            for (Eigen::Index j = 0; j < i; ++j) {
                if (!(q[i] + q[j] > 0)) return std::numeric_limits<double>::infinity();
                const double r = std::log((q[i] + q[j]) / variance(i, j));
                sum += r * r;
            }
        }
        return sum;
    };
    const Eigen::VectorXd rows = variance.rowwise().sum();
    const double half_total = rows.sum() / (2 * static_cast<double>(n - 1));
    // The least squares fit of q_i + q_j itself, kept positive.
    Eigen::VectorXd q = (rows.array() - half_total) / static_cast<double>(n - 2);
    q = q.cwiseMax(0.01 * half_total / static_cast<double>(n));
    double value = objective(q);
    for (int turn = 0; turn < 200; ++turn) {
        Eigen::MatrixXd normal = Eigen::MatrixXd::Zero(n, n);
        Eigen::VectorXd right = Eigen::VectorXd::Zero(n);
        for (Eigen::Index i = 0; i < n; ++i) {
            for (Eigen::Index j = 0; j < n; ++j) {
                if (i == j) continue;
                const double sum = q[i] + q[j];
                normal(i, i) += 1 / (sum * sum);
                normal(i, j) = 1 / (sum * sum);
                right[i] -= std::log(sum / variance(i, j)) / sum;
            }
        }
        const Eigen::VectorXd step = normal.ldlt().solve(right);
        double length = 1, next = objective(q + step);
        while (!(next <= value) && length > 1e-12) next = objective(q + (length /= 2) * step);
        if (!(next <= value)) break;
        q += length * step;
        value = next;
        if (step.cwiseAbs().maxCoeff() <= 1e-14 * q.cwiseAbs().maxCoeff()) break;
    }
    quasi_variance_result result{std::vector<double>(q.begin(), q.end()), 0};
    for (Eigen::Index i = 0; i < n; ++i)
        for (Eigen::Index j = 0; j < i; ++j)
            result.worst_error = std::max(result.worst_error, std::abs(std::sqrt((q[i] + q[j]) / variance(i, j)) - 1));
    return result;
}

} // namespace preflearn
