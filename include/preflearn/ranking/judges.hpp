/// \file
/// Judges of different worth inside the rating model. `judge_reliability` is Crowd Bradley-Terry (Chen et al. 2013):
/// judge k says what the items deserve with probability η_k and the opposite otherwise, P(i ≻ j) = η_k σ(d) + (1 − η_k)
/// σ(−d). `judge_discrimination` scales the difference, P(i ≻ j) = σ(a_k d) with Π_k a_k = 1: careless judges are
/// nearer to ½. A tie is half a win for both sides. Not concave: started where all judges are good.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/error.hpp>
#include <preflearn/core/log_space.hpp>
#include <preflearn/ranking/fit.hpp>
#include <preflearn/ranking/games.hpp>
#include <preflearn/ranking/lbfgs.hpp>
#include <preflearn/ranking/prior.hpp>

namespace preflearn {

/// log P(the left side wins) and its derivatives with respect to d and to the judge's parameter u.
struct judged_terms {
    double value, slope_d, slope_u;
};

/// η = σ(u). The Beta prior on η keeps a judge of few games from certainty.
struct judge_reliability {
    static constexpr bool gauge_free = false;
    /// Right and wrong answers that every judge is taken to have given already.
    double right_answers = 9, wrong_answers = 1;

    [[nodiscard]] double start() const { return std::log(right_answers / wrong_answers); }
    [[nodiscard]] static double natural(double u) { return sigmoid(u); }
    [[nodiscard]] static judged_terms log_win(double d, double u) {
        const double p = sigmoid(d), q = sigmoid(-d), eta = sigmoid(u), other = sigmoid(-u);
        const double mix = eta * p + other * q;
        return {std::log(mix), (eta - other) * p * q / mix, eta * other * (p - q) / mix};
    }
    [[nodiscard]] prior_terms prior(double u) const {
        return {right_answers * log_sigmoid(u) + wrong_answers * log_sigmoid(-u),
                right_answers * sigmoid(-u) - wrong_answers * sigmoid(u)};
    }
    void check() const {
        require(right_answers > 0 && wrong_answers > 0 && std::isfinite(right_answers) && std::isfinite(wrong_answers),
                "a judge's prior of ", right_answers, " right and ", wrong_answers, " wrong answers; both above 0");
    }
};

/// a = e^u, Σ u = 0. A Gaussian on u of this variance keeps judges of few games near the others.
struct judge_discrimination {
    static constexpr bool gauge_free = true;
    double log_variance = 1;

    [[nodiscard]] static double start() { return 0; }
    [[nodiscard]] static double natural(double u) { return std::exp(u); }
    [[nodiscard]] static judged_terms log_win(double d, double u) {
        const double a = std::exp(u), slope = sigmoid(-a * d);
        return {log_sigmoid(a * d), a * slope, a * d * slope};
    }
    [[nodiscard]] prior_terms prior(double u) const { return {-u * u / (2 * log_variance), -u / log_variance}; }
    void check() const {
        require(log_variance > 0 && std::isfinite(log_variance), "a judges' variance of ", log_variance,
                "; a finite number above 0 was expected");
    }
};

struct judged_fit {
    fit_status status = fit_status::no_data;
    std::string reason{};
    /// Empty unless converged: θ in natural logits, mean zero.
    std::vector<double> scores{};
    /// Empty unless converged: η or a, by judge.
    std::vector<double> judges{};
    double log_likelihood = std::numeric_limits<double>::quiet_NaN();
    /// Of the objective, in games.
    double gradient_norm = std::numeric_limits<double>::quiet_NaN();
    std::size_t iterations = 0;

