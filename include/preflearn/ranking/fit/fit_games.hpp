/// \file
/// Fits a `game_model` and certifies the result as `fit_ratings` does. Newton's method with step halving, by
/// factorisation where the parameters are few and by conjugate gradients, which hold no matrix, where they are many;
/// with judges, whose likelihood is not concave, it follows L-BFGS, which starts from the fit without them. The
/// certificate is that of a maximum: a vanishing gradient, a positive definite information matrix (of many parameters:
/// positive along the directions of the last solve), and a further step that moves nothing.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/one_thread.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/ranking/board/games.hpp>
#include <preflearn/ranking/errors/covariance.hpp>
#include <preflearn/ranking/errors/probed_errors.hpp>
#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/model/game_information.hpp>
#include <preflearn/ranking/model/game_model.hpp>
#include <preflearn/ranking/model/identified_effects.hpp>
#include <preflearn/ranking/solver/conjugate_gradients.hpp>
#include <preflearn/ranking/solver/lbfgs.hpp>
#include <preflearn/ranking/solver/tree_climb.hpp>
#include <preflearn/ranking/solver/tree_system.hpp>

namespace preflearn {

struct game_fit_options {
    /// A parameter's gradient at the end, per game that depends on it.
    double tolerance = 1e-11;
    std::size_t iteration_limit = 100;
    /// Up to so many parameters a step is solved by factorisation.
    std::size_t dense_parameters = 500;
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
Eigen::VectorXd reach_of_parameters(const game_list& games, const game_details& details, const game_layout& layout) {
    Eigen::VectorXd reach =
        sum_over_cells(games.size(), layout.size, [&](std::size_t begin, std::size_t end, double* sum) {
            for (std::size_t g = begin; g < end; ++g)
                visit_row<Model>(games, details, layout, g,
                                 [&](const game_parameter& p) { sum[p.at] += games.weight(g) * std::abs(p.times); });
        });
    double least = 1e-300; // as for boards; a feature has a unit of its own
    for (std::size_t g = 0; g < games.size(); ++g) least += 1e-4 * games.weight(g);
    for (std::size_t i = 0; i < layout.size; ++i) {
        const bool feature = i >= layout.features && i < layout.judges;
        reach[index(i)] = std::max(reach[index(i)], feature ? 1e-300 : least);
    }
    return reach;
}

/// Where a fit of games starts: the board alone when there are judges, who say nothing about equal items.
template <class Model>
Eigen::VectorXd start_of_games(const pair_counts& counts, const Model& model, const game_layout& layout) {
    Eigen::VectorXd start = Eigen::VectorXd::Zero(index(layout.size));
    for (std::size_t k = layout.judges; k < layout.ties; ++k) start[index(k)] = model.judges.start();
    Eigen::VectorXd plain = equal_items(counts, model.board);
    if constexpr (Model::judges_type::has_parameters) {
        const rating_fit fit = fit_ratings(counts, model.board);
        if (fit.converged()) plain = Eigen::Map<const Eigen::VectorXd>(fit.parameters.data(), plain.size());
    }
    start.head(index(layout.items)) = plain.head(index(layout.items));
    if (layout.has_order()) start[index(layout.order)] = plain[index(counts.items)];
    if (layout.has_tie_parameter()) start[index(layout.ties)] = plain[plain.size() - 1];
    return start;
}

inline constexpr const char* endless_likelihood =
    "the likelihood grows without end: the features, the order effect or the tie parameter separate the games";

/// Newton's method from `at`, with the status and the certificate written into `fit`.
template <class Model>
void climb(const game_list& games, const game_details& details, const Model& model, const game_layout& layout,
           const game_fit_options& options, Eigen::VectorXd& at, rating_fit& fit) {
    constexpr const char* endless = endless_likelihood;
    const auto stop = [&fit](fit_status status, std::string reason) {
        fit.status = status;
        fit.reason = std::move(reason);
    };
    const bool level_is_known = model.board.prior.need == board_need::nothing;
    const Eigen::VectorXd reach = reach_of_parameters<Model>(games, details, layout);
    double weight = 0;
    for (std::size_t g = 0; g < games.size(); ++g) weight += games.weight(g);
    Eigen::VectorXd moves = Eigen::VectorXd::Ones(at.size()); // a usual game, in logits
    for (std::size_t c = layout.features; c < layout.judges; ++c) moves[index(c)] = reach[index(c)] / weight;

    if constexpr (Model::judges_type::has_parameters) {
        lbfgs_result found = minimise(
            [&](const Eigen::VectorXd& moved, Eigen::VectorXd& gradient) {
                Eigen::VectorXd p = moved.cwiseQuotient(moves);
                centre_judges(layout, p);
                if (!inside(model.board, p)) return std::numeric_limits<double>::infinity();
                const game_objective here = evaluate<Model>(games, details, model, layout, p, nullptr);
                gradient = here.gradient.cwiseQuotient(moves) / -weight;
                return -here.value / weight;
            },
            at.cwiseProduct(moves), options.approach);
        at = found.parameters.cwiseQuotient(moves);
        centre_judges(layout, at);
        fit.iterations = found.iterations;
        if (!found.converged)
            return stop(fit_status::not_converged, message("after ", found.iterations, " iterations the gradient is ",
                                                           found.gradient_norm * weight, " games"));
    }
    const bool dense = layout.size <= options.dense_parameters;
    game_information<Model> information(games, details, layout);
    game_objective here = evaluate(games, details, model, layout, at, &information);
    for (std::size_t turn = 0, flat = 0;; ++turn, ++fit.iterations) {
        fit.gradient_norm = here.gradient.cwiseAbs().maxCoeff();
        const double relative = here.gradient.cwiseQuotient(reach).cwiseAbs().maxCoeff();
        Eigen::VectorXd step;
        bool bends_up = false;
        if (dense) {
            Eigen::MatrixXd matrix = information.dense();
            centre_judges_of(layout, matrix);
            const scaled_factors h(std::move(matrix), layout, level_is_known);
            bends_up = h.smallest_pivot() < -1e-11;
            if (h.smallest_pivot() > 1e-14) step = h.solve(here.gradient);
        } else {
            const double accuracy = relative <= options.tolerance ? 1e-2 : std::clamp(relative, 1e-6, 1e-2);
            step = conjugate_gradients(information, here.gradient, accuracy);
            if (step.size() != 0) information.centre(step);
            bends_up = step.size() == 0 && Model::judges_type::has_parameters;
        }
        if (step.size() == 0 || !step.allFinite()) {
            if (bends_up)
                return stop(fit_status::not_converged, message("no maximum was found: the likelihood bends upwards "
                                                               "where the gradient is ",
                                                               fit.gradient_norm, " games"));
            return stop(fit_status::unbounded, endless);
        }
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
            here = evaluate(games, details, model, layout, at, &information);
            const double reached = here.gradient.dot(step);
            if (vanished || (std::isfinite(reached) && reached >= -0.5 * slope)) break;
        }
    }
}

/// Whether the games were fitted in tree coordinates.
inline bool are_far_apart(const game_list& games, const game_layout& layout) {
    return layout.items > 0 && !games.weights.empty() && far_apart(count_games(games, sides::kept));
}

/// The model's rows, one a game, then the priors.
template <class Model>
likelihood_rows rows_of_games(const game_list& games, const game_details& details, const Model& model,
                              const game_layout& layout) {
    return [&games, &details, &model, layout](const Eigen::VectorXd& parameters,
                                              const std::function<void(const likelihood_row&)>& visit) {
        each_game(games, details, model, layout, parameters, 0, games.size(),
                  [&](std::size_t g, const std::vector<game_parameter>& row, const judged_terms& t) {
                      visit({games.left[g], games.right[g], std::span(row).subspan(2), t.slope, t.curvature});
                  });
        visit_ghost_games(model.board.prior, layout, parameters, visit);
        const auto visit_prior = [&](std::size_t at, const prior_terms& p) {
            const game_parameter alone{index(at), 0, 1};
            likelihood_row row{0, 0, {&alone, 1}, Eigen::Vector3d::Zero(), Eigen::Matrix3d::Zero()};
            row.slope[0] = p.slope;
            row.curvature(0, 0) = p.curvature;
            visit(row);
        };
        const double precision = model.features.precision();
        for (std::size_t c = layout.features; c < layout.judges && precision > 0; ++c)
            visit_prior(c, {0, -parameters[index(c)] * precision, precision});
        for (std::size_t k = layout.judges; k < layout.ties; ++k)
            visit_prior(k, model.judges.prior(parameters[index(k)]));
    };
}

/// `climb` for games whose weights lie many orders apart.
template <class Model>
void climb_games_in_tree(const game_list& games, const game_details& details, const Model& model,
                         const game_layout& layout, Eigen::VectorXd& at, rating_fit& fit) {
    solver_result found =
        climb_in_tree(tree_climb{.layout = layout,
                                 .rows = rows_of_games(games, details, model, layout),
                                 .inside = [&](const Eigen::VectorXd& p) { return inside(model.board, p); }},
                      std::move(at));
    at = std::move(found.parameters);
    centre_judges(layout, at);
    fit.iterations += found.iterations;
    fit.gradient_norm = found.gradient_norm;
    fit.newton_step = found.newton_step;
    if (found.end == solver_end::converged) {
        fit.status = fit_status::converged;
        fit.log_likelihood = evaluate<Model>(games, details, model, layout, at, nullptr).log_likelihood;
        return;
    }
    fit.status = found.end == solver_end::unbounded ? fit_status::unbounded : fit_status::not_converged;
    fit.reason = found.end == solver_end::unbounded
                     ? std::string(endless_likelihood)
                     : message("after ", fit.iterations, " iterations the gradient is ", fit.gradient_norm,
                               " games and the next step ", fit.newton_step, " logits");
}

} // namespace detail

