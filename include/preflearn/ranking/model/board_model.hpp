/// \file
/// The one likelihood of the Bradley-Terry family, put together at compile time from a link, a tie rule, an order
/// effect and a prior:   Σ_cells log P(outcomes | θ_left − θ_right + δ, τ) + log prior(θ).   Parameters are laid out as
/// θ_0 … θ_{n−1}, then δ and τ where the model has them. A board's value, gradient and curvature are sums over cells,
/// taken in blocks that depend on the board alone.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/system/parallel.hpp>
#include <preflearn/ranking/board/counts.hpp>
#include <preflearn/ranking/model/game_layout.hpp>
#include <preflearn/ranking/model/link.hpp>
#include <preflearn/ranking/model/prior.hpp>
#include <preflearn/ranking/model/ties.hpp>
#include <preflearn/ranking/model/vectors.hpp>

namespace preflearn {

/// The side of an item means nothing.
struct no_order {
    static constexpr bool has_parameter = false;
};

/// The left side (shown first, at home) has an advantage δ in logits, the same for all (Davidson & Beaver 1977).
struct order_effect {
    static constexpr bool has_parameter = true;
};

/// `bradley_terry_model{.ties = davidson_rule{}, .order = order_effect{}}`: what is not named is plain Bradley-Terry,
/// ties counted as half wins, fitted by maximum likelihood.
template <class Link = logit_choice, class Ties = half_win_rule, class Order = no_order, class Prior = no_prior>
struct bradley_terry_model {
    [[no_unique_address]] Link link{};
    [[no_unique_address]] Ties ties{};
    [[no_unique_address]] Order order{};
    Prior prior{};

    static_assert(std::same_as<Link, logit_choice> || !std::same_as<Ties, davidson_rule>,
                  "Davidson's tie model is defined with the logit link");
    static_assert((std::same_as<Link, logit_choice> && !Ties::has_parameter && !Order::has_parameter) ||
                      !std::same_as<Prior, jeffreys_prior>,
                  "Jeffreys' prior is offered for the logit link without tie parameter and order effect");

    using link_type = Link;
    using ties_type = Ties;
    using prior_type = Prior;
    static constexpr bool has_order = Order::has_parameter;
    static constexpr bool has_tie_parameter = Ties::has_parameter;
    static constexpr std::size_t extras = std::size_t{has_order} + std::size_t{has_tie_parameter};
    /// Logistic regression with two outcomes, which has a vector kernel and every solver.
    static constexpr bool two_outcome_logit = std::same_as<Link, logit_choice> && !has_tie_parameter;

