/// \file
/// Rankings instead of games: Plackett-Luce (Luce 1959; Plackett 1975), P(s) = Π_k π_{s_k} / Σ_{l >= k} π_{s_l}, over
/// full rankings, the first places of a ranking, or a single choice from a set. Rankings are not broken into pairs,
/// which are dependent. Two items a ranking is Bradley-Terry.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <preflearn/core/ragged.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/errors/covariance.hpp>
#include <preflearn/ranking/fit/fit_board.hpp>
#include <preflearn/ranking/model/prior.hpp>
#include <preflearn/ranking/solver/lbfgs.hpp>
#include <preflearn/ranking/solver/tree_climb.hpp>
#include <preflearn/ranking/solver/tree_system.hpp>

namespace preflearn {

/// Rankings of items 0 … items − 1, best first. Of each only the first `places` are in order; the rest of its set came
/// after them in an order that nobody saw.
class ranking_list {
  public:
    explicit ranking_list(std::size_t items) : items_(items), seen_(items) {}

    /// A full ranking. \throws argument_error naming an unknown item, one that occurs twice, or a bad weight.
    void add(std::span<const item_id> order, double weight = 1) { add_places(order, order.size(), weight); }
    /// The first `places` in order, then the others of the set. \throws argument_error as above.
    void add_places(std::span<const item_id> order, std::size_t places, double weight = 1) {
        require(places <= order.size(), "ranking ", size(), ": ", places, " places of ", order.size(), " items");
        require(weight >= 0 && std::isfinite(weight), "ranking ", size(), ": weight ", weight);
        ++call_;
        for (std::size_t k = 0; k < order.size(); ++k) {
            require(order[k] < items_, "ranking ", size(), ": item ", order[k], " is not among the ", items_, " items");
            require(seen_[order[k]] != call_, "ranking ", size(), ": item ", order[k], " occurs twice");
            seen_[order[k]] = call_;
        }
        orders_.push_back(order);
        places_.push_back(std::min(places, order.size() - (order.empty() ? 0 : 1))); // the last place is no choice
        weights_.push_back(weight);
    }
    /// One item chosen from a set. \throws argument_error as above, `others` without the chosen one.
    void add_choice(item_id chosen, std::span<const item_id> others, double weight = 1) {
        std::vector<item_id> order{chosen};
        order.insert(order.end(), others.begin(), others.end());
        add_places(order, 1, weight);
    }

    [[nodiscard]] std::size_t items() const { return items_; }
    [[nodiscard]] std::size_t size() const { return weights_.size(); }
    [[nodiscard]] std::span<const item_id> order(std::size_t r) const { return orders_[r]; }
    /// Choices that the ranking shows.
    [[nodiscard]] std::size_t places(std::size_t r) const { return places_[r]; }
    [[nodiscard]] double weight(std::size_t r) const { return weights_[r]; }

