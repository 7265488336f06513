/// \file
/// Bradley-Terry with features of the game or of the items: logit P(left wins) = θ_left − θ_right + f_g · γ.
/// Differences of item covariates explain strengths; differences of length or markup give the "style-controlled" board
/// (Chiang et al. 2024). Logistic regression by Newton's method on the sum-zero space, dense in items + features.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <preflearn/core/error.hpp>
#include <preflearn/core/log_space.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/ranking/covariance.hpp>
#include <preflearn/ranking/fit.hpp>
#include <preflearn/ranking/games.hpp>

namespace preflearn {

struct feature_options {
    /// γ ~ N(0, variance) per feature; infinite: no prior. θ is fitted without a prior when `with_items`.
    double variance = std::numeric_limits<double>::infinity();
    /// False: strengths are a linear function of the features alone.
    bool with_items = true;
    double tolerance = 1e-11;
    std::size_t iteration_limit = 100;
};

struct feature_fit {
    fit_status status = fit_status::no_data;
    std::string reason{};
    /// Empty unless converged. θ has mean zero (empty without items); errors are of the inverse information.
    std::vector<double> scores{}, coefficients{};
    std::vector<double> score_errors{}, coefficient_errors{};
    double log_likelihood = std::numeric_limits<double>::quiet_NaN();
    /// The largest derivative, and what a further Newton step would move a usual game, in logits.
    double gradient_norm = std::numeric_limits<double>::quiet_NaN(), newton_step = gradient_norm;
    std::size_t iterations = 0;

