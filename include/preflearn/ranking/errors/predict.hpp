/// \file
/// What a fit expects of a game that was perhaps never played: P(left wins), P(right wins) and P(tie), with intervals
/// by the delta method on the logit scale, where they stay inside (0, 1). For boards and for game models, with order
/// effect, ties, covariates and judges; a report of `rate_games` is asked in the same way (rate.hpp).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>

#include <Eigen/Core>

#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/numbers/interval.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/errors/covariance.hpp>
#include <preflearn/ranking/fit/fit_games.hpp>
#include <preflearn/ranking/model/game_model.hpp>
#include <preflearn/ranking/model/judges.hpp>

namespace preflearn {

struct predicted_probability {
    double value = 0;
    /// NaN where the model gives the outcome no probability (ties without a tie model), and without a covariance.
    interval bounds{};
};

struct game_prediction {
    predicted_probability left, right, tie;
};

/// What a game is beside its two items.
struct game_setting {
    /// Each of the model's features, left side minus right side; empty: all 0, the sides do not differ in them.
    std::span<const double> features{};
    /// Whose verdict is predicted; nothing: that of a judge who is never wrong (reliability), or an average one
    /// (discrimination).
    std::optional<std::size_t> judge{};
};

/// A game on the scale of a fit: its advantage, and where its parameters lie.
struct game_at_fit {
    game_layout layout;
    std::size_t left, right;
    game_setting setting;
    double z = 0, tau = 0, u = 0;
};

/// \throws numeric_error when the fit does not exist, argument_error for items, features or a judge it has not.
inline game_at_fit game_of_fit(const rating_fit& fit, const game_layout& layout, std::size_t left, std::size_t right,
                               const game_setting& setting) {
    fit.check();
    const std::size_t n = layout.items, features = layout.judges - layout.features;
    const std::size_t judges = layout.ties - layout.judges;
    require(fit.parameters.size() == layout.size, "a fit of ", fit.parameters.size(),
            " parameters does not belong to this model of ", layout.size);
    require(n == 0 || (left < n && right < n && left != right), "a game of items ", left, " and ", right, " of ", n);
    require(setting.features.empty() || setting.features.size() == features, setting.features.size(),
            " features of a game for a model of ", features);
    require(!setting.judge || *setting.judge < judges, "judge ", setting.judge.value_or(0), " of ", judges);
    for (std::size_t c = 0; c < setting.features.size(); ++c)
        require<numeric_error>(std::isfinite(setting.features[c]), "feature ", c, " is ", setting.features[c]);
    game_at_fit game{layout, n == 0 ? 0 : left, n == 0 ? 0 : right, setting};
    if (n > 0) game.z = fit.scores[left] - fit.scores[right];
    if (layout.has_order()) game.z += fit.parameters[layout.order];
    for (std::size_t c = 0; c < setting.features.size(); ++c)
        game.z += setting.features[c] * fit.parameters[layout.features + c];
    if (layout.has_tie_parameter()) game.tau = fit.parameters[layout.ties];
    if (setting.judge) game.u = fit.parameters[layout.judges + *setting.judge];
    return game;
}

/// \param t log P(outcome) and its derivatives in (z, τ, u) \param covariance of the fit's parameters, or nothing
inline predicted_probability predicted_outcome(const judged_terms& t, const game_at_fit& game,
                                               const rating_covariance* covariance, double confidence) {
    predicted_probability result{std::exp(t.value), {}};
    if (covariance == nullptr) return result;
    const game_layout& layout = game.layout;
    Eigen::VectorXd others = Eigen::VectorXd::Zero(as_index(layout.size - layout.items));
    const auto of = [&](std::size_t parameter) -> double& { return others[as_index(parameter - layout.items)]; };
    if (layout.has_order()) of(layout.order) = t.slope[0];
    for (std::size_t c = 0; c < game.setting.features.size(); ++c)
        of(layout.features + c) = t.slope[0] * game.setting.features[c];
    if (layout.has_tie_parameter()) of(layout.ties) = t.slope[1];
    if (game.setting.judge) of(layout.judges + *game.setting.judge) = t.slope[2];
    // d logit p = d log p / (1 − p)
    const double rest = -std::expm1(t.value), z = normal_critical(confidence);
    const double error = std::sqrt(covariance->variance_of(game.left, game.right, t.slope[0], others)) / rest;
    const double centre = t.value - std::log(rest);
    result.bounds = {sigmoid(centre - z * error), sigmoid(centre + z * error)};
    return result;
}

template <class Board, class Judges>
game_prediction predict_at_fit(const Board& board, const Judges& judges, const game_at_fit& game,
                               const rating_covariance* covariance, double confidence) {
    require(covariance == nullptr || covariance->matrix.rows() == as_index(game.layout.size), "a covariance of ",
            covariance == nullptr ? 0 : covariance->matrix.rows(), " parameters does not belong to this model of ",
            game.layout.size);
    const auto predicted = [&](const pair_cell& outcome) {
        const auto terms = [&](double x) { return board.ties.terms(board.link, outcome, x, game.tau); };
        return predicted_outcome(game.setting.judge ? judges.terms(terms, game.z, game.u)
                                                    : unjudged_terms(terms(game.z), 1),
                                 game, covariance, confidence);
    };
    game_prediction p{predicted({0, 0, 1, 0, 0}), predicted({0, 0, 0, 1, 0}), {}};
    if constexpr (Board::has_tie_parameter) p.tie = predicted({0, 0, 0, 0, 1});
    return p;
}

/// The game of `left` against `right` by a board's fit; with an order effect, `left` is shown first.
/// \throws numeric_error when the fit does not exist, argument_error for items that are unknown or the same, or a fit
/// or covariance of another model.
template <class Model>
game_prediction predict_game(const Model& model, const rating_fit& fit, const rating_covariance& covariance,
                             std::size_t left, std::size_t right, double confidence = 0.95) {
    static_assert(
        requires {
            model.ties;
            model.link;
        },
        "predict_game takes a board's model (bradley_terry_model) with its rating_fit, or a game_model with "
        "its game_fit (the whole of it, not its rating), then the covariance, left, right, and what the game "
        "is beside its items: game_setting{.features = …, .judge = …}");
    if constexpr (requires {
                      model.ties;
                      model.link;
                  }) {
        const game_layout layout = layout_of_board(model, fit.graph.component.size());
        return predict_at_fit(model, no_judges{}, game_of_fit(fit, layout, left, right, {}), &covariance, confidence);
    }
    return {};
}

/// The same by a game model's fit. A model without items (features alone) does not look at `left` and `right`.
/// \throws as above, and argument_error for features or a judge that the fit has not.
template <class Board, class Features, class Judges>
game_prediction predict_game(const game_model<Board, Features, Judges>& model, const game_fit& fit,
                             const rating_covariance& covariance, std::size_t left, std::size_t right,
                             const game_setting& setting = {}, double confidence = 0.95) {
    return predict_at_fit(model.board, model.judges, game_of_fit(fit.rating, fit.layout, left, right, setting),
                          &covariance, confidence);
}

} // namespace preflearn