/// Fits `model` to games. A soft verdict, a share y of the win, is two games of weights y and 1 − y.
/// Memory: a few numbers a game, and (items + features + judges)² of them up to `dense_parameters`.
/// \throws argument_error when columns differ in length, are missing or not asked for, items are unknown or play
/// themselves, or a part's numbers are out of range; numeric_error naming game and feature that is not finite.
template <class Model>
game_fit fit_games(const game_list& games, const game_details& details, const Model& model,
                   const game_fit_options& options = {}) {
    detail::check_details(games, details, model);
    const pair_counts counts = count_games(games, model.board.has_order ? sides::kept : sides::merged);
    check_counts(counts);
    game_fit fit{.layout = model.layout(games, details)};
    rating_fit& rating = fit.rating;
    rating.prior = model.board.prior.describe();
    rating.graph = analyse_wins(counts, model.board.ties.edges);
    if (fit.layout.items > 0) {
        if (!detail::board_allows(counts, model.board.prior.need, fit.layout, rating)) return fit;
    } else if (counts.cells.empty() || fit.layout.size == 0) {
        rating.reason = counts.cells.empty() ? "there are no games" : "there is nothing to fit";
        return fit;
    }
    const bool apart = detail::are_far_apart(games, fit.layout);
    if (fit.layout.judges > fit.layout.order) {
        rating.aliased = detail::aliased_effects(
            games, details, fit.layout,
            detail::effects_of(detail::design_of(games, details, model, fit.layout, apart), fit.layout,
                               fit.layout.items == 0 || fit.layout.size <= options.dense_parameters));
        if (!rating.aliased.empty()) {
            rating.status = fit_status::unidentified;
            rating.reason = detail::alias_reason(rating.aliased);
            return fit;
        }
    }
    Eigen::VectorXd at = detail::start_of_games(counts, model, fit.layout);
    if (apart)
        detail::climb_games_in_tree(games, details, model, fit.layout, at, rating);
    else
        detail::climb(games, details, model, fit.layout, options, at, rating);
    if (!fit.converged()) return fit;

    rating.parameters.assign(at.begin(), at.end());
    const Eigen::Index n = detail::index(fit.layout.items);
    for (Eigen::Index i = 0; i < n; ++i) rating.scores.push_back(at[i] - at.head(n).mean());
    if (fit.layout.has_order()) rating.order = at[detail::index(fit.layout.order)];
    if constexpr (Model::board_type::has_tie_parameter)
        rating.tie_parameter = model.board.ties.natural(model.board.link, at[at.size() - 1]);
    for (std::size_t c = fit.layout.features; c < fit.layout.judges; ++c)
        fit.coefficients.push_back(at[detail::index(c)]);
    for (std::size_t k = fit.layout.judges; k < fit.layout.ties; ++k)
        fit.judges.push_back(model.judges.natural(at[detail::index(k)]));
    return fit;
}

