/// \file
/// The likelihood of games that differ in more than their items: the advantage z = θ_left − θ_right + δ + f · γ of game
/// g goes through its judge (P(outcome | a z), or a mixture with the mirror image) and through the tie rule and the
/// link of the board's model. Every part goes with every other. A game is looked at by itself, so a turn costs the
/// games, not the pairs; models without features and judges are fitted by `fit_ratings`.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/error.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/ranking/features.hpp>
#include <preflearn/ranking/games.hpp>
#include <preflearn/ranking/judges.hpp>
#include <preflearn/ranking/model.hpp>

namespace preflearn {

/// What is known of each game beyond its items and its outcome; a part that the model has not is empty.
struct game_details {
    /// A row per game: each feature of the left side minus the right side's.
    matrix_view<const double> features{};
    /// Who judged it, numbered from 0.
    std::span<const std::uint32_t> judges{};
};

/// Where each parameter lies: θ, δ, γ, the judges' u, τ.
struct game_layout {
    std::size_t items = 0, order = 0, features = 0, judges = 0, ties = 0, size = 0;
};

/// `game_model{.board = bradley_terry_model{.ties = davidson_rule{}}, .features = game_features{}}`: what is not named
/// is as in `bradley_terry_model`, without features, all judges alike.
template <class Board = bradley_terry_model<>, class Features = no_features, class Judges = no_judges>
struct game_model {
    Board board{};
    [[no_unique_address]] Features features{};
    [[no_unique_address]] Judges judges{};

    static_assert(!std::same_as<typename Board::prior_type, jeffreys_prior>,
                  "Jeffreys' prior is offered for the board alone, without features and judges");
    static_assert(
        !std::same_as<Judges, judge_reliability> || Board::prior_type::need == board_need::nothing,
        "judge_reliability needs a prior on the scores: judges who may be wrong leave the likelihood flat far "
        "out");

    using board_type = Board;
    using features_type = Features;
    using judges_type = Judges;

