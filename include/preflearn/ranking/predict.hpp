/// \file
/// What a fit expects of a game that was perhaps never played: P(left wins), P(right wins) and P(tie), with intervals
/// by the delta method on the logit scale, where they stay inside (0, 1).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <Eigen/Core>

#include <preflearn/core/distribution.hpp>
#include <preflearn/core/error.hpp>
#include <preflearn/core/interval.hpp>
#include <preflearn/core/log_space.hpp>
#include <preflearn/ranking/covariance.hpp>

namespace preflearn {

struct predicted_probability {
    double value = 0;
    /// NaN where the model gives the outcome no probability (ties without a tie model).
    interval bounds{};
};

struct game_prediction {
    predicted_probability left, right, tie;
};

/// The game of `left` against `right`; with an order effect, `left` is shown first.
/// \throws numeric_error when the fit does not exist, argument_error for items that are unknown or the same.
template <class Model>
game_prediction predict_game(const Model& model, const rating_fit& fit, const rating_covariance& covariance,
                             std::size_t left, std::size_t right, double confidence = 0.95) {
    fit.check();
    const std::size_t n = fit.scores.size();
    require(left < n && right < n && left != right, "a game of items ", left, " and ", right, " of ", n);
    require(fit.parameters.size() == Model::size(n) && covariance.matrix.rows() == detail::index(Model::size(n)),
            "the fit and the covariance do not belong to this model");
    const double tau = Model::has_tie_parameter ? fit.parameters.back() : 0;
    const double x = fit.scores[left] - fit.scores[right] + (Model::has_order ? fit.order : 0);
    Eigen::VectorXd along = Eigen::VectorXd::Zero(covariance.matrix.rows()); // d x / d parameters
    along[detail::index(left)] = 1;
    along[detail::index(right)] = -1;
    if constexpr (Model::has_order) along[detail::index(n)] = 1;

    const double z = normal_critical(confidence);
    const outcome_probabilities p = model.ties.probabilities(model.link, x, tau);
    const auto predicted = [&](double probability, pair_cell outcome) {
        predicted_probability result{probability, {}};
        if (!(probability > 0)) return result;
        // d log p, from the likelihood of one such outcome; d logit p = d log p / (1 − p)
        const outcome_terms t = model.ties.terms(model.link, outcome, x, tau);
        Eigen::VectorXd slope = t.slope_x * along;
        if constexpr (Model::has_tie_parameter) slope[slope.size() - 1] = t.slope_t;
        const double error = std::sqrt(std::max(0.0, slope.dot(covariance.matrix * slope))) / (1 - probability);
        const double centre = logit(probability);
        result.bounds = {sigmoid(centre - z * error), sigmoid(centre + z * error)};
        return result;
    };
    const auto l = static_cast<item_id>(left), r = static_cast<item_id>(right);
    return {predicted(p.left, {l, r, 1, 0, 0}), predicted(p.right, {l, r, 0, 1, 0}), predicted(p.tie, {l, r, 0, 0, 1})};
}

} // namespace preflearn