  private:
    std::size_t items_;
    std::size_t call_ = 0;
    std::vector<std::size_t> seen_; // the last call that named an item
    ragged<item_id> orders_;
    std::vector<std::size_t> places_;
    std::vector<double> weights_;
};

namespace detail {

/// The log-likelihood and its gradient; with a matrix also the information.
inline double plackett_luce(const ranking_list& rankings, const Eigen::VectorXd& theta, Eigen::VectorXd& gradient,
                            Eigen::MatrixXd* information = nullptr) {
    gradient.setZero(theta.size());
    if (information != nullptr) information->setZero(theta.size(), theta.size());
    double value = 0;
    std::vector<double> mass, share;
    for (std::size_t r = 0; r < rankings.size(); ++r) {
        const std::span<const item_id> order = rankings.order(r);
        const double w = rankings.weight(r);
        double high = -std::numeric_limits<double>::infinity();
        for (const item_id i : order) high = std::max(high, theta[i]);
        mass.assign(order.size() + 1, 0); // what is left at each place, summed from the end
        for (std::size_t k = order.size(); k-- > 0;) mass[k] = mass[k + 1] + std::exp(theta[order[k]] - high);
        double chosen_before = 0; // Σ 1 / mass over the places so far
        for (std::size_t k = 0; k < order.size(); ++k) {
            if (k < rankings.places(r)) {
                value += w * (theta[order[k]] - high - std::log(mass[k]));
                gradient[order[k]] += w;
                chosen_before += 1 / mass[k];
            }
            gradient[order[k]] -= w * chosen_before * std::exp(theta[order[k]] - high);
        }
        if (information == nullptr) continue;
        for (std::size_t k = 0; k < rankings.places(r); ++k) {
            share.clear();
            for (std::size_t l = k; l < order.size(); ++l) share.push_back(std::exp(theta[order[l]] - high) / mass[k]);
            for (std::size_t a = 0; a < share.size(); ++a) {
                (*information)(order[k + a], order[k + a]) += w * share[a];
                for (std::size_t b = 0; b < share.size(); ++b)
                    (*information)(order[k + a], order[k + b]) -= w * share[a] * share[b];
            }
        }
    }
    return value;
}

/// Who was placed before whom, as games; neighbours are enough, the order carries on.
inline pair_counts places_as_games(const ranking_list& rankings) {
    std::vector<item_id> better, worse;
    for (std::size_t r = 0; r < rankings.size(); ++r) {
        const std::span<const item_id> order = rankings.order(r);
        const std::size_t places = rankings.places(r);
        if (!(rankings.weight(r) > 0) || places == 0) continue;
        for (std::size_t k = 1; k < order.size(); ++k) {
            better.push_back(order[std::min(k, places) - 1]);
            worse.push_back(order[k]);
        }
    }
    const std::vector<game_result> won(better.size(), game_result::left);
    return count_games(rankings.items(), better, worse, won);
}

/// Whether rankings weigh so little beside others that L-BFGS, whose tolerance knows one scale, would overlook them:
/// they are climbed in tree coordinates, as `far_apart` boards.
inline bool rankings_far_apart(const ranking_list& rankings) {
    double least = std::numeric_limits<double>::infinity(), most = 0;
    for (std::size_t r = 0; r < rankings.size(); ++r) {
        most = std::max(most, rankings.weight(r));
        if (rankings.weight(r) > 0) least = std::min(least, rankings.weight(r));
    }
    return rankings.items() <= most_tree_items && least < 1e-4 * most;
}

/// A choice from a set, as rows of pairs: its gradient is Σ_j p_j (e_chosen − e_j), its information Σ_{i<j} p_i p_j
/// (e_i − e_j)(e_i − e_j)'.
template <class Prior>
likelihood_rows rows_of_rankings(const ranking_list& rankings, const Prior& prior, const game_layout& layout) {
    return [&rankings, prior, layout](const Eigen::VectorXd& theta,
                                      const std::function<void(const likelihood_row&)>& visit) {
        std::vector<double> share;
        for (std::size_t r = 0; r < rankings.size(); ++r) {
            for (std::size_t k = 0; k < rankings.places(r); ++k) {
                const std::span<const item_id> set = rankings.order(r).subspan(k);
                double high = -std::numeric_limits<double>::infinity(), mass = 0;
                for (const item_id i : set) high = std::max(high, theta[i]);
                share.clear();
                for (const item_id i : set) share.push_back(std::exp(theta[i] - high));
                for (const double s : share) mass += s;
                for (std::size_t a = 0; a < set.size(); ++a) {
                    for (std::size_t b = a + 1; b < set.size(); ++b) {
                        const double w = rankings.weight(r) * share[b] / mass;
                        likelihood_row row{set[a], set[b], {}, Eigen::Vector3d::Zero(), Eigen::Matrix3d::Zero()};
                        row.slope[0] = a == 0 ? w : 0;
                        row.curvature(0, 0) = w * share[a] / mass;
                        visit(row);
                    }
                }
            }
        }
        visit_ghost_games([&](double t) { return prior.terms(t); }, layout, theta, visit);
    };
}

} // namespace detail

/// Fits strengths to rankings. The estimate exists exactly when the graph of who was ever placed before whom is
/// strongly connected (Hunter 2004), or under a Gaussian or pseudo-games prior; otherwise the result says why not.
/// \throws argument_error when the prior's numbers are out of range.
template <class Prior = no_prior>
rating_fit fit_rankings(const ranking_list& rankings, const Prior& prior = {}, const lbfgs_options& options = {}) {
    static_assert(!std::same_as<Prior, jeffreys_prior>, "Jeffreys' prior is not offered for rankings");
    prior.check();
    const pair_counts counts = detail::places_as_games(rankings);
    rating_fit fit;
    fit.prior = prior.describe();
    fit.graph = analyse_wins(counts);
    const game_layout layout = layout_of_board(bradley_terry_model{}, counts.items);
    if (!board_allows_fit(counts, prior.need, layout, fit)) return fit;

    lbfgs_result found{.parameters = Eigen::VectorXd::Zero(as_index(rankings.items()))};
    if (detail::rankings_far_apart(rankings)) {
        solver_result climbed = climb_in_tree(tree_climb{.layout = layout,
                                                         .rows = detail::rows_of_rankings(rankings, prior, layout),
                                                         .inside = [](const Eigen::VectorXd&) { return true; }},
                                              std::move(found.parameters));
        found = {.parameters = std::move(climbed.parameters),
                 .gradient_norm = climbed.gradient_norm,
                 .iterations = climbed.iterations,
                 .converged = climbed.end == solver_end::converged};
        fit.gradient_norm = found.gradient_norm;
    } else {
        double scale = 0;
        for (std::size_t r = 0; r < rankings.size(); ++r) scale += rankings.weight(r);
        const Eigen::Index n = as_index(rankings.items());
        found = minimise(
            [&](const Eigen::VectorXd& theta, Eigen::VectorXd& gradient) {
                double value = detail::plackett_luce(rankings, theta, gradient);
                for (Eigen::Index i = 0; i < n; ++i) {
                    const prior_terms p = prior.terms(theta[i]);
                    value += p.value;
                    gradient[i] += p.slope;
                }
                gradient /= -scale;
                return -value / scale;
            },
            Eigen::VectorXd::Zero(n), options);
        fit.gradient_norm = found.gradient_norm * scale;
    }
    fit.iterations = found.iterations;
    if (!found.converged) {
        fit.status = fit_status::not_converged;
        fit.reason = message("after ", found.iterations, " iterations the gradient is ", fit.gradient_norm, " choices");
        return fit;
    }
    fit.status = fit_status::converged;
    Eigen::VectorXd gradient;
    fit.log_likelihood = detail::plackett_luce(rankings, found.parameters, gradient);
    fit.parameters.assign(found.parameters.begin(), found.parameters.end());
    const double mean = found.parameters.mean();
    for (const double t : fit.parameters) fit.scores.push_back(t - mean);
    return fit;
}

/// The inverse information of a fit of rankings on the mean-zero scale. \throws numeric_error when there is no fit.
template <class Prior = no_prior>
rating_covariance inverse_information(const ranking_list& rankings, const rating_fit& fit, const Prior& prior = {}) {
    fit.check();
    const Eigen::Index n = as_index(rankings.items());
    require(fit.parameters.size() == rankings.items(), "a fit of ", fit.parameters.size(), " items for rankings of ",
            n);
    const Eigen::VectorXd theta = Eigen::Map<const Eigen::VectorXd>(fit.parameters.data(), n);
    if (detail::rankings_far_apart(rankings)) {
        const game_layout layout = layout_of_board(bradley_terry_model{}, rankings.items());
        auto [system, inverse] = inverse_in_tree(layout, detail::rows_of_rankings(rankings, prior, layout), theta);
        return covariance_of_scores(std::move(system), std::move(inverse));
    }
    Eigen::VectorXd gradient;
    Eigen::MatrixXd h;
    detail::plackett_luce(rankings, theta, gradient, &h);
    for (Eigen::Index i = 0; i < n; ++i) h(i, i) += prior.terms(theta[i]).curvature;
    return {rankings.items(), inverse_on_sum_zero(std::move(h), n, Prior::need == board_need::nothing)};
}

} // namespace preflearn