    /// Parameters of a board of n items.
    [[nodiscard]] static constexpr std::size_t size(std::size_t items) { return items + extras; }
};

/// Whether the model allows these parameters.
template <class Model> bool allows_parameters(const Model& model, const Eigen::VectorXd& parameters) {
    if constexpr (Model::has_tie_parameter) return model.ties.allows(parameters[parameters.size() - 1]);
    return true;
}

/// What Newton's method needs at a point: the gradient and, for each cell, minus the Hessian in (x, τ); `prior` is the
/// prior's on the diagonal.
struct board_point {
    game_layout layout;
    Eigen::VectorXd gradient;
    /// The cells' items, copied once: products with the information matrix read nothing else of a cell.
    std::vector<std::pair<item_id, item_id>> sides_of;
    std::vector<double> xx, xt, tt;
    Eigen::VectorXd prior;
    /// Of the information matrix, the prior included.
    Eigen::VectorXd diagonal;
};

/// Logistic regression over a run of cells, a few hundred at a time so that exp is vector code.
template <class Ties>
void two_outcome_block(const pair_counts& counts, const Ties& ties, const game_layout& layout,
                       const Eigen::VectorXd& parameters, std::size_t begin, std::size_t end, double* gradient,
                       double* diagonal, double* curvature) {
    constexpr std::size_t most = 256;
    const double delta = order_of_parameters(layout, parameters);
    Eigen::Array<double, most, 1> x, tail;
    double left[most], right[most], slope[most];
    double order_slope = 0, order_curvature = 0;
    for (std::size_t from = begin; from < end; from += most) {
        const std::size_t count = std::min(most, end - from);
        const pair_cell* cells = counts.cells.data() + from;
        for (std::size_t k = 0; k < count; ++k) {
            x[as_index(k)] = parameters[cells[k].left] - parameters[cells[k].right] + delta;
            left[k] = ties.left_part(cells[k]);
            right[k] = ties.right_part(cells[k]);
        }
        tail.head(as_index(count)) = (-x.head(as_index(count)).abs()).exp();
        double* const bend = curvature + from;
        for (std::size_t k = 0; k < count; ++k) {
            const double likelier = 1 / (1 + tail[as_index(k)]), other = tail[as_index(k)] * likelier;
            const double p = x[as_index(k)] >= 0 ? likelier : other, q = x[as_index(k)] >= 0 ? other : likelier;
            slope[k] = left[k] * q - right[k] * p;
            bend[k] = (left[k] + right[k]) * likelier * other;
        }
        for (std::size_t k = 0; k < count;) { // cells of one left item follow each other
            const item_id row = cells[k].left;
            double row_slope = 0, row_curvature = 0;
            for (; k < count && cells[k].left == row; ++k) {
                row_slope += slope[k];
                row_curvature += bend[k];
                gradient[cells[k].right] -= slope[k];
                diagonal[cells[k].right] += bend[k];
            }
            gradient[row] += row_slope;
            diagonal[row] += row_curvature;
            order_slope += row_slope;
            order_curvature += row_curvature;
        }
    }
    if (layout.has_order()) {
        gradient[layout.order] += order_slope;
        diagonal[layout.order] += order_curvature;
    }
}

/// Gradient and curvature of the objective.
template <class Model>
void evaluate_board(const pair_counts& counts, const Model& model, const Eigen::VectorXd& parameters, board_point& at) {
    const game_layout layout = at.layout = layout_of_board(model, counts.items);
    const std::size_t n = layout.items, cells = counts.cells.size(), size = layout.size;
    if (at.sides_of.size() != cells) {
        at.sides_of.clear();
        at.sides_of.reserve(cells);
        for (const pair_cell& c : counts.cells) at.sides_of.emplace_back(c.left, c.right);
    }
    at.xx.resize(cells);
    if constexpr (Model::has_tie_parameter) {
        at.xt.resize(cells);
        at.tt.resize(cells);
    }
    const Eigen::VectorXd sums = sum_over_blocks(cells, 2 * size, [&](std::size_t begin, std::size_t end, double* sum) {
        double* const diagonal = sum + size;
        if constexpr (Model::two_outcome_logit) {
            two_outcome_block(counts, model.ties, layout, parameters, begin, end, sum, diagonal, at.xx.data());
        } else {
            const double delta = order_of_parameters(layout, parameters), tau = tie_of_parameters(layout, parameters);
            for (std::size_t k = begin; k < end; ++k) {
                const pair_cell& c = counts.cells[k];
                const double x = parameters[c.left] - parameters[c.right] + delta;
                const outcome_terms t = model.ties.terms(model.link, c, x, tau);
                sum[c.left] += t.slope_x;
                sum[c.right] -= t.slope_x;
                diagonal[c.left] += t.curvature_xx;
                diagonal[c.right] += t.curvature_xx;
                at.xx[k] = t.curvature_xx;
                if (layout.has_order()) {
                    sum[layout.order] += t.slope_x;
                    diagonal[layout.order] += t.curvature_xx;
                }
                if constexpr (Model::has_tie_parameter) {
                    sum[size - 1] += t.slope_t;
                    diagonal[size - 1] += t.curvature_tt;
                    at.xt[k] = t.curvature_xt;
                    at.tt[k] = t.curvature_tt;
                }
            }
        }
    });
    at.gradient = Eigen::Map<const Eigen::VectorXd>(sums.data(), as_index(size));
    at.diagonal = Eigen::Map<const Eigen::VectorXd>(sums.data() + size, as_index(size));
    // A common shift of θ changes no game, so what the sums leave there is rounding, which a weak prior would amplify.
    centre_first(at.gradient, as_index(n));
    at.prior = Eigen::VectorXd::Zero(as_index(size));
    for (std::size_t i = 0; i < n; ++i) {
        const prior_terms p = model.prior.terms(parameters[as_index(i)]);
        at.gradient[as_index(i)] += p.slope;
        at.prior[as_index(i)] = p.curvature;
    }
    add_times(at.diagonal, 1, at.prior);
}

/// The information matrix times a vector.
template <bool HasTieParameter>
Eigen::VectorXd information_times(const pair_counts& counts, const board_point& at, const Eigen::VectorXd& z) {
    const game_layout& layout = at.layout;
    const double z_order = order_of_parameters(layout, z), z_tie = tie_of_parameters(layout, z);
    Eigen::VectorXd y =
        sum_over_blocks(counts.cells.size(), layout.size, [&](std::size_t begin, std::size_t end, double* sum) {
            double order_sum = 0, tie_sum = 0;
            for (std::size_t k = begin; k < end;) { // cells of one left item follow each other
                const item_id left = at.sides_of[k].first;
                const double here = z[left] + z_order;
                double row = 0;
                for (; k < end && at.sides_of[k].first == left; ++k) {
                    const item_id right = at.sides_of[k].second;
                    const double x = here - z[right];
                    double t = at.xx[k] * x;
                    if constexpr (HasTieParameter) {
                        t += at.xt[k] * z_tie;
                        tie_sum += at.xt[k] * x + at.tt[k] * z_tie;
                    }
                    row += t;
                    sum[right] -= t;
                }
                sum[left] += row;
                order_sum += row;
            }
            if (layout.has_order()) sum[layout.order] += order_sum;
            if constexpr (HasTieParameter) sum[layout.ties] += tie_sum;
        });
    for (Eigen::Index i = 0; i < y.size(); ++i) y[i] += at.prior[i] * z[i];
    return y;
}

/// The information matrix without its entries, for solvers and probes.
class board_information {
  public:
    board_information(const pair_counts& counts, const board_point& at)
        : counts_(counts), at_(at),
          level_free_(std::none_of(at.prior.begin(), at.prior.end(), [](double x) { return x > 0; })) {}
    /// Whether no prior fixes the level of θ.
    [[nodiscard]] bool level_is_free() const { return level_free_; }
    [[nodiscard]] Eigen::Index items() const { return as_index(counts_.items); }
    [[nodiscard]] const Eigen::VectorXd& diagonal() const { return at_.diagonal; }
    [[nodiscard]] Eigen::VectorXd times(const Eigen::VectorXd& v) const {
        return at_.layout.has_tie_parameter() ? information_times<true>(counts_, at_, v)
                                              : information_times<false>(counts_, at_, v);
    }
    /// Where the prior does not fix the level of θ, its mean is taken away.
    void centre(Eigen::VectorXd& v) const {
        if (level_free_) centre_first(v, items());
    }