namespace detail {

/// The parameters of a fit of this model to these games, after checks.
template <class Model>
Eigen::VectorXd parameters_of(const game_list& games, const game_details& details, const Model& model,
                              const game_fit& fit) {
    fit.rating.check();
    check_details(games, details, model);
    const game_layout layout = model.layout(games, details);
    require(fit.rating.parameters.size() == layout.size, "a fit of ", fit.rating.parameters.size(),
            " parameters does not belong to this model of ", layout.size);
    return Eigen::Map<const Eigen::VectorXd>(fit.rating.parameters.data(), index(layout.size));
}

template <class Model>
Eigen::MatrixXd game_inverse(const game_list& games, const game_details& details, const Model& model,
                             const game_fit& fit) {
    const game_layout& layout = fit.layout;
    Eigen::MatrixXd h = evaluate_games(games, details, model, parameters_of(games, details, model, fit)).information;
    const Eigen::VectorXd unit = h.diagonal().cwiseMax(1e-300).cwiseSqrt().cwiseInverse();
    if (layout.judges_sum_zero) {
        const Eigen::Index first = index(layout.judges), count = index(layout.ties - layout.judges);
        h.block(first, first, count, count).array() += h.diagonal().segment(first, count).mean();
    }
    if (layout.items > 0) {
        h = inverse_on_sum_zero(std::move(h), index(layout.items), model.board.prior.need == board_need::nothing);
    } else {
        const Eigen::LDLT<Eigen::MatrixXd> factors(unit.asDiagonal() * h * unit.asDiagonal());
        h = unit.asDiagonal() * factors.solve(Eigen::MatrixXd::Identity(h.rows(), h.cols())) * unit.asDiagonal();
    }
    centre_judges_of(layout, h);
    return h;
}

} // namespace detail

