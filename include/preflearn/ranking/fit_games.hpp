/// \file
/// Fits a `game_model` and certifies the result as `fit_ratings` does. Newton's method with step halving, dense in the
/// parameters; with judges, whose likelihood is not concave, it follows L-BFGS, which starts from the fit without them.
/// The certificate is that of a maximum: a vanishing gradient, a positive definite information matrix, and a further
/// step that moves nothing.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <preflearn/core/error.hpp>
#include <preflearn/ranking/covariance.hpp>
#include <preflearn/ranking/fit.hpp>
#include <preflearn/ranking/game_model.hpp>
#include <preflearn/ranking/games.hpp>
#include <preflearn/ranking/lbfgs.hpp>

namespace preflearn {

struct game_fit_options {
    /// A parameter's gradient at the end, per game that depends on it.
    double tolerance = 1e-11;
    std::size_t iteration_limit = 100;
    /// Of L-BFGS, for models with judges.
    lbfgs_options approach{.tolerance = 1e-7};
};

/// A fit and what it says beside the scores.
struct game_fit {
    /// Scores (none without items), order effect, tie parameter, status and certificate; the newton_step of a feature
    /// is what it moves a usual game, in logits. Its parameters are laid out as `game_layout` says.
    rating_fit rating{};
    game_layout layout{};
    /// Empty unless converged: γ by feature; η or a by judge.
    std::vector<double> coefficients{}, judges{};

    [[nodiscard]] bool converged() const { return rating.converged(); }
};

namespace detail {

/// The model's own demands on the columns, and features that are finite.
template <class Model> void check_details(const game_list& games, const game_details& details, const Model& model) {
    check_columns(games.left.size(), games.right.size(), games.results.size(), games.weights.size());
    if constexpr (Model::features_type::has_parameters) {
        require(details.features.rows == games.size(), games.size(), " games and ", details.features.rows,
                " rows of features");
        for (std::size_t g = 0; g < games.size(); ++g)
            for (std::size_t c = 0; c < details.features.columns; ++c)
                require<numeric_error>(std::isfinite(details.features(g, c)), "game ", g, ", feature ", c, " is ",
                                       details.features(g, c));
    } else {
        require(details.features.columns == 0, "features are given to a model without features");
    }
    if constexpr (Model::judges_type::has_parameters) {
        require(details.judges.size() == games.size(), games.size(), " games and ", details.judges.size(),
                " judges of them");
        for (std::size_t g = 0; g < games.size(); ++g)
            require(details.judges[g] < games.size(), "game ", g, ": judge ", details.judges[g], " of ", games.size(),
                    " games; judges are numbered from 0");
    } else {
        require(details.judges.empty(), "judges are given to a model without judges");
    }
    model.board.prior.check();
    model.features.check();
    model.judges.check();
}

/// How much of the games each parameter touches: Σ weight · |∂z / ∂parameter|, of u and τ the games' weight.
template <class Model>
Eigen::VectorXd reach_of_parameters(const game_list& games, const game_details& details, const Model& model,
                                    const game_layout& layout) {
    Eigen::VectorXd reach = Eigen::VectorXd::Zero(index(layout.size)), here = reach;
    if constexpr (Model::board_type::has_tie_parameter) here[index(layout.ties)] = 1; // any allowed value
    each_game(games, details, model, layout, here, 0, games.size(),
              [&](std::size_t g, const auto& row, const judged_terms&) {
                  for (const game_parameter& p : row) reach[p.at] += games.weight(g) * std::abs(p.times);
              });
    double least = 1e-300; // as for boards; a feature has a unit of its own
    for (std::size_t g = 0; g < games.size(); ++g) least += 1e-4 * games.weight(g);
    for (std::size_t i = 0; i < layout.size; ++i) {
        const bool feature = i >= layout.features && i < layout.judges;
        reach[index(i)] = std::max(reach[index(i)], feature ? 1e-300 : least);
    }
    return reach;
}

/// Σ weight · (∂z / ∂parameters)(∂z / ∂parameters)' over games with a say, the features' prior included: singular where
/// the games cannot tell the linear parameters apart, wherever these are. One for the other parameters.
template <class Model>
Eigen::MatrixXd design_of(const game_list& games, const game_details& details, const Model& model,
                          const game_layout& layout) {
    Eigen::MatrixXd design = Eigen::MatrixXd::Zero(index(layout.size), index(layout.size));
    Eigen::VectorXd here = Eigen::VectorXd::Zero(index(layout.size));
    if constexpr (Model::board_type::has_tie_parameter) here[index(layout.ties)] = 1;
    each_game(games, details, model, layout, here, 0, games.size(),
              [&](std::size_t g, const auto& row, const judged_terms& t) {
                  if (t.value == 0) return; // a tie that is dropped, or weight zero
                  for (const game_parameter& a : row)
                      for (const game_parameter& b : row)
                          if (a.through == 0 && b.through == 0)
                              design(a.at, b.at) += games.weight(g) * a.times * b.times;
              });
    for (std::size_t i = 0; i < layout.items; ++i) design(index(i), index(i)) += model.board.prior.terms(0).curvature;
    for (std::size_t c = layout.features; c < layout.judges; ++c)
        design(index(c), index(c)) += model.features.precision();
    for (std::size_t k = layout.judges; k < layout.size; ++k) design(index(k), index(k)) = 1;
    return design;
}

/// A symmetric matrix scaled to a unit diagonal and factorised, so that no pivot depends on a parameter's unit. Level
/// is added along common shifts of the strengths (unless a prior knows it) and of the judges.
struct scaled_factors {
    Eigen::VectorXd unit;
    Eigen::LDLT<Eigen::MatrixXd> factors;

