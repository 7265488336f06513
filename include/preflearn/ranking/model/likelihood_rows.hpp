/// \file
/// A rating model as rows: of each game, or of all games of a pair, the derivatives and what they depend on. What walks
/// over rows knows no model.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>

#include <Eigen/Core>

#include <preflearn/ranking/board/counts.hpp>
#include <preflearn/ranking/board/games.hpp>
#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/model/game_layout.hpp>
#include <preflearn/ranking/model/prior.hpp>

namespace preflearn {

/// A parameter that a game depends on: through z (0), τ (1) or u (2), and how strongly.
struct game_parameter {
    Eigen::Index at;
    Eigen::Index through;
    double times;
};

/// A game, or all games of a pair, or the prior of one parameter: derivatives in (z, τ, u) and what these depend on.
struct likelihood_row {
    /// z holds strength of left − strength of right; equal: no strengths. The number of items stands for a ghost of
    /// strength 0, whom a prior has every item play.
    item_id left, right;
    /// Beside the items, as in the model's layout.
    std::span<const game_parameter> others;
    Eigen::Vector3d slope;
    Eigen::Matrix3d curvature;
};

/// Calls the visitor with every row of a model at these parameters.
using likelihood_rows = std::function<void(const Eigen::VectorXd&, const std::function<void(const likelihood_row&)>&)>;

/// Emits the priors of the scores as games against the ghost. \param terms of an item's θ
template <class Terms>
void visit_ghost_games(const Terms& terms, const game_layout& layout, const Eigen::VectorXd& parameters,
                       const std::function<void(const likelihood_row&)>& visit) {
    const auto ghost = static_cast<item_id>(layout.items);
    for (item_id i = 0; i < layout.items; ++i) {
        const prior_terms p = terms(parameters[i]);
        likelihood_row row{i, ghost, {}, Eigen::Vector3d::Zero(), Eigen::Matrix3d::Zero()};
        row.slope[0] = p.slope;
        row.curvature(0, 0) = p.curvature;
        if (p.curvature > 0) visit(row);
    }
}

/// A board's rows: one a pair of items.
template <class Model> likelihood_rows rows_of_board(const pair_counts& counts, const Model& model) {
    return [&](const Eigen::VectorXd& parameters, const std::function<void(const likelihood_row&)>& visit) {
        const game_layout layout = layout_of_board(model, counts.items);
        const double delta = order_of_parameters(layout, parameters), tau = tie_of_parameters(layout, parameters);
        std::array<game_parameter, 2> others{};
        std::size_t count = 0;
        if (layout.has_order()) others[count++] = {as_index(layout.order), 0, 1};
        if (layout.has_tie_parameter()) others[count++] = {as_index(layout.ties), 1, 1};
        for (const pair_cell& c : counts.cells) {
            const outcome_terms t =
                model.ties.terms(model.link, c, parameters[c.left] - parameters[c.right] + delta, tau);
            likelihood_row row{c.left, c.right, {others.data(), count}, {t.slope_x, t.slope_t, 0}, {}};
            row.curvature << t.curvature_xx, t.curvature_xt, 0, t.curvature_xt, t.curvature_tt, 0, 0, 0, 0;
            visit(row);
        }
        visit_ghost_games([&](double theta) { return model.prior.terms(theta); }, layout, parameters, visit);
    };
}

} // namespace preflearn