/// The inverse of the observed information (the priors' included); scores have mean zero, and judges of discrimination
/// mean log a of zero. Rows and columns are laid out as the fit's parameters.
/// \throws numeric_error when the fit does not exist.
template <class Model>
rating_covariance inverse_information(const game_list& games, const game_details& details, const Model& model,
                                      const game_fit& fit) {
    if (detail::are_far_apart(games, fit.layout)) {
        auto [system, inverse] =
            detail::inverse_in_tree(fit.layout, detail::rows_of_games(games, details, model, fit.layout),
                                    detail::parameters_of(games, details, model, fit));
        return detail::of_scores(std::move(system), std::move(inverse));
    }
    return {fit.layout.items, detail::game_inverse(games, details, model, fit)};
}

/// The errors of `inverse_information` without its matrix, as for boards; order effect, features, judges and tie
/// parameter have a solve each and no sampling error.
/// \throws numeric_error when the fit does not exist, argument_error when it is one of another model or without items,
/// or for fewer than two probes.
template <class Model>
probed_errors probe_errors(const game_list& games, const game_details& details, const Model& model, const game_fit& fit,
                           const probe_options& options = {}) {
    const Eigen::VectorXd at = detail::parameters_of(games, details, model, fit);
    require(fit.layout.items > 0, "probes are for boards of items, found a model of features alone");
    detail::game_information<Model> information(games, details, fit.layout);
    detail::evaluate(games, details, model, fit.layout, at, &information);
    return detail::probe_inverse(information, options);
}

/// The sandwich, as for boards: equal `clusters` are one, empty: every game is its own.
/// \throws numeric_error when the fit does not exist; argument_error when columns differ in length or there is only one
/// cluster.
template <class Model>
rating_covariance sandwich_covariance(const game_list& games, const game_details& details, const Model& model,
                                      const game_fit& fit, std::span<const std::uint32_t> clusters = {}) {
    const Eigen::VectorXd at = detail::parameters_of(games, details, model, fit);
    detail::tree_system system{fit.layout, {}};
    Eigen::MatrixXd bread;
    if (detail::are_far_apart(games, fit.layout))
        std::tie(system, bread) =
            detail::inverse_in_tree(fit.layout, detail::rows_of_games(games, details, model, fit.layout), at);
    else
        bread = detail::game_inverse(games, details, model, fit);
    Eigen::MatrixXd meat =
        detail::squared_scores(games.size(), bread.rows(), clusters, [&](std::size_t g, const auto& add) {
            detail::each_game(
                games, details, model, fit.layout, at, g, g + 1,
                [&](std::size_t, const std::vector<detail::game_parameter>& row, const judged_terms& t) {
                    const auto each = [&](const detail::game_parameter& p) { add(p.at, p.times * t.slope[p.through]); };
                    if (system.tree)
                        system.each_coordinate(
                            {games.left[g], games.right[g], std::span(row).subspan(2), t.slope, t.curvature}, each);
                    else
                        std::ranges::for_each(row, each);
                });
        });
    meat = on_one_thread([&] { return Eigen::MatrixXd(bread * meat * bread.transpose()); });
    if (system.tree) return detail::of_scores(std::move(system), std::move(meat));
    return {fit.layout.items, std::move(meat)};
}

} // namespace preflearn