    scaled_factors(Eigen::MatrixXd h, const game_layout& layout, bool level_is_known, bool judges_sum_zero) {
        const auto shift = [&h](std::size_t first, std::size_t count) {
            if (count == 0) return;
            auto block = h.block(index(first), index(first), index(count), index(count));
            block.array() += std::max(block.diagonal().mean(), 1e-300) / static_cast<double>(count);
        };
        if (!level_is_known) shift(0, layout.items);
        if (judges_sum_zero) shift(layout.judges, layout.ties - layout.judges);
        unit = h.diagonal().cwiseMax(1e-300).cwiseSqrt().cwiseInverse();
        h = unit.asDiagonal() * h * unit.asDiagonal();
        factors.compute(h);
    }
    [[nodiscard]] double smallest_pivot() const { return factors.vectorD().minCoeff(); }
    [[nodiscard]] Eigen::VectorXd solve(const Eigen::VectorXd& v) const {
        return unit.cwiseProduct(factors.solve(unit.cwiseProduct(v)));
    }
};

/// Where a fit of games starts: the board alone when there are judges, who say nothing about equal items.
template <class Model>
Eigen::VectorXd start_of_games(const pair_counts& counts, const Model& model, const game_layout& layout) {
    using board = typename Model::board_type;
    Eigen::VectorXd start = Eigen::VectorXd::Zero(index(layout.size));
    for (std::size_t k = layout.judges; k < layout.ties; ++k) start[index(k)] = model.judges.start();
    Eigen::VectorXd plain = equal_items<board>(counts);
    if constexpr (Model::judges_type::has_parameters) {
        const rating_fit fit = fit_ratings(counts, model.board);
        if (fit.converged()) plain = Eigen::Map<const Eigen::VectorXd>(fit.parameters.data(), plain.size());
    }
    start.head(index(layout.items)) = plain.head(index(layout.items));
    if constexpr (board::has_order) start[index(layout.order)] = plain[index(counts.items)];
    if constexpr (board::has_tie_parameter) start[index(layout.ties)] = plain[plain.size() - 1];
    return start;
}

/// Newton's method from `at`, with the status and the certificate written into `fit`.
template <class Model>
void climb(const game_list& games, const game_details& details, const Model& model, const game_layout& layout,
           const game_fit_options& options, Eigen::VectorXd& at, rating_fit& fit) {
    constexpr const char* endless =
        "the likelihood grows without end: the features, the order effect or the tie parameter separate the games";
    const auto stop = [&fit](fit_status status, std::string reason) {
        fit.status = status;
        fit.reason = std::move(reason);
    };
    const bool level_is_known = Model::board_type::prior_type::need == board_need::nothing;
    const Eigen::VectorXd reach = reach_of_parameters(games, details, model, layout);
    double weight = 0;
    for (std::size_t g = 0; g < games.size(); ++g) weight += games.weight(g);
    Eigen::VectorXd moves = Eigen::VectorXd::Ones(at.size()); // a usual game, in logits
    for (std::size_t c = layout.features; c < layout.judges; ++c) moves[index(c)] = reach[index(c)] / weight;

    if constexpr (Model::judges_type::has_parameters) {
        const auto inside_at = [&](const Eigen::VectorXd& p) {
            return !Model::board_type::has_tie_parameter || inside(model.board, p);
        };
        lbfgs_result found = minimise(
            [&](const Eigen::VectorXd& moved, Eigen::VectorXd& gradient) {
                Eigen::VectorXd p = moved.cwiseQuotient(moves);
                centre_judges<Model>(layout, p);
                if (!inside_at(p)) return std::numeric_limits<double>::infinity();
                const game_objective here = evaluate_games(games, details, model, p, false);
                gradient = here.gradient.cwiseQuotient(moves) / -weight;
                return -here.value / weight;
            },
            at.cwiseProduct(moves), options.approach);
        at = found.parameters.cwiseQuotient(moves);
        centre_judges<Model>(layout, at);
        fit.iterations = found.iterations;
        if (!found.converged)
            return stop(fit_status::not_converged, message("after ", found.iterations, " iterations the gradient is ",
                                                           found.gradient_norm * weight, " games"));
    }
    game_objective here = evaluate_games(games, details, model, at);
    for (std::size_t turn = 0, flat = 0;; ++turn, ++fit.iterations) {
        const scaled_factors h(here.information, layout, level_is_known, Model::judges_type::sum_zero);
        fit.gradient_norm = here.gradient.cwiseAbs().maxCoeff();
        const double relative = here.gradient.cwiseQuotient(reach).cwiseAbs().maxCoeff();
        if (!(h.smallest_pivot() > 1e-14)) {
            if (h.smallest_pivot() < -1e-11)
                return stop(fit_status::not_converged, message("no maximum was found: the likelihood bends upwards "
                                                               "where the gradient is ",
                                                               fit.gradient_norm, " games"));
            return stop(fit_status::unbounded, endless);
        }
        const Eigen::VectorXd step = h.solve(here.gradient);
        const double last_step = fit.newton_step;
        fit.newton_step = step.cwiseProduct(moves).cwiseAbs().maxCoeff();
        if (relative <= options.tolerance && fit.newton_step <= 1e-6) {
            fit.status = fit_status::converged;
            fit.log_likelihood = here.log_likelihood;
            return;
        }
        const bool vanished = relative <= options.tolerance;
        // On the way to infinity steps keep their length.
        flat = vanished && !(fit.newton_step < last_step / 2) ? flat + 1 : 0;
        if (flat == 4) return stop(fit_status::unbounded, endless);
        if (turn == options.iteration_limit)
            return stop(fit_status::not_converged,
                        message("after ", fit.iterations, " iterations the gradient is ", fit.gradient_norm,
                                " games and the next step ", fit.newton_step, " logits"));
        const double slope = here.gradient.dot(step);
        const Eigen::VectorXd from = at;
        for (double length = 1;; length /= 2) {
            if (length < 1e-10)
                return stop(fit_status::not_converged,
                            message("no step leads further where the gradient is ", fit.gradient_norm, " games"));
            at = from + length * step;
            if (!inside(model.board, at)) continue;
            here = evaluate_games(games, details, model, at);
            const double reached = here.gradient.dot(step);
            if (vanished || (std::isfinite(reached) && reached >= -0.5 * slope)) break;
        }
    }
}

} // namespace detail

/// Fits `model` to games. A soft verdict, a share y of the win, is two games of weights y and 1 − y.
/// Dense: (items + features + judges)² numbers.
/// \throws argument_error when columns differ in length, are missing or not asked for, items are unknown or play
/// themselves, or a part's numbers are out of range; numeric_error naming game and feature that is not finite.
template <class Model>
game_fit fit_games(const game_list& games, const game_details& details, const Model& model,
                   const game_fit_options& options = {}) {
    using board = typename Model::board_type;
    detail::check_details(games, details, model);
    const pair_counts counts = count_games(games, board::has_order ? sides::kept : sides::merged);
    detail::check_counts(counts);
    game_fit fit{.layout = model.layout(games, details)};
    rating_fit& rating = fit.rating;
    rating.prior = model.board.prior.describe();
    rating.graph = analyse_wins(counts, board::ties_type::edges);
    if (fit.layout.items > 0) {
        if (!detail::board_allows<board>(counts, rating)) return fit;
    } else if (counts.cells.empty() || fit.layout.size == 0) {
        rating.reason = counts.cells.empty() ? "there are no games" : "there is nothing to fit";
        return fit;
    }
    const detail::scaled_factors design(detail::design_of(games, details, model, fit.layout), fit.layout, false, false);
    if (!(design.smallest_pivot() > 1e-11)) {
        rating.status = fit_status::unidentified;
        rating.reason = "a feature or the order effect is determined by the items or by other features";
        return fit;
    }
    Eigen::VectorXd at = detail::start_of_games(counts, model, fit.layout);
    detail::climb(games, details, model, fit.layout, options, at, rating);
    if (!fit.converged()) return fit;

    rating.parameters.assign(at.begin(), at.end());
    const Eigen::Index n = detail::index(fit.layout.items);
    for (Eigen::Index i = 0; i < n; ++i) rating.scores.push_back(at[i] - at.head(n).mean());
    if constexpr (board::has_order) rating.order = at[detail::index(fit.layout.order)];
    if constexpr (board::has_tie_parameter)
        rating.tie_parameter = model.board.ties.natural(model.board.link, at[at.size() - 1]);
    for (std::size_t c = fit.layout.features; c < fit.layout.judges; ++c)
        fit.coefficients.push_back(at[detail::index(c)]);
    for (std::size_t k = fit.layout.judges; k < fit.layout.ties; ++k)
        fit.judges.push_back(model.judges.natural(at[detail::index(k)]));
    return fit;
}

namespace detail {

template <class Model>
Eigen::MatrixXd game_inverse(const game_list& games, const game_details& details, const Model& model,
                             const game_fit& fit) {
    fit.rating.check();
    check_details(games, details, model);
    const game_layout layout = model.layout(games, details);
    require(fit.rating.parameters.size() == layout.size, "a fit of ", fit.rating.parameters.size(),
            " parameters does not belong to this model of ", layout.size);
    const Eigen::VectorXd at = Eigen::Map<const Eigen::VectorXd>(fit.rating.parameters.data(), index(layout.size));
    Eigen::MatrixXd h = evaluate_games(games, details, model, at).information;
    const Eigen::VectorXd unit = h.diagonal().cwiseMax(1e-300).cwiseSqrt().cwiseInverse();
    if constexpr (Model::judges_type::sum_zero) {
        const Eigen::Index first = index(layout.judges), count = index(layout.ties - layout.judges);
        h.block(first, first, count, count).array() += h.diagonal().segment(first, count).mean();
    }
    if (layout.items > 0) {
        h = inverse_on_sum_zero(std::move(h), index(layout.items),
                                Model::board_type::prior_type::need == board_need::nothing);
    } else {
        const Eigen::LDLT<Eigen::MatrixXd> factors(unit.asDiagonal() * h * unit.asDiagonal());
        h = unit.asDiagonal() * factors.solve(Eigen::MatrixXd::Identity(h.rows(), h.cols())) * unit.asDiagonal();
    }
    if constexpr (Model::judges_type::sum_zero) {
        for (Eigen::Index i = 0; i < h.cols(); ++i) centre_judges<Model>(layout, h.col(i));
        h.transposeInPlace();
        for (Eigen::Index i = 0; i < h.cols(); ++i) centre_judges<Model>(layout, h.col(i));
    }
    return h;
}

} // namespace detail

/// The inverse of the observed information (the priors' included); scores have mean zero, and judges of discrimination
/// mean log a of zero. Rows and columns are laid out as the fit's parameters.
/// \throws numeric_error when the fit does not exist.
template <class Model>
rating_covariance inverse_information(const game_list& games, const game_details& details, const Model& model,
                                      const game_fit& fit) {
    return {fit.layout.items, detail::game_inverse(games, details, model, fit)};
}

/// The sandwich, as for boards: equal `clusters` are one, empty: every game is its own.
/// \throws numeric_error when the fit does not exist; argument_error when columns differ in length or there is only one
/// cluster.
template <class Model>
rating_covariance sandwich_covariance(const game_list& games, const game_details& details, const Model& model,
                                      const game_fit& fit, std::span<const std::uint32_t> clusters = {}) {
    const Eigen::MatrixXd bread = detail::game_inverse(games, details, model, fit);
    const Eigen::VectorXd at =
        Eigen::Map<const Eigen::VectorXd>(fit.rating.parameters.data(), detail::index(fit.layout.size));
    const Eigen::MatrixXd meat =
        detail::squared_scores(games.size(), bread.rows(), clusters, [&](std::size_t g, const auto& add) {
            detail::each_game(games, details, model, fit.layout, at, g, g + 1,
                              [&](std::size_t, const auto& row, const judged_terms& t) {
                                  for (const detail::game_parameter& p : row) add(p.at, p.times * t.slope[p.through]);
                              });
        });
    return {fit.layout.items, bread * meat * bread.transpose()};
}

} // namespace preflearn
