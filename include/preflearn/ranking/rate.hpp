/// \file
/// From games to a ranked table in one call, with the model chosen at run time: for command lines and reports.
/// Everything here is made of the compile-time pieces, which a program that knows its model uses directly.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <preflearn/core/error.hpp>
#include <preflearn/core/interval.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/ranking/covariance.hpp>
#include <preflearn/ranking/firth.hpp>
#include <preflearn/ranking/fit.hpp>
#include <preflearn/ranking/fit_games.hpp>
#include <preflearn/ranking/game_model.hpp>
#include <preflearn/ranking/games.hpp>
#include <preflearn/ranking/rank_tiers.hpp>

namespace preflearn {

struct rating_options {
    std::variant<half_win_rule, drop_rule, rao_kupper_rule, davidson_rule> ties{};
    bool order = false;
    /// `jeffreys_prior` goes with ties as half wins or dropped, and without order effect.
    std::variant<no_prior, gaussian_prior, pseudo_games, jeffreys_prior> prior{};
    double confidence = 0.95;
    /// Of the draws for ranks.
    std::uint64_t seed = 0;
};

/// Numeric columns that explain games beside their items, of the left side minus the right side's.
struct game_covariates {
    matrix_view<const double> values{};
    /// One a column.
    std::span<const std::string> names{};
};

/// A parameter beside the scores, by name: "order" (δ in logits), "nu" or "threshold", or a covariate's (γ in logits
/// per unit).
struct rating_parameter {
    std::string name;
    double value, standard_error;
};

/// A report holds dense covariances, of 8 bytes a pair of items: 3.2 GB at this number.
inline constexpr std::size_t most_reported_items = 20'000;

/// All but `fit` is empty where the fit does not exist.
struct rating_report {
    rating_fit fit{};
    std::vector<double> standard_errors{};
    std::vector<interval> bounds{};
    rank_result ranks{};
    std::vector<rating_parameter> parameters{};
};

namespace detail {

template <class Model> game_layout board_layout(std::size_t items) {
    return {.items = items, .order = items, .ties = Model::size(items) - 1, .size = Model::size(items)};
}

/// Everything of a report that follows from the fit in it and its covariance; parameters lie as in `layout`.
template <class Model>
void complete_report(const Model& model, const game_layout& layout, const rating_covariance& covariance,
                     const rating_options& options, std::span<const std::string> covariates, rating_report& report) {
    for (std::size_t i = 0; i < layout.items; ++i) report.standard_errors.push_back(covariance.standard_error(i));
    report.bounds = score_intervals(report.fit, covariance, options.confidence);
    report.ranks = rank_items(report.fit, covariance, {.confidence = options.confidence, .seed = options.seed});
    const auto add = [&](std::string name, double value, double error) {
        report.parameters.push_back({std::move(name), value, error});
    };
    if constexpr (Model::has_order) add("order", report.fit.order, covariance.standard_error(layout.order));
    for (std::size_t c = 0; c < covariates.size(); ++c)
        add(covariates[c], report.fit.parameters[layout.features + c], covariance.standard_error(layout.features + c));
    if constexpr (Model::has_tie_parameter) {
        static_assert(std::same_as<typename Model::link_type, logit_choice>);
        // the solver's parameter is the logarithm of the reported one, for the logit link
        const double value = report.fit.tie_parameter;
        add(std::string(model.ties.parameter_name), value, value * covariance.standard_error(layout.ties));
    }
}

} // namespace detail

/// A template only so that its dozens of models are compiled where it is called.
/// \param clusters one code a game: errors are those of the cluster sandwich; empty: of the inverse information.
/// \param covariates the games are then fitted one by one (`fit_games`) instead of by pairs.
/// \throws argument_error as the functions it calls, for names that are not one a column, and for Jeffreys' prior
/// beside an order effect, a tie parameter or covariates, and for more than `most_reported_items`.
template <std::same_as<rating_options> Options = rating_options>
rating_report rate_games(const game_list& games, const Options& options = {},
                         std::span<const std::uint32_t> clusters = {}, const game_covariates& covariates = {}) {
    require(covariates.names.size() == covariates.values.columns, covariates.values.columns, " covariates and ",
            covariates.names.size(), " names of them");
    require(games.items <= most_reported_items, "a report with errors is made of at most ", most_reported_items,
            " items, found ", games.items, "; fit_ratings takes more and gives scores alone");
    const auto with_covariates = [&](const auto& board) {
        const game_model model{.board = board, .features = game_features{}};
        const game_details details{.features = covariates.values};
        const game_fit fit = fit_games(games, details, model);
        rating_report report{.fit = fit.rating};
        if (report.fit.converged())
            detail::complete_report(board, fit.layout,
                                    clusters.empty() ? inverse_information(games, details, model, fit)
                                                     : sandwich_covariance(games, details, model, fit, clusters),
                                    options, covariates.names, report);
        return report;
    };
    const auto with_model = [&]<class Model>(const Model& model) {
        constexpr bool jeffreys = std::same_as<typename Model::prior_type, jeffreys_prior>;
        if constexpr (!jeffreys)
            if (covariates.values.columns > 0) return with_covariates(model);
        const pair_counts counts = count_games(games, Model::has_order ? sides::kept : sides::merged);
        rating_report report;
        if constexpr (jeffreys)
            report.fit = fit_ratings(counts, model, firth{});
        else
            report.fit = fit_ratings(counts, model);
        if (report.fit.converged())
            detail::complete_report(model, detail::board_layout<Model>(games.items),
                                    clusters.empty() ? inverse_information(counts, model, report.fit)
                                                     : sandwich_covariance(games, model, report.fit, clusters),
                                    options, {}, report);
        return report;
    };
    return std::visit(
        [&]<class Ties, class Prior>(const Ties& ties, const Prior& prior) {
            if constexpr (std::same_as<Prior, jeffreys_prior>) {
                require(!options.order && !Ties::has_parameter && covariates.values.columns == 0,
                        "Jeffreys' prior is offered without order effect and covariates, ties counted as half wins or "
                        "dropped");
                if constexpr (!Ties::has_parameter)
                    return with_model(bradley_terry_model{.ties = ties, .prior = prior});
                else
                    return rating_report{};
            } else {
                return options.order
                           ? with_model(bradley_terry_model{.ties = ties, .order = order_effect{}, .prior = prior})
                           : with_model(bradley_terry_model{.ties = ties, .prior = prior});
            }
        },
        options.ties, options.prior);
}

} // namespace preflearn
