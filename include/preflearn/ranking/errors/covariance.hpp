/// \file
/// How sure the scores are. Inverse information on the sum-zero space where the model is trusted; the sandwich
/// H⁺ (Σ_c s_c s_c') H⁺ where it is not, with s_c the score of a game (HC0) or of a cluster of games: all of an
/// annotator's or of a prompt's (Liang & Zeger 1986). Clusters matter: errors of repeated annotators can be twice as
/// large.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/numbers/interval.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/board/counts.hpp>
#include <preflearn/ranking/board/games.hpp>
#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/model/vectors.hpp>
#include <preflearn/ranking/solver/symmetric_factors.hpp>
#include <preflearn/ranking/solver/tree_climb.hpp>
#include <preflearn/ranking/solver/tree_system.hpp>

namespace preflearn {

/// A covariance in the coordinates of a tree, where the differences of scores do not cancel.
struct tree_covariance {
    tree_system system;
    Eigen::MatrixXd matrix;

    /// Of times · (θ_left − θ_right) + others · the parameters beside the scores.
    [[nodiscard]] double variance(std::size_t left, std::size_t right, double times,
                                  const Eigen::VectorXd& others) const {
        std::vector<std::pair<Eigen::Index, double>> along;
        const Eigen::Index edges = system.tree->edges();
        system.tree->path(static_cast<item_id>(left), static_cast<item_id>(right),
                          [&](Eigen::Index edge, double sign) { along.emplace_back(edge, sign * times); });
        for (Eigen::Index k = 0; k < others.size(); ++k)
            if (others[k] != 0) along.emplace_back(edges + k, others[k]);
        double sum = 0;
        for (const auto& [a, x] : along)
            for (const auto& [b, y] : along) sum += x * y * matrix(a, b);
        return sum;
    }
};

/// The covariance of a fit's scores (mean zero), then of its order effect and of the solver's tie parameter.
struct rating_covariance {
    std::size_t items = 0;
    Eigen::MatrixXd matrix{};
    /// Where games lie many orders apart: differences cancel in `matrix`, not here.
    std::shared_ptr<const tree_covariance> in_tree{};