  private:
    const pair_counts& counts_;
    const board_point& at_;
    bool level_free_;
};

/// The information matrix, dense.
inline Eigen::MatrixXd dense_information(const pair_counts& counts, const board_point& at) {
    const Eigen::Index order = as_index(at.layout.order), tie = as_index(at.layout.ties);
    Eigen::MatrixXd h = Eigen::MatrixXd::Zero(at.prior.size(), at.prior.size());
    for (Eigen::Index i = 0; i < at.prior.size(); ++i) h(i, i) = at.prior[i];
    for (std::size_t k = 0; k < counts.cells.size(); ++k) {
        const auto l = as_index(counts.cells[k].left), r = as_index(counts.cells[k].right);
        const double v = at.xx[k];
        h(l, l) += v;
        h(r, r) += v;
        h(l, r) -= v;
        h(r, l) -= v;
        if (at.layout.has_order()) {
            h(order, order) += v;
            h(order, l) += v;
            h(order, r) -= v;
        }
        if (at.layout.has_tie_parameter()) {
            h(tie, tie) += at.tt[k];
            h(tie, l) += at.xt[k];
            h(tie, r) -= at.xt[k];
            if (at.layout.has_order()) h(tie, order) += at.xt[k];
        }
    }
    for (Eigen::Index c = 0; c < h.cols(); ++c)
        for (Eigen::Index r = 0; r < c; ++r) h(r, c) = h(c, r);
    return h;
}

/// Each parameter's weight of games, the scale on which its gradient is judged. An item of few games, or of none, is
/// judged on a small part of the busiest one's: more digits than that the sums do not have.
inline Eigen::VectorXd games_of_parameters(const pair_counts& counts, Eigen::Index size) {
    Eigen::VectorXd games = Eigen::VectorXd::Zero(size);
    for (const pair_cell& c : counts.cells) {
        games[c.left] += c.games();
        games[c.right] += c.games();
        for (Eigen::Index e = as_index(counts.items); e < size; ++e) games[e] += c.games();
    }
    double most = 0;
    for (const double g : games) most = std::max(most, g);
    for (double& g : games) g = std::max(g, std::max(1e-300, 1e-4 * most));
    return games;
}

/// The log-likelihood without the prior's part, and without binomial coefficients.
template <class Model>
double log_likelihood(const pair_counts& counts, const Model& model, std::span<const double> parameters) {
    const Eigen::VectorXd p = Eigen::Map<const Eigen::VectorXd>(parameters.data(), as_index(parameters.size()));
    const game_layout layout = layout_of_board(model, counts.items);
    const double delta = order_of_parameters(layout, p), tau = tie_of_parameters(layout, p);
    return sum_over_blocks(counts.cells.size(), 1, [&](std::size_t begin, std::size_t end, double* sum) {
        if constexpr (Model::two_outcome_logit) {
            constexpr std::size_t most = 512; // so that exp and log are vector code
            Eigen::Array<double, most, 1> x, softplus_of_minus;
            for (std::size_t from = begin; from < end; from += most) {
                const std::size_t count = std::min(most, end - from);
                const pair_cell* cells = counts.cells.data() + from;
                for (std::size_t k = 0; k < count; ++k) x[as_index(k)] = p[cells[k].left] - p[cells[k].right] + delta;
                const auto part = x.head(as_index(count));
                softplus_of_minus.head(part.size()) = (-part).cwiseMax(0.0) + (1 + (-part.abs()).exp()).log();
                for (std::size_t k = 0; k < count; ++k) {
                    const double left = model.ties.left_part(cells[k]);
                    const double right = model.ties.right_part(cells[k]);
                    // log(1 + e^x) = log(1 + e^−x) + x
                    *sum -= (left + right) * softplus_of_minus[as_index(k)] + right * x[as_index(k)];
                }
            }
            return;
        }
        for (std::size_t k = begin; k < end; ++k) {
            const pair_cell& c = counts.cells[k];
            const double x = p[c.left] - p[c.right] + delta;
            *sum += model.ties.terms(model.link, c, x, tau).value;
        }
    })(0);
}

} // namespace preflearn
