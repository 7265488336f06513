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
#include <type_traits>
#include <variant>
#include <vector>

#include <preflearn/core/error.hpp>
#include <preflearn/ranking/covariance.hpp>
#include <preflearn/ranking/firth.hpp>
#include <preflearn/ranking/fit.hpp>
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

/// A parameter beside the scores, by name: "order" (δ in logits), "nu" or "threshold".
struct rating_parameter {
    std::string name;
    double value, standard_error;
};

/// All but `fit` is empty where the fit does not exist.
struct rating_report {
    rating_fit fit{};
    std::vector<double> standard_errors{};
    std::vector<score_interval> bounds{};
    rank_result ranks{};
    std::vector<rating_parameter> parameters{};
};

/// \param clusters one code a game: errors are those of the cluster sandwich; empty: of the inverse information.
/// \throws argument_error as the functions it calls, and for Jeffreys' prior beside an order effect or a tie parameter.
inline rating_report rate_games(const game_list& games, const rating_options& options = {},
                                std::span<const std::uint32_t> clusters = {}) {
    const auto with_model = [&](const auto& model) {
        using model_type = std::remove_cvref_t<decltype(model)>;
        const pair_counts counts = count_games(games, model_type::has_order ? sides::kept : sides::merged);
        rating_report report;
        if constexpr (std::same_as<typename model_type::prior_type, jeffreys_prior>)
            report.fit = fit_ratings(counts, model, firth{});
        else
            report.fit = fit_ratings(counts, model);
        if (!report.fit.converged()) return report;
        const rating_covariance covariance = clusters.empty() ? inverse_information(counts, model, report.fit)
                                                              : sandwich_covariance(games, model, report.fit, clusters);
        for (std::size_t i = 0; i < games.items; ++i) report.standard_errors.push_back(covariance.standard_error(i));
        report.bounds = score_intervals(report.fit, covariance, options.confidence);
        report.ranks = rank_items(report.fit, covariance, {.confidence = options.confidence, .seed = options.seed});
        if constexpr (model_type::has_order)
            report.parameters.push_back({"order", report.fit.order, covariance.standard_error(games.items)});
        if constexpr (model_type::has_tie_parameter) {
            // the solver's parameter is the logarithm of the reported one, for the logit link
            const double value = report.fit.tie_parameter,
                         error = covariance.standard_error(games.items + model_type::extras - 1);
            report.parameters.push_back({std::string(model_type::ties_type::parameter_name), value, value * error});
        }
        return report;
    };
    return std::visit(
        [&]<class Ties, class Prior>(const Ties& ties, const Prior& prior) {
            if constexpr (std::same_as<Prior, jeffreys_prior>) {
                require(!options.order && !Ties::has_parameter,
                        "Jeffreys' prior is offered without order effect, ties counted as half wins or dropped");
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
