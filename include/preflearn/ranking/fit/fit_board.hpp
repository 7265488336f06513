/// \file
/// Fits a rating model and certifies the result. A maximum-likelihood estimate does not always exist: then the result
/// says why and which items are to blame, and has no numbers that could be mistaken for one.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/board/board_faults.hpp>
#include <preflearn/ranking/board/counts.hpp>
#include <preflearn/ranking/board/win_graph.hpp>
#include <preflearn/ranking/model/board_model.hpp>
#include <preflearn/ranking/solver/newton.hpp>
#include <preflearn/ranking/solver/tree_climb.hpp>

namespace preflearn {

enum class fit_status : std::uint8_t {
    converged,     ///< the numbers are the maximum, to the tolerance
    not_converged, ///< the solver stopped before it
    disconnected,  ///< no games join some items, so their scores cannot be compared
    separated,     ///< some group of items never lost to the others: its scores are infinite
    unidentified,  ///< an effect cannot be told from the items' strengths and the other effects
    unbounded,     ///< the order effect or the tie parameter runs to infinity
    no_data        ///< no games
};

constexpr std::string_view name_of(fit_status status) {
    switch (status) {
    case fit_status::converged:
        return "converged";
    case fit_status::not_converged:
        return "not_converged";
    case fit_status::disconnected:
        return "disconnected";
    case fit_status::separated:
        return "separated";
    case fit_status::unidentified:
        return "unidentified";
    case fit_status::unbounded:
        return "unbounded";
    case fit_status::no_data:
        return "no_data";
    }
    return "unknown";
}

/// A rating fit and its certificate. It is a RewardModel over item ids.
struct rating_fit {
    fit_status status = fit_status::no_data;
    /// A sentence, empty when converged.
    std::string reason{};
    /// Who is joined to whom by games and wins.
    win_graph graph{};
    /// When unidentified: the effects that say nothing of their own.
    std::vector<aliased_effect> aliased{};
    /// Empty unless converged: θ in natural logits, mean zero.
    std::vector<double> scores{};
    /// Empty unless converged: θ where the prior puts it, then δ and the tie parameter as the solver has it.
    std::vector<double> parameters{};
    /// δ in logits; the tie parameter as the model's documentation names it (ν, t or τ). NaN where there is none.
    double order = std::numeric_limits<double>::quiet_NaN();
    double tie_parameter = std::numeric_limits<double>::quiet_NaN();
    /// Without the prior's part and without binomial coefficients; NaN unless converged.
    double log_likelihood = std::numeric_limits<double>::quiet_NaN();
    /// The largest derivative of the objective in games, and the largest entry of a further Newton step in logits: how
    /// far the numbers are from the maximum.
    double gradient_norm = std::numeric_limits<double>::quiet_NaN();
    double newton_step = std::numeric_limits<double>::quiet_NaN();
    std::size_t iterations = 0;
    std::string prior{};

    [[nodiscard]] bool converged() const { return status == fit_status::converged; }

    /// \throws numeric_error with the reason when the fit does not exist.
    void check() const { require<numeric_error>(converged(), "this rating fit is ", name_of(status), ": ", reason); }

