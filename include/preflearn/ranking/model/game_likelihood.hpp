/// \file
/// A game model over its games, as what walks over games sees it: which parameters a game depends on, and two calls
/// into the model, one for a run of games and one for a prior. Fits, errors and identification are written on it and
/// compiled once, whatever the model.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/board/games.hpp>
#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/model/game_layout.hpp>
#include <preflearn/ranking/model/game_model.hpp>
#include <preflearn/ranking/model/judges.hpp>
#include <preflearn/ranking/model/likelihood_rows.hpp>
#include <preflearn/ranking/model/prior.hpp>

namespace preflearn {

/// Refers to games, details and model, which must outlive it.
class game_likelihood {
  public:
    /// \param details checked, as `check_details` does
    template <class Board, class Features, class Judges>
    game_likelihood(const game_list& games, const game_details& details,
                    const game_model<Board, Features, Judges>& model)
        : games_(games), details_(details), layout_(model.layout(games, details)), need_(model.board.prior.need),
          model_(&model), terms_(&run_terms<game_model<Board, Features, Judges>>),
          prior_(&prior_terms_of<game_model<Board, Features, Judges>>),
          allows_(&allowed<game_model<Board, Features, Judges>>) {}

    [[nodiscard]] const game_list& games() const { return games_; }
    [[nodiscard]] const game_details& details() const { return details_; }
    [[nodiscard]] const game_layout& layout() const { return layout_; }
    /// Whether a prior says where θ lies.
    [[nodiscard]] bool level_is_known() const { return need_ == board_need::nothing; }
    [[nodiscard]] bool has_judges() const { return layout_.judges < layout_.ties; }
    /// The terms of one parameter's prior at `value`; zero for order effect and tie parameter, which have none.
    [[nodiscard]] prior_terms prior(std::size_t parameter, double value) const {
        return prior_(model_, layout_, parameter, value);
    }
    /// Whether the model allows these parameters.
    [[nodiscard]] bool allows(const Eigen::VectorXd& parameters) const { return allows_(model_, parameters); }

    /// Calls visit(parameter) for each that game g depends on, the order effect and features after the items, the judge
    /// and τ last.
    template <class Visit> void visit_game(std::size_t g, const Visit& visit) const {
        if (layout_.items > 0) {
            visit(game_parameter{as_index(games_.left[g]), 0, 1});
            visit(game_parameter{as_index(games_.right[g]), 0, -1});
        }
        if (layout_.has_order()) visit(game_parameter{as_index(layout_.order), 0, 1});
        for (std::size_t c = layout_.features; c < layout_.judges; ++c)
            visit(game_parameter{as_index(c), 0, details_.features(g, c - layout_.features)});
        if (has_judges()) visit(game_parameter{as_index(layout_.judges + details_.judges[g]), 2, 1});
        if (layout_.has_tie_parameter()) visit(game_parameter{as_index(layout_.ties), 1, 1});
    }

    /// Calls body(g, parameters that game g depends on, its terms times its weight) for games from `first` to `last`.
    template <class Body>
    void each_game(const Eigen::VectorXd& parameters, std::size_t first, std::size_t last, const Body& body) const {
        each_piece(parameters, first, last, [&body](const games_at_once& games) {
            for (std::size_t k = 0; k < games.terms.size(); ++k)
                body(games.first + k, games.rows.subspan(games.begin[k], games.begin[k + 1] - games.begin[k]),
                     games.terms[k]);
        });
    }

