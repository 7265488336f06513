/// \file
/// How sure the parameters of a game model are: as for boards by inverse information, probes or the sandwich.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/errors/covariance.hpp>
#include <preflearn/ranking/errors/probed_errors.hpp>
#include <preflearn/ranking/fit/fit_games.hpp>
#include <preflearn/ranking/model/game_information.hpp>
#include <preflearn/ranking/model/game_likelihood.hpp>
#include <preflearn/ranking/model/game_model.hpp>
#include <preflearn/ranking/solver/symmetric_factors.hpp>
#include <preflearn/ranking/solver/tree_system.hpp>

namespace preflearn {

/// Where a fit ended, once the columns are checked.
/// \throws numeric_error when it does not exist, argument_error when it is one of another model.
inline Eigen::VectorXd parameters_of_fit(const game_likelihood& likelihood, const game_fit& fit) {
    fit.rating.check();
    require(fit.rating.parameters.size() == likelihood.layout().size, "a fit of ", fit.rating.parameters.size(),
            " parameters does not belong to this model of ", likelihood.layout().size);
    return Eigen::Map<const Eigen::VectorXd>(fit.rating.parameters.data(), as_index(likelihood.layout().size));
}

/// A template only so that Eigen's factorisation is compiled where it is called.
template <std::same_as<game_likelihood> Likelihood>
Eigen::MatrixXd inverse_of_games(const Likelihood& likelihood, const Eigen::VectorXd& at) {
    const game_layout& layout = likelihood.layout();
    Eigen::MatrixXd h = objective_with_information(likelihood, at).information;
    Eigen::VectorXd unit(h.rows());
    for (Eigen::Index i = 0; i < h.rows(); ++i) unit[i] = 1 / std::sqrt(std::max(h(i, i), 1e-300));
    if (layout.judges_sum_zero) {
        const Eigen::Index first = as_index(layout.judges), count = as_index(layout.ties - layout.judges);
        double level = 0;
        for (Eigen::Index i = first; i < first + count; ++i) level += h(i, i);
        level /= static_cast<double>(count);
        for (Eigen::Index j = first; j < first + count; ++j)
            for (Eigen::Index i = first; i < first + count; ++i) h(i, j) += level;
    }
    if (layout.items > 0) {
        h = inverse_on_sum_zero(std::move(h), as_index(layout.items), likelihood.level_is_known());
    } else {
        scale_both_sides(h, unit);
        h = symmetric_factors<>(h).inverse();
        scale_both_sides(h, unit);
    }
    centre_judges_of(layout, h);
    return h;
}

namespace detail {

template <std::same_as<game_likelihood> Likelihood>
rating_covariance inverse_information_at(const Likelihood& likelihood, const Eigen::VectorXd& at) {
    const game_layout& layout = likelihood.layout();
    if (!games_far_apart(likelihood.games(), layout)) return {layout.items, inverse_of_games(likelihood, at)};
    auto [system, inverse] = inverse_in_tree(layout, likelihood.rows(), at);
    return covariance_of_scores(std::move(system), std::move(inverse));
}

template <std::same_as<game_likelihood> Likelihood>
probed_errors probe_errors_at(const Likelihood& likelihood, const Eigen::VectorXd& at, const probe_options& options) {
    require(likelihood.layout().items > 0, "probes are for boards of items, found a model of features alone");
    game_information information(likelihood);
    (void)objective_at(likelihood, at, &information);
    return probe_inverse(information, options);
}

template <std::same_as<game_likelihood> Likelihood>
rating_covariance sandwich_covariance_at(const Likelihood& likelihood, const Eigen::VectorXd& at,
                                         std::span<const std::uint32_t> clusters) {
    const game_list& games = likelihood.games();
    tree_system system{likelihood.layout(), {}};
    Eigen::MatrixXd bread;
    if (games_far_apart(games, likelihood.layout()))
        std::tie(system, bread) = inverse_in_tree(likelihood.layout(), likelihood.rows(), at);
    else
        bread = inverse_of_games(likelihood, at);
    Eigen::MatrixXd meat = squared_scores(games.size(), bread.rows(), clusters, [&](std::size_t g, const auto& add) {
        likelihood.each_game(
            at, g, g + 1, [&](std::size_t, std::span<const game_parameter> row, const judged_terms& t) {
                const auto each = [&](const game_parameter& p) { add(p.at, p.times * t.slope[p.through]); };
                if (system.tree)
                    system.each_coordinate({games.left[g], games.right[g], row.subspan(2), t.slope, t.curvature}, each);
                else
                    std::ranges::for_each(row, each);
            });
    });
    meat = sandwich_of(bread, meat);
    if (system.tree) return covariance_of_scores(std::move(system), std::move(meat));
    return {likelihood.layout().items, std::move(meat)};
}

} // namespace detail

/// The inverse of the observed information (the priors' included); scores have mean zero, and judges of discrimination
/// mean log a of zero. Rows and columns are laid out as the fit's parameters.
/// \throws numeric_error when the fit does not exist, argument_error when it is one of another model.
template <class Model>
rating_covariance inverse_information(const game_list& games, const game_details& details, const Model& model,
                                      const game_fit& fit) {
    check_details(games, details, model);
    const game_likelihood likelihood(games, details, model);
    return detail::inverse_information_at(likelihood, parameters_of_fit(likelihood, fit));
}

/// The errors of `inverse_information` without its matrix, as for boards; order effect, features, judges and tie
/// parameter have a solve each and no sampling error.
/// \throws numeric_error when the fit does not exist, argument_error when it is one of another model or without items,
/// or for fewer than two probes.
template <class Model>
probed_errors probe_errors(const game_list& games, const game_details& details, const Model& model, const game_fit& fit,
                           const probe_options& options = {}) {
    check_details(games, details, model);
    const game_likelihood likelihood(games, details, model);
    return detail::probe_errors_at(likelihood, parameters_of_fit(likelihood, fit), options);
}

/// The sandwich, as for boards: equal `clusters` are one, empty: every game is its own.
/// \throws numeric_error when the fit does not exist; argument_error when columns differ in length or there is only one
/// cluster.
template <class Model>
rating_covariance sandwich_covariance(const game_list& games, const game_details& details, const Model& model,
                                      const game_fit& fit, std::span<const std::uint32_t> clusters = {}) {
    check_details(games, details, model);
    const game_likelihood likelihood(games, details, model);
    return detail::sandwich_covariance_at(likelihood, parameters_of_fit(likelihood, fit), clusters);
}

} // namespace preflearn