    [[nodiscard]] double operator()(std::size_t i, std::size_t j) const { return matrix(as_index(i), as_index(j)); }
    /// Of one score on the mean-zero scale, and of θ_i − θ_j.
    [[nodiscard]] double standard_error(std::size_t i) const { return std::sqrt(std::max(0.0, (*this)(i, i))); }
    [[nodiscard]] double standard_error_of_difference(std::size_t i, std::size_t j) const {
        if (in_tree) return std::sqrt(std::max(0.0, in_tree->variance(i, j, 1, {})));
        return std::sqrt(std::max(0.0, (*this)(i, i) + (*this)(j, j) - 2 * (*this)(i, j)));
    }
    /// Of times · (θ_i − θ_j) + others · the parameters behind the scores.
    [[nodiscard]] double variance_of(std::size_t i, std::size_t j, double times, const Eigen::VectorXd& others) const {
        if (in_tree) return std::max(0.0, in_tree->variance(i, j, times, others));
        Eigen::VectorXd along = Eigen::VectorXd::Zero(matrix.rows());
        along[as_index(i)] += times;
        along[as_index(j)] -= times;
        const Eigen::Index behind = along.size() - others.size();
        for (Eigen::Index k = 0; k < others.size(); ++k) along[behind + k] += others[k];
        double sum = 0;
        for (Eigen::Index b = 0; b < along.size(); ++b)
            for (Eigen::Index a = 0; a < along.size() && along[b] != 0; ++a) sum += along[a] * matrix(a, b) * along[b];
        return std::max(0.0, sum);
    }
};

/// The covariance of a tree's coordinates as one of mean-zero scores.
/// A template only so that Eigen's product is compiled where it is called.
template <std::same_as<tree_system> System>
rating_covariance covariance_of_scores(System system, Eigen::MatrixXd matrix) {
    const Eigen::Index coordinates = system.size(), n = as_index(system.layout.items);
    Eigen::MatrixXd to_model(as_index(system.layout.size), coordinates);
    for (Eigen::Index c = 0; c < coordinates; ++c) {
        Eigen::VectorXd unit = Eigen::VectorXd::Zero(coordinates);
        unit[c] = 1;
        Eigen::VectorXd column = system.natural(unit);
        centre_first(column, n);
        set_column(to_model, c, column);
    }
    Eigen::MatrixXd scores = sandwich_of(to_model, matrix);
    const std::size_t items = system.layout.items;
    return {items, std::move(scores),
            std::make_shared<const tree_covariance>(tree_covariance{std::move(system), std::move(matrix)})};
}

/// The inverse information where a fit ended, in a tree's coordinates.
/// \throws numeric_error when it is not positive definite.
/// A template only so that Eigen's factorisation is compiled where it is called.
template <std::same_as<game_layout> Layout>
std::pair<tree_system, Eigen::MatrixXd> inverse_in_tree(const Layout& layout, const likelihood_rows& rows,
                                                        const Eigen::VectorXd& at) {
    tree_system system{layout, std::make_shared<const strength_tree>(tree_of_rows(layout, rows, at))};
    require<numeric_error>(system.tree->spans(), "the games tell too little for standard errors");
    system.sum(rows, at, true);
    const tree_factors<tree_system> factors(system);
    require<numeric_error>(factors.definite(), "the games tell too little for standard errors: the information matrix "
                                               "is singular in double precision");
    Eigen::MatrixXd inverse = factors.inverse();
    for (int side = 0; side < 2; ++side) {
        for (Eigen::Index i = 0; i < inverse.cols(); ++i) system.centre(inverse.col(i));
        inverse.transposeInPlace();
    }
    return {std::move(system), std::move(inverse)};
}

/// The inverse of an information matrix whose first `items` parameters are strengths, with these centred in rows and
/// columns. Without a prior the common shift of the strengths has no information; with a weak one nearly none, so H is
/// inverted with some added along it, which is taken away again (Sherman & Morrison 1950).
/// \throws numeric_error when it is singular in double precision.
/// A template only so that Eigen's factorisation is compiled where it is called.
template <std::same_as<Eigen::MatrixXd> Matrix>
Eigen::MatrixXd inverse_on_sum_zero(Matrix h, Eigen::Index items, bool level_is_known) {
    const double added = add_level(h, 0, items);
    const symmetric_factors<> factors(h);
    require<numeric_error>(factors.smallest_pivot() > std::numeric_limits<double>::min(),
                           "the games tell too little for standard errors: the information matrix is singular in "
                           "double precision");
    Eigen::MatrixXd inverse = factors.inverse();
    Eigen::VectorXd along = Eigen::VectorXd::Zero(h.rows());
    for (Eigen::Index j = 0; j < items; ++j)
        for (Eigen::Index i = 0; i < h.rows(); ++i) along[i] += inverse(i, j);
    const double left_over = 1 - added * sum_of_first(along.data(), items);
    for (Eigen::Index j = 0; j < h.cols(); ++j) {
        const double mean = sum_of_first(inverse.data() + j * inverse.rows(), items) / static_cast<double>(items);
        for (Eigen::Index i = 0; i < items; ++i) inverse(i, j) -= mean;
    }
    Eigen::VectorXd means = Eigen::VectorXd::Zero(h.rows());
    for (Eigen::Index j = 0; j < items; ++j)
        for (Eigen::Index i = 0; i < h.rows(); ++i) means[i] += inverse(i, j);
    for (Eigen::Index j = 0; j < items; ++j)
        for (Eigen::Index i = 0; i < h.rows(); ++i) inverse(i, j) -= means[i] / static_cast<double>(items);
    if (level_is_known && left_over > 0) {
        centre_first(along, items);
        const double times = added / left_over;
        for (Eigen::Index j = 0; j < h.cols(); ++j)
            for (Eigen::Index i = 0; i < h.rows(); ++i) inverse(i, j) += times * along[i] * along[j];
    }
    return inverse;
}

/// The same of a fit that exists.
template <class Model>
Eigen::MatrixXd centred_inverse(const pair_counts& counts, const Model& model, const rating_fit& fit) {
    const board_point at = point_of_fit(counts, model, fit);
    return inverse_on_sum_zero(dense_information(counts, at), as_index(counts.items),
                               !board_information(counts, at).level_is_free());
}

/// Adds the derivative of a game's log-likelihood by a parameter to a score.
using add_derivative = std::function<void(Eigen::Index parameter, double derivative)>;

/// The middle of a sandwich, Σ_c s_c s_c': `each(g, add)` calls add(parameter, derivative) for game g.
inline Eigen::MatrixXd squared_scores(std::size_t games, Eigen::Index parameters,
                                      std::span<const std::uint32_t> clusters,
                                      const std::function<void(std::size_t, const add_derivative&)>& each) {
    require(clusters.empty() || clusters.size() == games, games, " games and ", clusters.size(), " cluster codes");
    std::vector<std::size_t> order(games);
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (!clusters.empty()) std::ranges::sort(order, {}, [&](std::size_t g) { return std::pair(clusters[g], g); });
    Eigen::MatrixXd meat = Eigen::MatrixXd::Zero(parameters, parameters);
    Eigen::VectorXd score = Eigen::VectorXd::Zero(parameters);
    std::vector<Eigen::Index> touched;
    const add_derivative add = [&](Eigen::Index parameter, double slope) {
        if (score[parameter] == 0) touched.push_back(parameter); // twice when sums cancel: removed below
        score[parameter] += slope;
    };
    std::size_t found = 0;
    for (std::size_t k = 0; k < games; ++k) {
        const std::size_t g = order[k];
        each(g, add);
        const bool last = clusters.empty() || k + 1 == games || clusters[order[k + 1]] != clusters[g];
        if (!last) continue;
        ++found;
        std::ranges::sort(touched);
        touched.erase(std::ranges::unique(touched).begin(), touched.end());
        for (const Eigen::Index a : touched)
            for (const Eigen::Index b : touched) meat(a, b) += score[a] * score[b];
        for (const Eigen::Index a : touched) score[a] = 0;
        touched.clear();
    }
    require(found > 1, "a sandwich needs at least two clusters, found ", found);
    return meat;
}

/// The inverse of the information matrix (the prior's included) on the mean-zero scale. Dense: (n + 2)² numbers.
/// \throws numeric_error when the fit does not exist, or the matrix is singular in double precision.
template <class Model>
rating_covariance inverse_information(const pair_counts& counts, const Model& model, const rating_fit& fit) {
    if (far_apart(counts)) {
        auto [system, inverse] = inverse_in_tree(layout_of_board(model, counts.items), rows_of_board(counts, model),
                                                 parameters_of_fit(fit, model, counts.items));
        return covariance_of_scores(std::move(system), std::move(inverse));
    }
    return {counts.items, centred_inverse(counts, model, fit)};
}

/// The sandwich. \param clusters one code a game, equal codes are one cluster; empty: every game is its own (HC0).
/// Without a small-sample factor. It is refused where the fit does not exist: under separation it would be zero.
/// \throws numeric_error then; argument_error when columns differ in length or there is only one cluster.
template <class Model>
rating_covariance sandwich_covariance(const game_list& games, const Model& model, const rating_fit& fit,
                                      std::span<const std::uint32_t> clusters = {}) {
    const pair_counts counts = count_games(games, model.has_order ? sides::kept : sides::merged);
    const Eigen::VectorXd parameters = parameters_of_fit(fit, model, games.items);
    const game_layout layout = layout_of_board(model, games.items);
    const double delta = order_of_parameters(layout, parameters);
    const double tau = tie_of_parameters(layout, parameters);
    tree_system system{layout, {}};
    Eigen::MatrixXd bread;
    if (far_apart(counts))
        std::tie(system, bread) = inverse_in_tree(layout, rows_of_board(counts, model), parameters);
    else
        bread = centred_inverse(counts, model, fit);
    const Eigen::Index behind = bread.rows() - as_index(layout.size); // to where a parameter lies in the bread
    Eigen::MatrixXd meat = squared_scores(games.size(), bread.rows(), clusters, [&](std::size_t g, const auto& add) {
        const game_result result = games.results[g];
        pair_cell one{games.left[g], games.right[g], 0, 0, 0};
        (result == game_result::left    ? one.left_wins
         : result == game_result::right ? one.right_wins
                                        : one.ties) = games.weight(g);
        const outcome_terms t =
            model.ties.terms(model.link, one, parameters[one.left] - parameters[one.right] + delta, tau);
        if (system.tree) {
            system.tree->path(one.left, one.right,
                              [&](Eigen::Index edge, double sign) { add(edge, sign * t.slope_x); });
        } else {
            add(one.left, t.slope_x);
            add(one.right, -t.slope_x);
        }
        if (layout.has_order()) add(behind + as_index(layout.order), t.slope_x);
        if (layout.has_tie_parameter()) add(behind + as_index(layout.ties), t.slope_t);
    });
    meat = sandwich_of(bread, meat);
    if (system.tree) return covariance_of_scores(std::move(system), std::move(meat));
    return {games.items, std::move(meat)};
}

/// score ± z · error of every item; NaN where the error is. \throws numeric_error when the fit does not exist,
/// argument_error for fewer errors than scores.
inline std::vector<interval> score_intervals(const rating_fit& fit, std::span<const double> errors,
                                             double confidence = 0.95) {
    fit.check();
    require(errors.size() >= fit.scores.size(), errors.size(), " errors for a fit of ", fit.scores.size());
    const double z = normal_critical(confidence);
    std::vector<interval> list;
    for (std::size_t i = 0; i < fit.scores.size(); ++i) {
        const double half = z * errors[i];
        list.push_back({fit.scores[i] - half, fit.scores[i] + half});
    }
    return list;
}

/// The same by a covariance. \throws argument_error when it is of another number of items.
inline std::vector<interval> score_intervals(const rating_fit& fit, const rating_covariance& covariance,
                                             double confidence = 0.95) {
    fit.check();
    require(covariance.items == fit.scores.size(), "a covariance of ", covariance.items, " items for a fit of ",
            fit.scores.size());
    std::vector<double> errors(fit.scores.size());
    for (std::size_t i = 0; i < errors.size(); ++i) errors[i] = covariance.standard_error(i);
    return score_intervals(fit, errors, confidence);
}

} // namespace preflearn