    /// As rows, one a game, then the priors.
    [[nodiscard]] likelihood_rows rows() const {
        return [this](const Eigen::VectorXd& parameters, const std::function<void(const likelihood_row&)>& visit) {
            each_game(parameters, 0, games_.size(),
                      [&](std::size_t g, std::span<const game_parameter> row, const judged_terms& t) {
                          visit({games_.left[g], games_.right[g], row.subspan(2), t.slope, t.curvature});
                      });
            visit_ghost_games([this](double theta) { return prior(0, theta); }, layout_, parameters, visit);
            for (std::size_t at = layout_.features; at < layout_.ties; ++at) {
                const prior_terms p = prior(at, parameters[as_index(at)]);
                const game_parameter alone{as_index(at), 0, 1};
                likelihood_row row{0, 0, {&alone, 1}, Eigen::Vector3d::Zero(), Eigen::Matrix3d::Zero()};
                row.slope[0] = p.slope;
                row.curvature(0, 0) = p.curvature;
                if (at >= layout_.judges || p.curvature > 0) visit(row);
            }
        };
    }

  private:
    static constexpr std::size_t piece = 64;

    /// Some games, the parameters that each depends on (from `begin` in `rows`), and its terms times its weight.
    struct games_at_once {
        std::size_t first;
        std::span<const std::size_t> begin;
        std::span<const game_parameter> rows;
        std::span<const judged_terms> terms;
    };
    void each_piece(const Eigen::VectorXd& parameters, std::size_t first, std::size_t last,
                    const std::function<void(const games_at_once&)>& body) const {
        std::array<double, piece> z, u;
        std::vector<judged_terms> terms(std::min(piece, last - first));
        std::vector<game_parameter> rows;
        const double tau = tie_of_parameters(layout_, parameters);
        for (; first < last; first += piece) {
            const std::size_t count = std::min(piece, last - first);
            rows.clear();
            std::array<std::size_t, piece + 1> begin{};
            for (std::size_t k = 0; k < count; ++k) {
                z[k] = u[k] = 0;
                visit_game(first + k, [&](const game_parameter& p) {
                    rows.push_back(p);
                    if (p.through == 0) z[k] += p.times * parameters[p.at];
                    if (p.through == 2) u[k] = parameters[p.at];
                });
                begin[k + 1] = rows.size();
            }
            terms_(model_, games_, first, std::span(z).first(count), u.data(), tau, terms.data());
            body({first, begin, rows, std::span(terms).first(count)});
        }
    }

    template <class Model>
    static void run_terms(const void* opaque, const game_list& games, std::size_t first, std::span<const double> z,
                          const double* u, double tau, judged_terms* out) {
        const Model& model = *static_cast<const Model*>(opaque);
        for (std::size_t k = 0; k < z.size(); ++k) {
            judged_terms sum;
            each_outcome(model.board.ties, games.results[first + k], games.weight(first + k),
                         [&](const pair_cell& outcome, double weight) {
                             const judged_terms t = model.judges.terms(
                                 [&](double x) { return model.board.ties.terms(model.board.link, outcome, x, tau); },
                                 z[k], u[k]);
                             add_terms(sum, weight, t);
                         });
            out[k] = sum;
        }
    }
    template <class Model>
    static prior_terms prior_terms_of(const void* opaque, const game_layout& layout, std::size_t parameter,
                                      double value) {
        const Model& model = *static_cast<const Model*>(opaque);
        if (parameter < layout.items) return model.board.prior.terms(value);
        if (parameter >= layout.features && parameter < layout.judges) {
            const double precision = model.features.precision();
            return {-value * value * precision / 2, -value * precision, precision};
        }
        return parameter >= layout.judges && parameter < layout.ties ? model.judges.prior(value) : prior_terms{};
    }
    template <class Model> static bool allowed(const void* opaque, const Eigen::VectorXd& parameters) {
        return allows_parameters(static_cast<const Model*>(opaque)->board, parameters);
    }

    game_list games_;
    game_details details_;
    game_layout layout_;
    board_need need_;
    const void* model_;
    void (*terms_)(const void*, const game_list&, std::size_t, std::span<const double>, const double*, double,
                   judged_terms*);
    prior_terms (*prior_)(const void*, const game_layout&, std::size_t, double);
    bool (*allows_)(const void*, const Eigen::VectorXd&);
};

} // namespace preflearn
