/// \file
/// The win rate that would be seen if both responses were equally long (Dubois et al. 2024): a logistic regression of
/// the judge's verdict on tanh(length difference / its standard deviation) and, where known, each prompt's difficulty;
/// then the length term is set to 0 and the predictions are averaged.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/moments.hpp>
#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

struct length_control_result {
    /// The length-controlled win rate: delta method on the sandwich (HC0) variance, interval on the logit scale.
    estimate win_rate{};
    /// Intercept, length and difficulty coefficients in natural logits, with their sandwich errors; NaN where absent.
    double intercept = undefined, length = undefined, difficulty = undefined;
    double intercept_error = undefined, length_error = undefined, difficulty_error = undefined;
    std::size_t iterations = 0;
};

/// \param outcomes 1 for a win, 0 for a loss, ½ for a tie, or the judge's probability.
/// \param length_differences length of our response minus theirs, any unit.
/// \param difficulties one number per prompt, or empty.
/// Separated data (a side always wins, or the length decides) give unbounded; lengths that do not differ but
/// for rounding constant_input. \throws argument_error for lengths that differ or an outcome outside [0, 1];
/// numeric_error for NaN. A template only so that Eigen's factorisation is compiled where it is called.
template <std::same_as<double> Confidence = double>
length_control_result
length_controlled_win_rate(std::span<const double> outcomes, std::span<const double> length_differences,
                           std::span<const double> difficulties = {}, Confidence confidence = 0.95) {
    const std::size_t n = outcomes.size();
    require(length_differences.size() == n && (difficulties.empty() || difficulties.size() == n), n, " outcomes, ",
            length_differences.size(), " length differences, ", difficulties.size(), " difficulties");
    moments spread;
    for (std::size_t i = 0; i < n; ++i) {
        require(outcomes[i] >= 0 && outcomes[i] <= 1, "outcome ", i, " is ", outcomes[i],
                ", a number in [0, 1] was expected");
        require<numeric_error>(difficulties.empty() || std::isfinite(difficulties[i]), "the difficulty of prompt ", i,
                               " is not finite");
        spread.add(length_differences[i]);
    }
    length_control_result result;
    const Eigen::Index columns = difficulties.empty() ? 2 : 3;
    result.win_rate = estimate::none(n == 0 ? estimate_status::empty : estimate_status::too_few, n);
    if (n <= static_cast<std::size_t>(columns)) return result;
    const double deviation = std::sqrt(spread.variance());
    result.win_rate.status = estimate_status::constant_input;
    if (squares_of_rounding(spread.squares, spread.mean, static_cast<double>(n))) return result;

    const auto row = [&](std::size_t i) {
        Eigen::VectorXd x(columns);
        x(0) = 1;
        x(1) = std::tanh(length_differences[i] / deviation);
        if (columns == 3) x(2) = difficulties[i];
        return x;
    };
    const auto loss_at = [&](const Eigen::VectorXd& b) {
        double loss = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const double logit_i = row(i).dot(b);
            loss += outcomes[i] * softplus(-logit_i) + (1 - outcomes[i]) * softplus(logit_i);
        }
        return loss;
    };
    Eigen::VectorXd b = Eigen::VectorXd::Zero(columns);
    Eigen::MatrixXd information(columns, columns);
    double loss = loss_at(b);
    bool converged = false;
    while (result.iterations < 100 && !converged) {
        ++result.iterations;
        Eigen::VectorXd gradient = Eigen::VectorXd::Zero(columns);
        information.setZero();
        for (std::size_t i = 0; i < n; ++i) {
            const Eigen::VectorXd x = row(i);
            const double p = sigmoid(x.dot(b));
            gradient += (outcomes[i] - p) * x;
            information += p * (1 - p) * x * x.transpose();
        }
        const Eigen::LDLT<Eigen::MatrixXd> solver(information);
        const Eigen::VectorXd pivots = solver.vectorD();
        if (!(pivots.minCoeff() > 1e-12 * pivots.maxCoeff())) {
            // At the start a column repeats another; later the weights p(1 - p) have died away.
            result.win_rate.status =
                result.iterations == 1 ? estimate_status::constant_input : estimate_status::unbounded;
            return result;
        }
        Eigen::VectorXd step = solver.solve(gradient);
        double next = loss_at(b + step);
        for (int halving = 0; halving < 50 && !(next <= loss * (1 + 1e-14)); ++halving) next = loss_at(b + (step /= 2));
        b += step;
        loss = next;
        converged = step.cwiseAbs().maxCoeff() <= 1e-12 * (1 + b.cwiseAbs().maxCoeff());
        if (b.cwiseAbs().maxCoeff() > 1e6 || loss < 1e-9 * static_cast<double>(n)) {
            result.win_rate.status = estimate_status::unbounded;
            return result;
        }
    }
    result.win_rate.status = estimate_status::not_converged;
    if (!converged) return result;

    Eigen::MatrixXd meat = Eigen::MatrixXd::Zero(columns, columns);
    information.setZero();
    Eigen::VectorXd slope = Eigen::VectorXd::Zero(columns);
    double value = 0;
    for (std::size_t i = 0; i < n; ++i) {
        Eigen::VectorXd x = row(i);
        const double p = sigmoid(x.dot(b));
        meat += (outcomes[i] - p) * (outcomes[i] - p) * x * x.transpose();
        information += p * (1 - p) * x * x.transpose();
        x(1) = 0;
        const double equal = sigmoid(x.dot(b));
        value += equal / static_cast<double>(n);
        slope += equal * (1 - equal) / static_cast<double>(n) * x;
    }
    const Eigen::MatrixXd inverse = information.ldlt().solve(Eigen::MatrixXd::Identity(columns, columns));
    const Eigen::MatrixXd variance = inverse * meat * inverse;
    result.intercept = b(0);
    result.length = b(1);
    result.intercept_error = std::sqrt(variance(0, 0));
    result.length_error = std::sqrt(variance(1, 1));
    if (columns == 3) {
        result.difficulty = b(2);
        result.difficulty_error = std::sqrt(variance(2, 2));
    }
    const double error = std::sqrt(std::max(0.0, slope.dot(variance * slope)));
    const double centre = logit(value), half = normal_critical(confidence) * error / (value * (1 - value));
    result.win_rate = {value, error, {sigmoid(centre - half), sigmoid(centre + half)}, n, estimate_status::ok};
    return result;
}

} // namespace preflearn
