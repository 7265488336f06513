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
#include <vector>

#include <Eigen/Core>

#include <preflearn/core/parallel.hpp>
#include <preflearn/ranking/link.hpp>
#include <preflearn/ranking/pair_counts.hpp>
#include <preflearn/ranking/prior.hpp>
#include <preflearn/ranking/ties.hpp>

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

namespace detail {

inline Eigen::Index index(std::size_t i) { return static_cast<Eigen::Index>(i); }

/// What Newton's method needs at a point: the gradient and, for each cell, minus the Hessian in (x, τ); `prior` is the
/// prior's on the diagonal. `games` is each parameter's share of the data, the scale of its gradient.
struct local_model {
    Eigen::VectorXd gradient;
    std::vector<double> xx, xt, tt;
    Eigen::VectorXd prior;
};

/// Sums `body(begin, end, sum)` over blocks of cells into a vector; blocks and order depend on the cells alone.
template <class Body> Eigen::VectorXd sum_over_cells(std::size_t cells, std::size_t size, const Body& body) {
    const std::size_t blocks = std::clamp<std::size_t>(cells / 8192, 1, 16);
    Eigen::MatrixXd partial = Eigen::MatrixXd::Zero(index(size), index(blocks));
    parallel_for(blocks,
                 [&](std::size_t b) { body(b * cells / blocks, (b + 1) * cells / blocks, partial.data() + b * size); });
    for (Eigen::Index b = 1; b < partial.cols(); ++b) partial.col(0) += partial.col(b);
    return partial.col(0);
}

template <class Model> double order_of_parameters(const Model&, const Eigen::VectorXd& parameters, std::size_t items) {
    return Model::has_order ? parameters(index(items)) : 0;
}
template <class Model> double tie_of_parameters(const Model&, const Eigen::VectorXd& parameters) {
    return Model::has_tie_parameter ? parameters(parameters.size() - 1) : 0;
}

/// Logistic regression over a run of cells, a few hundred at a time so that exp is vector code.
template <class Model>
void two_outcome_block(const pair_counts& counts, const Eigen::VectorXd& parameters, std::size_t begin, std::size_t end,
                       double* gradient, double* curvature) {
    constexpr std::size_t most = 512;
    const double delta = order_of_parameters(Model{}, parameters, counts.items);
    Eigen::Array<double, most, 1> x, e;
    double order_sum = 0;
    for (std::size_t from = begin; from < end; from += most) {
        const std::size_t count = std::min(most, end - from);
        const pair_cell* cells = counts.cells.data() + from;
        for (std::size_t k = 0; k < count; ++k)
            x[index(k)] = parameters[cells[k].left] - parameters[cells[k].right] + delta;
        e.head(index(count)) = (-x.head(index(count)).abs()).exp();
        for (std::size_t k = 0; k < count; ++k) {
            const double inverse = 1 / (1 + e[index(k)]), tail = e[index(k)] * inverse;
            const double left = Model::ties_type::left_part(cells[k]), right = Model::ties_type::right_part(cells[k]);
            const bool ahead = x[index(k)] >= 0;
            const double slope = left * (ahead ? tail : inverse) - right * (ahead ? inverse : tail);
            gradient[cells[k].left] += slope;
            gradient[cells[k].right] -= slope;
            order_sum += slope;
            if (curvature) curvature[from + k] = (left + right) * inverse * tail;
        }
    }
    if constexpr (Model::has_order) gradient[counts.items] += order_sum;
}

/// The gradient, and with `curvatures` the rest of the local model too.
template <class Model>
void evaluate(const pair_counts& counts, const Model& model, const Eigen::VectorXd& parameters, local_model& at,
              bool curvatures = true) {
    const std::size_t n = counts.items, cells = counts.cells.size();
    if (curvatures) {
        at.xx.resize(cells);
        if constexpr (Model::has_tie_parameter) {
            at.xt.resize(cells);
            at.tt.resize(cells);
        }
    }
    at.gradient = sum_over_cells(cells, Model::size(n), [&](std::size_t begin, std::size_t end, double* sum) {
        if constexpr (Model::two_outcome_logit) {
            two_outcome_block<Model>(counts, parameters, begin, end, sum, curvatures ? at.xx.data() : nullptr);
        } else {
            const double delta = order_of_parameters(model, parameters, n), tau = tie_of_parameters(model, parameters);
            for (std::size_t k = begin; k < end; ++k) {
                const pair_cell& c = counts.cells[k];
                const double x = parameters[c.left] - parameters[c.right] + delta;
                const outcome_terms t = model.ties.terms(model.link, c, x, tau);
                sum[c.left] += t.slope_x;
                sum[c.right] -= t.slope_x;
                if constexpr (Model::has_order) sum[n] += t.slope_x;
                if constexpr (Model::has_tie_parameter) sum[Model::size(n) - 1] += t.slope_t;
                if (!curvatures) continue;
                at.xx[k] = t.curvature_xx;
                if constexpr (Model::has_tie_parameter) {
                    at.xt[k] = t.curvature_xt;
                    at.tt[k] = t.curvature_tt;
                }
            }
        }
    });
    at.prior = Eigen::VectorXd::Zero(index(Model::size(n)));
    for (std::size_t i = 0; i < n; ++i) {
        const prior_terms p = model.prior.terms(parameters[index(i)]);
        at.gradient[index(i)] += p.slope;
        at.prior[index(i)] = p.curvature;
    }
}

/// The information matrix times a vector.
template <class Model>
Eigen::VectorXd information_times(const pair_counts& counts, const local_model& at, const Eigen::VectorXd& z) {
    const std::size_t n = counts.items;
    const double z_order = order_of_parameters(Model{}, z, n), z_tie = tie_of_parameters(Model{}, z);
    Eigen::VectorXd y =
        sum_over_cells(counts.cells.size(), Model::size(n), [&](std::size_t begin, std::size_t end, double* sum) {
            for (std::size_t k = begin; k < end; ++k) {
                const pair_cell& c = counts.cells[k];
                const double x = z[c.left] - z[c.right] + z_order;
                double t = at.xx[k] * x;
                if constexpr (Model::has_tie_parameter) {
                    t += at.xt[k] * z_tie;
                    sum[Model::size(n) - 1] += at.xt[k] * x + at.tt[k] * z_tie;
                }
                sum[c.left] += t;
                sum[c.right] -= t;
                if constexpr (Model::has_order) sum[n] += t;
            }
        });
    y.array() += at.prior.array() * z.array();
    return y;
}

/// The information matrix, dense.
template <class Model> Eigen::MatrixXd information(const pair_counts& counts, const local_model& at) {
    const Eigen::Index size = index(Model::size(counts.items)), order = index(counts.items), tie = size - 1;
    Eigen::MatrixXd h = at.prior.asDiagonal();
    for (std::size_t k = 0; k < counts.cells.size(); ++k) {
        const auto l = index(counts.cells[k].left), r = index(counts.cells[k].right);
        const double v = at.xx[k];
        h(l, l) += v;
        h(r, r) += v;
        h(l, r) -= v;
        h(r, l) -= v;
        if constexpr (Model::has_order) {
            h(order, order) += v;
            h(order, l) += v;
            h(order, r) -= v;
        }
        if constexpr (Model::has_tie_parameter) {
            h(tie, tie) += at.tt[k];
            h(tie, l) += at.xt[k];
            h(tie, r) -= at.xt[k];
            if constexpr (Model::has_order) h(tie, order) += at.xt[k];
        }
    }
    h = Eigen::MatrixXd(h.selfadjointView<Eigen::Lower>());
    return h;
}

/// The diagonal of the information matrix.
template <class Model> Eigen::VectorXd information_diagonal(const pair_counts& counts, const local_model& at) {
    const std::size_t n = counts.items;
    return at.prior +
           sum_over_cells(counts.cells.size(), Model::size(n), [&](std::size_t begin, std::size_t end, double* sum) {
               for (std::size_t k = begin; k < end; ++k) {
                   sum[counts.cells[k].left] += at.xx[k];
                   sum[counts.cells[k].right] += at.xx[k];
                   if constexpr (Model::has_order) sum[n] += at.xx[k];
                   if constexpr (Model::has_tie_parameter) sum[Model::size(n) - 1] += at.tt[k];
               }
           });
}

/// Each parameter's weight of games, the scale on which its gradient is judged.
template <class Model> Eigen::VectorXd games_of_parameters(const pair_counts& counts) {
    Eigen::VectorXd games = Eigen::VectorXd::Zero(index(Model::size(counts.items)));
    for (const pair_cell& c : counts.cells) {
        games[c.left] += c.games();
        games[c.right] += c.games();
        for (std::size_t e = 0; e < Model::extras; ++e) games[index(counts.items + e)] += c.games();
    }
    return games.cwiseMax(1e-300);
}

} // namespace detail

/// The log-likelihood without the prior's part, and without binomial coefficients.
template <class Model>
double log_likelihood(const pair_counts& counts, const Model& model, std::span<const double> parameters) {
    const Eigen::VectorXd p = Eigen::Map<const Eigen::VectorXd>(parameters.data(), detail::index(parameters.size()));
    const double delta = detail::order_of_parameters(model, p, counts.items), tau = detail::tie_of_parameters(model, p);
    return detail::sum_over_cells(counts.cells.size(), 1, [&](std::size_t begin, std::size_t end, double* sum) {
        for (std::size_t k = begin; k < end; ++k) {
            const pair_cell& c = counts.cells[k];
            const double x = p[c.left] - p[c.right] + delta;
            if constexpr (Model::two_outcome_logit)
                *sum -= Model::ties_type::left_part(c) * softplus(-x) + Model::ties_type::right_part(c) * softplus(x);
            else
                *sum += model.ties.terms(model.link, c, x, tau).value;
        }
    })(0);
}

} // namespace preflearn
