/// \file
/// Logistic regression of pairs' outcomes on differences of features, with an L2 penalty: the exact fit of a linear
/// Bradley-Terry reward on features that do not learn. Minimises
///   (1/n) Σ_i [q_i log(1 + e^{−z_i}) + (1 − q_i) log(1 + e^{z_i})] + λ/2 |w|²,  z_i = wᵀ x_i,
/// which is convex, by Newton's steps, each solved by conjugate gradients (Nocedal & Wright 2006, algorithm 7.1) and
/// halved until the loss falls. Sums are taken in one order, so that equal input has equal bits.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/products/product.hpp>

namespace preflearn {

struct logistic_fit {
    std::vector<double> weights{};
    /// The mean loss in nats, without the penalty.
    double loss = 0;
    std::size_t steps = 0;
    /// Whether the gradient's norm fell below the tolerance.
    bool converged = false;
};

namespace detail {

/// The penalised loss of differences `x` (n × features) and its derivatives.
class logistic_problem {
  public:
    logistic_problem(matrix_view<const double> x, std::span<const double> targets, double l2)
        : x_(x), targets_(targets), l2_(l2) {}

    /// x w, n numbers.
    [[nodiscard]] std::vector<double> margins(std::span<const double> w) const {
        std::vector<double> z(x_.rows);
        multiply_in_tiles<double>(transpose::no, row(w), transpose::yes, x_, matrix_view<double>(z.data(), 1, z.size()),
                                  store::replace);
        return z;
    }
    [[nodiscard]] double mean_loss(std::span<const double> z) const {
        double sum = 0;
        for (std::size_t i = 0; i < z.size(); ++i)
            sum -= targets_[i] * log_sigmoid(z[i]) + (1 - targets_[i]) * log_sigmoid(-z[i]);
        return sum / static_cast<double>(z.size());
    }
    [[nodiscard]] double penalised(std::span<const double> w, std::span<const double> z) const {
        return mean_loss(z) + l2_ / 2 * dot(w, w);
    }
    [[nodiscard]] std::vector<double> gradient(std::span<const double> w, std::span<const double> z) const {
        std::vector<double> residual(z.size());
        for (std::size_t i = 0; i < z.size(); ++i)
            residual[i] = (sigmoid(z[i]) - targets_[i]) / static_cast<double>(z.size());
        return back(residual, w);
    }
    /// The Hessian at margins z times a vector.
    [[nodiscard]] std::vector<double> curved(std::span<const double> z, std::span<const double> direction) const {
        std::vector<double> moved = margins(direction);
        for (std::size_t i = 0; i < z.size(); ++i)
            moved[i] *= sigmoid(z[i]) * sigmoid(-z[i]) / static_cast<double>(z.size());
        return back(moved, direction);
    }
    static double dot(std::span<const double> a, std::span<const double> b) {
        double sum = 0;
        for (std::size_t j = 0; j < a.size(); ++j) sum += a[j] * b[j];
        return sum;
    }

  private:
    static matrix_view<const double> row(std::span<const double> values) { return {values.data(), 1, values.size()}; }
    /// xᵀ r + λ v.
    [[nodiscard]] std::vector<double> back(std::span<const double> r, std::span<const double> v) const {
        std::vector<double> result(x_.columns);
        multiply_in_tiles<double>(transpose::no, row(r), transpose::no, x_,
                                  matrix_view<double>(result.data(), 1, result.size()), store::replace);
        for (std::size_t j = 0; j < result.size(); ++j) result[j] += l2_ * v[j];
        return result;
    }

    matrix_view<const double> x_;
    std::span<const double> targets_;
    double l2_;
};

/// d with Hessian · d ≈ −gradient, as exactly as the gradient is small.
inline std::vector<double> newton_direction(const logistic_problem& problem, std::span<const double> z,
                                            std::span<const double> gradient) {
    const double norm = std::sqrt(logistic_problem::dot(gradient, gradient));
    const double enough = norm * std::min(0.1, std::sqrt(norm));
    std::vector<double> d(gradient.size()), r(gradient.begin(), gradient.end()), p(gradient.size());
    for (std::size_t j = 0; j < p.size(); ++j) p[j] = -r[j];
    double square = norm * norm;
    for (std::size_t step = 0; step < 2 * p.size() + 10 && std::sqrt(square) > enough; ++step) {
        const std::vector<double> hp = problem.curved(z, p);
        const double curvature = logistic_problem::dot(p, hp);
        if (!(curvature > 0)) break;
        const double length = square / curvature;
        for (std::size_t j = 0; j < d.size(); ++j) {
            d[j] += length * p[j];
            r[j] += length * hp[j];
        }
        const double next = logistic_problem::dot(r, r);
        for (std::size_t j = 0; j < p.size(); ++j) p[j] = -r[j] + next / square * p[j];
        square = next;
    }
    return d;
}

} // namespace detail

/// \param x differences, first minus second, n × features \param targets P(first ≻ second) of each, in [0, 1]
/// \param l2 λ, positive: without it separable pairs have no fit \param start weights to begin with; none: zeros
/// \throws argument_error for counts that differ, no pairs, or a λ that is not positive.
inline logistic_fit fit_logistic(matrix_view<const double> x, std::span<const double> targets, double l2,
                                 std::span<const double> start = {}, double tolerance = 1e-9) {
    require(x.rows == targets.size() && x.rows > 0, "a fit needs a target for every difference, found ", targets.size(),
            " for ", x.rows);
    require(l2 > 0 && std::isfinite(l2), "the L2 penalty is ", l2, ", a positive number was expected");
    require(start.empty() || start.size() == x.columns, "the fit of ", x.columns, " features starts with ",
            start.size());
    const detail::logistic_problem problem(x, targets, l2);
    logistic_fit fit{.weights = std::vector<double>(x.columns)};
    if (!start.empty()) fit.weights.assign(start.begin(), start.end());
    std::vector<double> z = problem.margins(fit.weights);
    double value = problem.penalised(fit.weights, z);
    for (; fit.steps < 100; ++fit.steps) {
        const std::vector<double> gradient = problem.gradient(fit.weights, z);
        fit.converged = std::sqrt(detail::logistic_problem::dot(gradient, gradient)) <= tolerance;
        if (fit.converged) break;
        const std::vector<double> direction = detail::newton_direction(problem, z, gradient);
        const double slope = detail::logistic_problem::dot(gradient, direction);
        double length = 1;
        std::vector<double> moved(fit.weights.size());
        const auto falls = [&] {
            for (std::size_t j = 0; j < moved.size(); ++j) moved[j] = fit.weights[j] + length * direction[j];
            z = problem.margins(moved);
            const double next = problem.penalised(moved, z);
            if (!(next <= value + 1e-4 * length * slope)) return false;
            value = next;
            return true;
        };
        while (!falls() && length > 1e-12) length /= 2;
        if (length <= 1e-12) break; // no better number is near
        fit.weights = moved;
    }
    fit.loss = problem.mean_loss(problem.margins(fit.weights));
    return fit;
}

} // namespace preflearn
