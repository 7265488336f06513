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

#include <Eigen/Core>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/one_thread.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/ranking/board/games.hpp>
#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/fit/identified_effects.hpp>
#include <preflearn/ranking/model/game_information.hpp>
#include <preflearn/ranking/model/game_likelihood.hpp>
#include <preflearn/ranking/model/game_model.hpp>
#include <preflearn/ranking/model/vectors.hpp>
#include <preflearn/ranking/solver/conjugate_gradients.hpp>
#include <preflearn/ranking/solver/lbfgs.hpp>
#include <preflearn/ranking/solver/scaled_factors.hpp>
#include <preflearn/ranking/solver/tree_climb.hpp>

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
inline Eigen::VectorXd reach_of_parameters(const game_likelihood& likelihood) {
    const game_layout& layout = likelihood.layout();
    const game_list& games = likelihood.games();
    Eigen::VectorXd reach =
        sum_over_blocks(games.size(), layout.size, [&](std::size_t begin, std::size_t end, double* sum) {
            for (std::size_t g = begin; g < end; ++g)
                likelihood.visit_game(
                    g, [&](const game_parameter& p) { sum[p.at] += games.weight(g) * std::abs(p.times); });
        });
    double least = 1e-300; // as for boards; a feature has a unit of its own
    for (std::size_t g = 0; g < games.size(); ++g) least += 1e-4 * games.weight(g);
    for (std::size_t i = 0; i < layout.size; ++i) {
        const bool feature = i >= layout.features && i < layout.judges;
        reach[as_index(i)] = std::max(reach[as_index(i)], feature ? 1e-300 : least);
    }
    return reach;
}

/// Where a fit of games starts: the board alone when there are judges, who say nothing about equal items.
template <class Model>
Eigen::VectorXd start_of_games(const pair_counts& counts, const Model& model, const game_layout& layout) {
    Eigen::VectorXd start = Eigen::VectorXd::Zero(as_index(layout.size));
    for (std::size_t k = layout.judges; k < layout.ties; ++k) start[as_index(k)] = model.judges.start();
    Eigen::VectorXd plain = equal_items(counts, model.board);
    if constexpr (Model::judges_type::has_parameters) {
        const rating_fit fit = fit_ratings(counts, model.board);
        if (fit.converged()) plain = Eigen::Map<const Eigen::VectorXd>(fit.parameters.data(), plain.size());
    }
    std::copy_n(plain.data(), layout.items, start.data());
    if (layout.has_order()) start[as_index(layout.order)] = plain[as_index(counts.items)];
    if (layout.has_tie_parameter()) start[as_index(layout.ties)] = plain[plain.size() - 1];
    return start;
}

inline constexpr const char* endless_likelihood =
    "the likelihood grows without end: the features, the order effect or the tie parameter separate the games";

/// The sizes in which a climb measures steps and gradients.
struct climb_scale {
    Eigen::VectorXd reach, moves; ///< of a usual game, in games and in logits
    double weight = 0;            ///< of all games

    explicit climb_scale(const game_likelihood& likelihood)
        : reach(reach_of_parameters(likelihood)), moves(reach.size()) {
        for (double& m : moves) m = 1;
        for (std::size_t g = 0; g < likelihood.games().size(); ++g) weight += likelihood.games().weight(g);
        for (std::size_t c = likelihood.layout().features; c < likelihood.layout().judges; ++c)
            moves[as_index(c)] = reach[as_index(c)] / weight;
    }
};