    /// The score of an item. \throws numeric_error when the fit does not exist, argument_error for an unknown item.
    template <std::integral Item> double operator()(no_prompt, Item item) const {
        check();
        require(std::cmp_greater_equal(item, 0) && std::cmp_less(item, scores.size()), "item ", +item,
                " is not among the ", scores.size(), " items of this rating");
        return scores[static_cast<std::size_t>(item)];
    }
};

/// \param names of the items, for the message; or empty: their numbers
/// \throws argument_error naming the pair whose counts are not finite numbers of at least 0; also when their sum is
/// not.
inline void check_counts(const pair_counts& counts, std::span<const std::string> names = {}) {
    require(names.empty() || names.size() == counts.items, names.size(), " names for ", counts.items, " items");
    double sum = 0, lowest = 0;
    for (const pair_cell& c : counts.cells) {
        sum += c.games();
        lowest = std::min({lowest, c.left_wins, c.right_wins, c.ties});
    }
    if (std::isfinite(sum) && lowest >= 0) return;
    const auto named = [&](item_id i) { return names.empty() ? std::to_string(i) : message(excerpt{names[i]}); };
    for (const pair_cell& c : counts.cells) {
        const bool finite = std::isfinite(c.left_wins) && std::isfinite(c.right_wins) && std::isfinite(c.ties);
        if (!(finite && std::min({c.left_wins, c.right_wins, c.ties}) >= 0))
            throw argument_error(message("items ", named(c.left), " and ", named(c.right), " have ", c.left_wins,
                                         " wins of the left side, ", c.right_wins, " of the right and ", c.ties,
                                         " ties; finite numbers of at least 0 were expected (weights that add up to "
                                         "more than 1.8e308 overflow)"));
        require(std::isfinite(c.games()), "items ", named(c.left), " and ", named(c.right),
                ": the weights of their games overflow, for they add up to more than a number can hold (1.8e308); "
                "weights can be divided by a common number without changing a score");
    }
    throw argument_error("the games' weights overflow: they add up to more than a number can hold (1.8e308); weights "
                         "can be divided by a common number without changing a score");
}

/// Whether strengths with θ_left − θ_right = 1 in every cell exist, which an order effect cannot be told from.
inline bool order_is_aliased(const pair_counts& counts) {
    std::vector<std::vector<std::pair<item_id, int>>> neighbours(counts.items);
    for (const pair_cell& c : counts.cells) {
        neighbours[c.left].emplace_back(c.right, -1);
        neighbours[c.right].emplace_back(c.left, 1);
    }
    std::vector<int> level(counts.items);
    std::vector<char> seen(counts.items);
    std::vector<item_id> waiting;
    for (item_id root = 0; root < counts.items; ++root) {
        if (seen[root]) continue;
        seen[root] = 1;
        waiting.push_back(root);
        while (!waiting.empty()) {
            const item_id i = waiting.back();
            waiting.pop_back();
            for (const auto& [j, difference] : neighbours[i]) {
                if (!seen[j]) {
                    seen[j] = 1;
                    level[j] = level[i] + difference;
                    waiting.push_back(j);
                } else if (level[j] != level[i] + difference) {
                    return false;
                }
            }
        }
    }
    return true;
}

/// Fills in status and reason when the board itself rules the fit out.
inline bool board_allows_fit(const pair_counts& counts, board_need need, const game_layout& layout, rating_fit& fit) {
    const auto refuse = [&](fit_status status, std::string reason) {
        fit.status = status;
        fit.reason = std::move(reason);
        return false;
    };
    if (counts.items == 0 || counts.cells.empty()) return refuse(fit_status::no_data, "there are no games");
    if (need != board_need::nothing && !fit.graph.connected())
        return refuse(fit_status::disconnected, disconnection_reason(fit.graph));
    if (need == board_need::strongly_connected && !fit.graph.strongly_connected())
        return refuse(fit_status::separated, separation_reason(fit.graph));
    if (layout.has_order() && need != board_need::nothing && order_is_aliased(counts))
        return refuse(fit_status::unidentified, "every game is explained by strengths as well as by the order effect "
                                                "(items meet on one side only)");
    if (layout.has_tie_parameter()) {
        const auto tied = [](const pair_cell& c) { return c.ties > 0; };
        const auto decided = [](const pair_cell& c) { return c.left_wins + c.right_wins > 0; };
        if (std::ranges::none_of(counts.cells, tied))
            return refuse(fit_status::unbounded, "there are no ties, so the tie parameter has no interior maximum; fit "
                                                 "without a tie model");
        if (std::ranges::none_of(counts.cells, decided))
            return refuse(fit_status::unbounded, "every game is a tie, so the tie parameter is infinite");
    }
    return true;
}

/// The reason, with the names of items and of covariates instead of their numbers; empty when converged.
inline std::string explain(const rating_fit& fit, std::span<const std::string> names,
                           std::span<const std::string> covariates = {}) {
    require(names.size() == fit.graph.component.size(), names.size(), " names for ", fit.graph.component.size(),
            " items");
    if (fit.status == fit_status::disconnected) return disconnection_reason(fit.graph, names);
    if (fit.status == fit_status::separated) return separation_reason(fit.graph, names);
    if (!fit.aliased.empty()) return alias_reason(fit.aliased, covariates);
    return fit.reason;
}

/// Fits `model` to the counts. Boards whose counts lie many orders apart (`far_apart`) are climbed in coordinates that
/// keep the light games' digits, whatever the solver.
/// \param start the `parameters` of an earlier fit of the same model and items, or empty
/// \throws argument_error when the model has an order effect and the counts have merged their sides, when a start has
/// another size, when the prior's numbers are out of range, or counts are negative or not finite.
template <class Model = bradley_terry_model<>, class Solver = newton>
rating_fit fit_ratings(const pair_counts& counts, const Model& model = {}, const Solver& solver = {},
                       std::span<const double> start = {}) {
    static_assert(RatingSolver<Solver, Model>, "a RatingSolver is called with (pair_counts, model, start), const, and "
                                               "returns preflearn::solver_result");
    const game_layout layout = layout_of_board(model, counts.items);
    require(!layout.has_order() || counts.orientation == sides::kept,
            "an order effect needs counts with their sides kept: count_games(…, sides::kept)");
    require(start.empty() || start.size() == layout.size, "a start of ", start.size(), " parameters for ", layout.size);
    model.prior.check();
    check_counts(counts);
    rating_fit fit;
    fit.prior = model.prior.describe();
    fit.graph = analyse_wins(counts, model.ties.edges);
    if (!board_allows_fit(counts, model.prior.need, layout, fit)) return fit;

    Eigen::VectorXd from =
        start.empty() ? equal_items(counts, model)
                      : Eigen::VectorXd(Eigen::Map<const Eigen::VectorXd>(start.data(), as_index(start.size())));
    const solver_result found =
        far_apart(counts) ? climb_in_tree(counts, model, std::move(from)) : solver(counts, model, std::move(from));
    fit.iterations = found.iterations;
    fit.gradient_norm = found.gradient_norm;
    fit.newton_step = found.newton_step;
    if (found.end == solver_end::not_converged) {
        fit.status = fit_status::not_converged;
        fit.reason = message("after ", found.iterations, " iterations the gradient is ", found.gradient_norm,
                             " games and the next step ", found.newton_step, " logits");
        return fit;
    }
    if (found.end == solver_end::unbounded) {
        // The board's win graph decides alone where there are only scores: then the maximum exists.
        const bool scores_alone = layout.size == layout.items;
        fit.status = scores_alone ? fit_status::not_converged : fit_status::unbounded;
        fit.reason =
            scores_alone
                ? "the maximum exists, but double precision does not reach it: the likelihood is flat to the last "
                  "digit on "
                  "the way there"
                : "the likelihood grows without end as the order effect or the tie parameter grows with the scores";
        return fit;
    }
    fit.status = fit_status::converged;
    fit.parameters.assign(found.parameters.begin(), found.parameters.end());
    fit.log_likelihood = log_likelihood(counts, model, fit.parameters);
    fit.scores.assign(fit.parameters.begin(), fit.parameters.begin() + static_cast<std::ptrdiff_t>(counts.items));
    double mean = 0;
    for (const double s : fit.scores) mean += s / static_cast<double>(counts.items);
    for (double& s : fit.scores) s -= mean;
    if (layout.has_order()) fit.order = fit.parameters[layout.order];
    if constexpr (Model::has_tie_parameter) fit.tie_parameter = model.ties.natural(model.link, fit.parameters.back());
    return fit;
}

/// Where a fit of a model ended. \throws numeric_error when it does not exist, argument_error when it is one of another
/// model.
template <class Model> Eigen::VectorXd parameters_of_fit(const rating_fit& fit, const Model& model, std::size_t items) {
    fit.check();
    require(fit.parameters.size() == layout_of_board(model, items).size, "a fit of ", fit.parameters.size(),
            " parameters does not belong to this model of ", items, " items");
    return Eigen::Map<const Eigen::VectorXd>(fit.parameters.data(), as_index(fit.parameters.size()));
}

/// The model there.
template <class Model> board_point point_of_fit(const pair_counts& counts, const Model& model, const rating_fit& fit) {
    board_point at;
    evaluate_board(counts, model, parameters_of_fit(fit, model, counts.items), at);
    return at;
}

} // namespace preflearn