    [[nodiscard]] game_layout layout(std::size_t items, std::size_t features_count, std::size_t judges_count) const {
        game_layout at{.items = features.with_items ? items : 0};
        at.order = at.items;
        at.features = at.order + (Board::has_order ? 1 : 0);
        at.judges = at.features + (Features::has_parameters ? features_count : 0);
        at.ties = at.judges + (Judges::has_parameters ? judges_count : 0);
        at.size = at.ties + (Board::has_tie_parameter ? 1 : 0);
        return at;
    }
    [[nodiscard]] game_layout layout(const game_list& games, const game_details& details) const {
        const std::size_t last =
            details.judges.empty() ? 0 : std::size_t{*std::ranges::max_element(details.judges)} + 1;
        return layout(games.items, details.features.columns, last);
    }
};

namespace detail {

/// A parameter that a game depends on: through z (0), τ (1) or u (2), and how strongly.
struct game_parameter {
    Eigen::Index at;
    Eigen::Index through;
    double times;
};

/// Calls visit(cell of one outcome, its weight): one outcome a game, two for a tie that is half a win for both.
template <class Ties, class Visit> void each_outcome(game_result result, double weight, const Visit& visit) {
    pair_cell one{};
    (result == game_result::left ? one.left_wins : result == game_result::right ? one.right_wins : one.ties) = 1;
    if constexpr (Ties::has_parameter) {
        visit(one, weight);
    } else {
        const double left = Ties::left_part(one), right = Ties::right_part(one);
        if (left > 0) visit({0, 0, 1, 0, 0}, weight * left);
        if (right > 0) visit({0, 0, 0, 1, 0}, weight * right);
    }
}

/// Calls body(g, parameters that game g depends on, its terms times its weight) for games from `first` to `last`.
template <class Model, class Body>
void each_game(const game_list& games, const game_details& details, const Model& model, const game_layout& layout,
               const Eigen::VectorXd& parameters, std::size_t first, std::size_t last, const Body& body) {
    using ties = typename Model::board_type::ties_type;
    const double tau = Model::board_type::has_tie_parameter ? parameters[index(layout.ties)] : 0;
    std::vector<game_parameter> row;
    for (std::size_t g = first; g < last; ++g) {
        row.clear();
        if (layout.items > 0) {
            row.push_back({index(games.left[g]), 0, 1});
            row.push_back({index(games.right[g]), 0, -1});
        }
        if constexpr (Model::board_type::has_order) row.push_back({index(layout.order), 0, 1});
        if constexpr (Model::features_type::has_parameters)
            for (std::size_t c = 0; c < details.features.columns; ++c)
                row.push_back({index(layout.features + c), 0, details.features(g, c)});
        double z = 0, u = 0;
        for (const game_parameter& p : row) z += p.times * parameters[p.at];
        if constexpr (Model::judges_type::has_parameters) {
            row.push_back({index(layout.judges + details.judges[g]), 2, 1});
            u = parameters[row.back().at];
        }
        if constexpr (Model::board_type::has_tie_parameter) row.push_back({index(layout.ties), 1, 1});
        judged_terms sum;
        each_outcome<ties>(games.results[g], games.weight(g), [&](const pair_cell& outcome, double weight) {
            const judged_terms t = model.judges.terms(
                [&](double x) { return model.board.ties.terms(model.board.link, outcome, x, tau); }, z, u);
            sum.value += weight * t.value;
            sum.slope += weight * t.slope;
            sum.curvature += weight * t.curvature;
        });
        body(g, std::as_const(row), std::as_const(sum));
    }
}

/// u on the space where its mean is zero, for judges who have only relative worth.
template <class Model> void centre_judges(const game_layout& layout, Eigen::Ref<Eigen::VectorXd> v) {
    if constexpr (Model::judges_type::sum_zero) {
        auto u = v.segment(index(layout.judges), index(layout.ties - layout.judges));
        u.array() -= u.mean();
    }
}

} // namespace detail

/// The objective of a game model at a point.
struct game_objective {
    /// Without and with the log-priors.
    double log_likelihood = 0, value = 0;
    Eigen::VectorXd gradient{};
    /// Minus the Hessian; empty unless asked for.
    Eigen::MatrixXd information{};
};

/// Where the judges' parameters have mean zero the gradient and the information are those on that space.
/// \param parameters as `layout` says. The columns must have been checked, as `fit_games` does.
template <class Model>
game_objective evaluate_games(const game_list& games, const game_details& details, const Model& model,
                              const Eigen::VectorXd& parameters, bool with_information = true) {
    const game_layout layout = model.layout(games, details);
    const Eigen::Index size = detail::index(layout.size), n = detail::index(layout.items);
    game_objective at{.gradient = Eigen::VectorXd::Zero(size)};
    Eigen::MatrixXd& h = at.information;
    if (with_information) h.setZero(size, size);
    detail::each_game(games, details, model, layout, parameters, 0, games.size(),
                      [&](std::size_t, const std::vector<detail::game_parameter>& row, const judged_terms& t) {
                          at.log_likelihood += t.value;
                          for (const auto& a : row) at.gradient[a.at] += a.times * t.slope[a.through];
                          if (!with_information) return;
                          for (const auto& a : row)
                              for (const auto& b : row)
                                  if (b.at <= a.at)
                                      h(a.at, b.at) += a.times * b.times * t.curvature(a.through, b.through);
                      });
    if (with_information) h = Eigen::MatrixXd(h.template selfadjointView<Eigen::Lower>());
    at.value = at.log_likelihood;
    // A common shift of θ changes no game: what the sums leave there is rounding.
    if (n > 0) at.gradient.head(n).array() -= at.gradient.head(n).mean();
    const auto add = [&](Eigen::Index i, const prior_terms& p) {
        at.value += p.value;
        at.gradient[i] += p.slope;
        if (with_information) h(i, i) += p.curvature;
    };
    for (Eigen::Index i = 0; i < n; ++i) add(i, model.board.prior.terms(parameters[i]));
    for (std::size_t c = layout.features; c < layout.judges; ++c) {
        const double gamma = parameters[detail::index(c)], precision = model.features.precision();
        add(detail::index(c), {-gamma * gamma * precision / 2, -gamma * precision, precision});
    }
    for (std::size_t k = layout.judges; k < layout.ties; ++k)
        add(detail::index(k), model.judges.prior(parameters[detail::index(k)]));
    detail::centre_judges<Model>(layout, at.gradient);
    if (with_information && Model::judges_type::sum_zero) {
        for (Eigen::Index i = 0; i < size; ++i) detail::centre_judges<Model>(layout, h.col(i));
        h.transposeInPlace();
        for (Eigen::Index i = 0; i < size; ++i) detail::centre_judges<Model>(layout, h.col(i));
    }
    return at;
}

} // namespace preflearn