/// Moves `at` near a maximum of a likelihood with judges, which is not concave. \returns false when it found none
template <std::same_as<game_likelihood> Likelihood>
bool approach(const Likelihood& likelihood, const climb_scale& scale, const lbfgs_options& options, Eigen::VectorXd& at,
              rating_fit& fit) {
    const game_layout& layout = likelihood.layout();
    lbfgs_result found = minimise(
        [&](const Eigen::VectorXd& here, Eigen::VectorXd& gradient) {
            Eigen::VectorXd p = entry_quotients(here, scale.moves);
            centre_judges(layout, p);
            if (!likelihood.allows(p)) return std::numeric_limits<double>::infinity();
            const game_objective there = objective_at(likelihood, p);
            gradient = entry_quotients(there.gradient, scale.moves);
            for (double& g : gradient) g /= -scale.weight;
            return -there.value / scale.weight;
        },
        entry_products(at, scale.moves), options);
    at = entry_quotients(found.parameters, scale.moves);
    centre_judges(layout, at);
    fit.iterations = found.iterations;
    if (!found.converged) {
        fit.status = fit_status::not_converged;
        fit.reason = message("after ", found.iterations, " iterations the gradient is ",
                             found.gradient_norm * scale.weight, " games");
    }
    return found.converged;
}

/// Newton's step; empty where there is none. \param bends_up whether the likelihood does
template <std::same_as<game_information> Information>
Eigen::VectorXd step_of_games(const Information& information, const Eigen::VectorXd& gradient,
                              const game_likelihood& likelihood, bool dense, double accuracy, bool& bends_up) {
    Eigen::VectorXd step;
    if (dense) {
        Eigen::MatrixXd matrix = information.dense();
        centre_judges_of(likelihood.layout(), matrix);
        const scaled_factors h(std::move(matrix), likelihood.layout(), likelihood.level_is_known());
        bends_up = h.smallest_pivot() < -1e-11;
        if (h.smallest_pivot() > 1e-14) step = h.solve(gradient);
    } else {
        step = conjugate_gradients(information, gradient, accuracy);
        if (step.size() != 0) information.centre(step);
        bends_up = step.size() == 0 && likelihood.has_judges();
    }
    return step;
}

/// Newton's method from `at`, with the status and the certificate written into `fit`. Templates only so that Eigen's
/// factorisations are compiled where they are called.
template <std::same_as<game_likelihood> Likelihood>
void climb_games(const Likelihood& likelihood, const game_fit_options& options, Eigen::VectorXd& at, rating_fit& fit) {
    constexpr const char* endless = endless_likelihood;
    const auto stop = [&fit](fit_status status, std::string reason) {
        fit.status = status;
        fit.reason = std::move(reason);
    };
    const climb_scale scale(likelihood);
    if (likelihood.has_judges() && !approach(likelihood, scale, options.approach, at, fit)) return;
    const bool dense = likelihood.layout().size <= options.dense_parameters;
    game_information information(likelihood);
    game_objective here = objective_at(likelihood, at, &information);
    for (std::size_t turn = 0, flat = 0;; ++turn, ++fit.iterations) {
        fit.gradient_norm = largest_size(here.gradient);
        const double relative = largest_size(entry_quotients(here.gradient, scale.reach));
        const double accuracy = relative <= options.tolerance ? 1e-2 : std::clamp(relative, 1e-6, 1e-2);
        bool bends_up = false;
        const Eigen::VectorXd step = step_of_games(information, here.gradient, likelihood, dense, accuracy, bends_up);
        if (step.size() == 0 || !all_finite(step)) {
            if (bends_up)
                return stop(fit_status::not_converged, message("no maximum was found: the likelihood bends upwards "
                                                               "where the gradient is ",
                                                               fit.gradient_norm, " games"));
            return stop(fit_status::unbounded, endless);
        }
        const double last_step = fit.newton_step;
        fit.newton_step = largest_size(entry_products(step, scale.moves));
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
        const double slope = dot(here.gradient, step);
        const Eigen::VectorXd from = at;
        for (double length = 1;; length /= 2) {
            if (length < 1e-10)
                return stop(fit_status::not_converged,
                            message("no step leads further where the gradient is ", fit.gradient_norm, " games"));
            at = moved(from, length, step);
            if (!likelihood.allows(at)) continue;
            here = objective_at(likelihood, at, &information);
            const double reached = dot(here.gradient, step);
            if (vanished || (std::isfinite(reached) && reached >= -0.5 * slope)) break;
        }
    }
}

/// Whether the games were fitted in tree coordinates.
inline bool games_far_apart(const game_list& games, const game_layout& layout) {
    return layout.items > 0 && !games.weights.empty() && far_apart(count_games(games, sides::kept));
}