    [[nodiscard]] bool converged() const { return status == fit_status::converged; }
};

/// The objective of `fit_judges`, log-likelihood and log-priors, with its gradient in (θ, u).
template <class Judges>
double judged_objective(const game_list& games, std::span<const std::uint32_t> judge_of, const Judges& judges,
                        const gaussian_prior& prior, const Eigen::VectorXd& parameters, Eigen::VectorXd& gradient,
                        double* log_likelihood_alone = nullptr) {
    const Eigen::Index n = detail::index(games.items);
    gradient.setZero(parameters.size());
    double value = 0;
    for (std::size_t g = 0; g < games.size(); ++g) {
        const Eigen::Index l = games.left[g], r = games.right[g], k = n + judge_of[g];
        const double d = parameters[l] - parameters[r], u = parameters[k];
        const auto add = [&](double w, double sign) {
            const judged_terms t = judges.log_win(sign * d, u);
            value += w * t.value;
            gradient[l] += w * sign * t.slope_d;
            gradient[r] -= w * sign * t.slope_d;
            gradient[k] += w * t.slope_u;
        };
        const double w = games.weight(g);
        if (games.results[g] != game_result::right) add(games.results[g] == game_result::tie ? w / 2 : w, 1);
        if (games.results[g] != game_result::left) add(games.results[g] == game_result::tie ? w / 2 : w, -1);
    }
    if (log_likelihood_alone != nullptr) *log_likelihood_alone = value;
    for (Eigen::Index i = 0; i < parameters.size(); ++i) {
        const prior_terms p = i < n ? prior.terms(parameters[i]) : judges.prior(parameters[i]);
        value += p.value;
        gradient[i] += p.slope;
    }
    return value;
}

/// Scores of items and worths of judges together, the mode under a Gaussian on θ.
/// \param judge_of one judge a game, numbered from 0. \throws argument_error when columns differ in length, items are
/// unknown or play themselves, or a prior's numbers are out of range.
template <class Judges>
judged_fit fit_judges(const game_list& games, std::span<const std::uint32_t> judge_of, const Judges& judges = {},
                      const gaussian_prior& prior = {}, const lbfgs_options& options = {}) {
    require(judge_of.size() == games.size(), games.size(), " games and ", judge_of.size(), " judges of them");
    judges.check();
    prior.check();
    const pair_counts checked = count_games(games);
    judged_fit fit;
    if (checked.cells.empty()) {
        fit.reason = "there are no games";
        return fit;
    }
    const Eigen::Index n = detail::index(games.items);
    const Eigen::Index count = detail::index(std::size_t{*std::ranges::max_element(judge_of)} + 1);
    const double scale = checked.games();
    Eigen::VectorXd start = Eigen::VectorXd::Constant(n + count, judges.start());
    start.head(n).setZero();
    // Equal items are a saddle where the judges' parameters say nothing; plain Bradley-Terry is a start on the right
    // side.
    const rating_fit plain = fit_ratings(checked, bradley_terry_model{.prior = prior});
    if (plain.converged()) start.head(n) = Eigen::Map<const Eigen::VectorXd>(plain.scores.data(), n);
    const auto centred = [&](Eigen::VectorXd v) {
        if (Judges::gauge_free) v.tail(count).array() -= v.tail(count).mean();
        return v;
    };
    lbfgs_result found = minimise(
        [&](const Eigen::VectorXd& p, Eigen::VectorXd& gradient) {
            const double value = judged_objective(games, judge_of, judges, prior, centred(p), gradient);
            gradient = centred(gradient) / -scale;
            return -value / scale;
        },
        std::move(start), options);
    fit.iterations = found.iterations;
    fit.gradient_norm = found.gradient_norm * scale;
    if (!found.converged) {
        fit.status = fit_status::not_converged;
        fit.reason = message("after ", found.iterations, " iterations the gradient is ", fit.gradient_norm, " games");
        return fit;
    }
    fit.status = fit_status::converged;
    const Eigen::VectorXd p = centred(found.parameters);
    Eigen::VectorXd ignored;
    judged_objective(games, judge_of, judges, prior, p, ignored, &fit.log_likelihood);
    const double mean = p.head(n).mean();
    for (Eigen::Index i = 0; i < n; ++i) fit.scores.push_back(p[i] - mean);
    for (Eigen::Index k = 0; k < count; ++k) fit.judges.push_back(judges.natural(p[n + k]));
    return fit;
}

} // namespace preflearn