    [[nodiscard]] bool converged() const { return status == fit_status::converged; }
};

/// \param features a row per game: the left side's value minus the right side's. Ties are half wins.
/// A singular information matrix (a feature that is a sum of others, or that only tells the items apart) gives
/// `unidentified`; separated data `separated` or `unbounded`.
/// \throws argument_error when columns differ in length or items are unknown; numeric_error naming a feature that is
/// not finite.
inline feature_fit fit_with_features(const game_list& games, matrix_view<const double> features,
                                     const feature_options& options = {}) {
    require(features.rows == games.size(), games.size(), " games and ", features.rows, " rows of features");
    require(options.variance > 0, "features with a prior of variance ", options.variance);
    const pair_counts counts = count_games(games);
    for (std::size_t g = 0; g < features.rows; ++g)
        for (std::size_t c = 0; c < features.columns; ++c)
            require<numeric_error>(std::isfinite(features(g, c)), "game ", g, ", feature ", c, " is ", features(g, c));
    feature_fit fit;
    const Eigen::Index n = options.with_items ? detail::index(games.items) : 0;
    const Eigen::Index p = detail::index(features.columns), size = n + p;
    if (counts.cells.empty() || size == 0) {
        fit.reason = "there are no games";
        return fit;
    }
    if (options.with_items) {
        rating_fit board{.graph = analyse_wins(counts)};
        if (!detail::board_allows<bradley_terry_model<>>(counts, board) && board.status == fit_status::disconnected) {
            fit.status = board.status;
            fit.reason = board.reason;
            return fit;
        }
    }
    Eigen::VectorXd b = Eigen::VectorXd::Zero(size), gradient(size), scale = Eigen::VectorXd::Constant(p, 1e-300);
    Eigen::MatrixXd h(size, size);
    double games_sum = 0;
    for (std::size_t g = 0; g < games.size(); ++g) {
        games_sum += games.weight(g);
        for (Eigen::Index c = 0; c < p; ++c)
            scale[c] += games.weight(g) * std::abs(features(g, static_cast<std::size_t>(c)));
    }
    const auto evaluate = [&](const Eigen::VectorXd& at) {
        gradient.setZero();
        h.setZero();
        double value = 0;
        for (std::size_t g = 0; g < games.size(); ++g) {
            const Eigen::Map<const Eigen::VectorXd> f(features.row(g), p);
            const double w = games.weight(g);
            const double y = games.results[g] == game_result::left ? 1 : games.results[g] == game_result::tie ? 0.5 : 0;
            double x = f.dot(at.tail(p));
            const Eigen::Index l = games.left[g], r = games.right[g];
            if (n > 0) x += at[l] - at[r];
            value -= w * (y * softplus(-x) + (1 - y) * softplus(x));
            const double slope = w * (y * sigmoid(-x) - (1 - y) * sigmoid(x)), v = w * sigmoid(x) * sigmoid(-x);
            gradient.tail(p) += slope * f;
            h.bottomRightCorner(p, p).selfadjointView<Eigen::Lower>().rankUpdate(f, v);
            if (n == 0) continue;
            gradient[l] += slope;
            gradient[r] -= slope;
            h(l, l) += v;
            h(r, r) += v;
            h(std::max(l, r), std::min(l, r)) -= v;
            h.col(l).tail(p) += v * f;
            h.col(r).tail(p) -= v * f;
        }
        gradient.tail(p) -= at.tail(p) / options.variance;
        h.diagonal().tail(p).array() += 1 / options.variance;
        if (n > 0) h.topLeftCorner(n, n).array() += h.diagonal().head(n).mean() / static_cast<double>(n);
        return value;
    };
    fit.log_likelihood = evaluate(b);
    for (std::size_t flat = 0;;) {
        // Scaled to a unit diagonal, so that a pivot's size does not depend on a feature's unit.
        const Eigen::VectorXd unit = h.diagonal().cwiseMax(1e-300).cwiseSqrt().cwiseInverse();
        const Eigen::MatrixXd scaled =
            unit.asDiagonal() * Eigen::MatrixXd(h.selfadjointView<Eigen::Lower>()) * unit.asDiagonal();
        const Eigen::LDLT<Eigen::MatrixXd> factors(scaled);
        fit.gradient_norm = gradient.cwiseAbs().maxCoeff();
        const double relative = std::max(n > 0 ? gradient.head(n).cwiseAbs().maxCoeff() / games_sum : 0.0,
                                         p > 0 ? gradient.tail(p).cwiseQuotient(scale).cwiseAbs().maxCoeff() : 0.0);
        if (!(factors.vectorD().minCoeff() > 1e-11)) {
            fit.status = fit.iterations == 0 ? fit_status::unidentified : fit_status::unbounded;
            fit.reason = fit.iterations == 0
                             ? "a feature is determined by the items or by other features"
                             : "the likelihood grows without end: the features or the items separate the games";
            break;
        }
        const Eigen::VectorXd step = unit.cwiseProduct(factors.solve(unit.cwiseProduct(gradient)));
        fit.newton_step = std::max(n > 0 ? step.head(n).cwiseAbs().maxCoeff() : 0.0, // what it moves a usual game
                                   p > 0 ? step.tail(p).cwiseAbs().cwiseProduct(scale).maxCoeff() / games_sum : 0.0);
        if (relative <= options.tolerance && fit.newton_step <= 1e-6) {
            fit.status = fit_status::converged;
            const Eigen::MatrixXd inverse =
                unit.asDiagonal() * factors.solve(Eigen::MatrixXd::Identity(size, size)) * unit.asDiagonal();
            const double level =
                n > 0 ? inverse.topLeftCorner(n, n).sum() / static_cast<double>(n * n) : 0; // of the common shift
            const double mean = n > 0 ? b.head(n).mean() : 0;
            for (Eigen::Index i = 0; i < n; ++i) {
                fit.scores.push_back(b[i] - mean);
                fit.score_errors.push_back(std::sqrt(std::max(0.0, inverse(i, i) - level)));
            }
            for (Eigen::Index c = 0; c < p; ++c) {
                fit.coefficients.push_back(b[n + c]);
                fit.coefficient_errors.push_back(std::sqrt(inverse(n + c, n + c)));
            }
            return fit;
        }
        flat = relative <= options.tolerance ? flat + 1 : 0;
        if (fit.iterations++ == options.iteration_limit || flat == 4) {
            fit.status = flat > 0 ? fit_status::unbounded : fit_status::not_converged;
            fit.reason = flat > 0 ? "the likelihood grows without end: the features or the items separate the games"
                                  : message("after ", options.iteration_limit, " iterations the gradient is ",
                                            fit.gradient_norm);
            break;
        }
        const double slope = gradient.dot(step);
        const Eigen::VectorXd from = b;
        for (double length = 1; length > 1e-10; length /= 2) {
            b = from + length * step;
            fit.log_likelihood = evaluate(b);
            if (flat > 0 || gradient.dot(step) >= -0.5 * slope) break;
        }
    }
    fit.log_likelihood = std::numeric_limits<double>::quiet_NaN();
    return fit;
}

} // namespace preflearn