/// The same for games whose weights lie many orders apart.
template <std::same_as<game_likelihood> Likelihood>
void climb_games_in_tree(const Likelihood& likelihood, Eigen::VectorXd& at, rating_fit& fit) {
    solver_result found =
        climb_in_tree(tree_climb{.layout = likelihood.layout(),
                                 .rows = likelihood.rows(),
                                 .inside = [&](const Eigen::VectorXd& p) { return likelihood.allows(p); }},
                      std::move(at));
    at = std::move(found.parameters);
    centre_judges(likelihood.layout(), at);
    fit.iterations += found.iterations;
    fit.gradient_norm = found.gradient_norm;
    fit.newton_step = found.newton_step;
    if (found.end == solver_end::converged) {
        fit.status = fit_status::converged;
        fit.log_likelihood = objective_at(likelihood, at).log_likelihood;
        return;
    }
    fit.status = found.end == solver_end::unbounded ? fit_status::unbounded : fit_status::not_converged;
    fit.reason = found.end == solver_end::unbounded
                     ? std::string(endless_likelihood)
                     : message("after ", fit.iterations, " iterations the gradient is ", fit.gradient_norm,
                               " games and the next step ", fit.newton_step, " logits");
}

/// Fits `model` to games. A soft verdict, a share y of the win, is two games of weights y and 1 − y.
/// Memory: a few numbers a game, and (items + features + judges)² of them up to `dense_parameters`.
/// \throws argument_error when columns differ in length, are missing or not asked for, items are unknown or play
/// themselves, or a part's numbers are out of range; numeric_error naming game and feature that is not finite.
template <class Model>
game_fit fit_games(const game_list& games, const game_details& details, const Model& model,
                   const game_fit_options& options = {}) {
    check_details(games, details, model);
    const pair_counts counts = count_games(games, model.board.has_order ? sides::kept : sides::merged);
    check_counts(counts);
    const game_likelihood likelihood(games, details, model);
    game_fit fit{.layout = likelihood.layout()};
    rating_fit& rating = fit.rating;
    rating.prior = model.board.prior.describe();
    rating.graph = analyse_wins(counts, model.board.ties.edges);
    if (fit.layout.items > 0) {
        if (!board_allows_fit(counts, model.board.prior.need, fit.layout, rating)) return fit;
    } else if (counts.cells.empty() || fit.layout.size == 0) {
        rating.reason = counts.cells.empty() ? "there are no games" : "there is nothing to fit";
        return fit;
    }
    const bool apart = games_far_apart(games, fit.layout);
    if (fit.layout.judges > fit.layout.order) {
        rating.aliased = aliased_effects(
            likelihood, effects_of(design_of(likelihood, apart), fit.layout,
                                   fit.layout.items == 0 || fit.layout.size <= options.dense_parameters));
        if (!rating.aliased.empty()) {
            rating.status = fit_status::unidentified;
            rating.reason = alias_reason(rating.aliased);
            return fit;
        }
    }
    Eigen::VectorXd at = start_of_games(counts, model, fit.layout);
    if (apart)
        climb_games_in_tree(likelihood, at, rating);
    else
        climb_games(likelihood, options, at, rating);
    if (!fit.converged()) return fit;

    rating.parameters.assign(at.begin(), at.end());
    const Eigen::Index n = as_index(fit.layout.items);
    const double mean = n > 0 ? mean_of_first(at, n) : 0;
    for (Eigen::Index i = 0; i < n; ++i) rating.scores.push_back(at[i] - mean);
    if (fit.layout.has_order()) rating.order = at[as_index(fit.layout.order)];
    if constexpr (Model::board_type::has_tie_parameter)
        rating.tie_parameter = model.board.ties.natural(model.board.link, at[at.size() - 1]);
    for (std::size_t c = fit.layout.features; c < fit.layout.judges; ++c) fit.coefficients.push_back(at[as_index(c)]);
    for (std::size_t k = fit.layout.judges; k < fit.layout.ties; ++k)
        fit.judges.push_back(model.judges.natural(at[as_index(k)]));
    return fit;
}

} // namespace preflearn
