/// \file
/// What a tie says, as a model instead of a convention hidden in the data. A rule gives the log-likelihood of a cell's
/// outcomes as a function of x, the left side's advantage θ_i − θ_j (+ order effect), and of the tie parameter where it
/// has one. All are jointly concave in both.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <string_view>

#include <preflearn/ranking/board/counts.hpp>
#include <preflearn/ranking/board/win_graph.hpp>
#include <preflearn/ranking/model/link.hpp>

namespace preflearn {

/// A cell's log-likelihood with its gradient and minus its Hessian in (x, τ).
struct outcome_terms {
    double value = 0, slope_x = 0, slope_t = 0, curvature_xx = 0, curvature_xt = 0, curvature_tt = 0;
};

/// P(left wins), P(right wins), P(tie).
struct outcome_probabilities {
    double left, right, tie;
};

template <class Link> outcome_terms two_outcome_terms(double left, double right, double x) {
    outcome_terms t;
    if (left > 0) {
        const log_cdf_terms f = Link::log_cdf(x);
        t = {left * f.value, left * f.slope, 0, left * f.curvature};
    }
    if (right > 0) {
        const log_cdf_terms f = Link::log_cdf(-x);
        t.value += right * f.value;
        t.slope_x -= right * f.slope;
        t.curvature_xx += right * f.curvature;
    }
    return t;
}

/// A tie is half a win for both sides.
struct half_win_rule {
    static constexpr std::string_view name = "half";
    static constexpr bool has_parameter = false;
    static constexpr tie_edges edges = tie_edges::both_ways;
    static double left_part(const pair_cell& c) { return c.left_wins + c.ties / 2; }
    static double right_part(const pair_cell& c) { return c.right_wins + c.ties / 2; }
    template <class Link> static outcome_terms terms(const Link&, const pair_cell& c, double x, double) {
        return two_outcome_terms<Link>(left_part(c), right_part(c), x);
    }
    template <class Link> static outcome_probabilities probabilities(const Link&, double x, double) {
        return {Link::probability(x), Link::probability(-x), 0};
    }
};

/// Ties are left out, which can take a board apart.
struct drop_rule {
    static constexpr std::string_view name = "drop";
    static constexpr bool has_parameter = false;
    static constexpr tie_edges edges = tie_edges::none;
    static double left_part(const pair_cell& c) { return c.left_wins; }
    static double right_part(const pair_cell& c) { return c.right_wins; }
    template <class Link> static outcome_terms terms(const Link&, const pair_cell& c, double x, double) {
        return two_outcome_terms<Link>(c.left_wins, c.right_wins, x);
    }
    template <class Link> static outcome_probabilities probabilities(const Link&, double x, double) {
        return {Link::probability(x), Link::probability(-x), 0};
    }
};

/// A tie is a difference too small to see: P(i ≻ j) = F(x − τ), P(tie) = F(x + τ) − F(x − τ), τ >= 0. With the logit
/// link Rao & Kupper (1967), whose parameter is t = e^τ: P(i ≻ j) = π_i / (π_i + t π_j); with the probit link Glenn &
/// David (1960), whose parameter is τ.
struct rao_kupper_rule {
    static constexpr std::string_view name = "rao-kupper";
    static constexpr std::string_view parameter_name = "threshold";
    static constexpr bool has_parameter = true;
    static constexpr tie_edges edges = tie_edges::both_ways;
    static bool allows(double t) { return t > 0; }
    /// The parameter at which two equal items tie with this probability.
    static double start(double share) { return 2 * std::atanh(share); }
    template <class Link> static double natural(const Link&, double t) {
        if constexpr (std::same_as<Link, logit_choice>) return std::exp(t);
        return t;
    }
    template <class Link> static outcome_terms terms(const Link&, const pair_cell& c, double x, double t) {
        outcome_terms sum;
        const auto add = [&](double count, const log_cdf_terms& f, double direction) { // of x; that of τ is −1
            sum.value += count * f.value;
            sum.slope_x += count * direction * f.slope;
            sum.slope_t -= count * f.slope;
            sum.curvature_xx += count * f.curvature;
            sum.curvature_xt -= count * direction * f.curvature;
            sum.curvature_tt += count * f.curvature;
        };
        if (c.left_wins > 0) add(c.left_wins, Link::log_cdf(x - t), 1);
        if (c.right_wins > 0) add(c.right_wins, Link::log_cdf(-x - t), -1);
        if (c.ties > 0) {
            const interval_terms f = Link::log_between(x + t, x - t);
            sum.value += c.ties * f.value;
            sum.slope_x += c.ties * (f.slope_a + f.slope_b);
            sum.slope_t += c.ties * (f.slope_a - f.slope_b);
            sum.curvature_xx += c.ties * (f.curvature_aa + 2 * f.curvature_ab + f.curvature_bb);
            sum.curvature_xt += c.ties * (f.curvature_aa - f.curvature_bb);
            sum.curvature_tt += c.ties * (f.curvature_aa - 2 * f.curvature_ab + f.curvature_bb);
        }
        return sum;
    }
    template <class Link> static outcome_probabilities probabilities(const Link&, double x, double t) {
        const double left = Link::probability(x - t), right = Link::probability(-x - t);
        return {left, right, t > 0 ? std::exp(Link::log_between(x + t, x - t).value) : 0};
    }
};

/// P(i ≻ j) = π_i / (π_i + π_j + ν √(π_i π_j)), P(tie) ∝ ν √(π_i π_j) (Davidson 1970). The fit works with log ν. With
/// an order effect δ the odds of a win are those of Davidson & Beaver (1977); their tie parameter is ν e^{δ/2} here.
struct davidson_rule {
    static constexpr std::string_view name = "davidson";
    static constexpr std::string_view parameter_name = "nu";
    static constexpr bool has_parameter = true;
    static constexpr tie_edges edges = tie_edges::both_ways;
    static bool allows(double) { return true; }
    static double start(double share) { return std::log(2 * share / (1 - share)); }
    static double natural(logit_choice, double t) { return std::exp(t); }
    static outcome_probabilities probabilities(logit_choice, double x, double t) {
        const double high = std::max(std::abs(x) / 2, t);
        const double l = std::exp(x / 2 - high), r = std::exp(-x / 2 - high), tie = std::exp(t - high);
        const double sum = l + r + tie;
        return {l / sum, r / sum, tie / sum};
    }
    static outcome_terms terms(logit_choice link, const pair_cell& c, double x, double t) {
        const double high = std::max(std::abs(x) / 2, t), n = c.games();
        const outcome_probabilities p = probabilities(link, x, t);
        const double log_sum = high + std::log(std::exp(x / 2 - high) + std::exp(-x / 2 - high) + std::exp(t - high));
        // c.left_wins − n p.left, written so that no pair of large numbers is subtracted where it is nearly all wins
        const double left = c.left_wins * (p.right + p.tie) - (c.right_wins + c.ties) * p.left;
        const double right = c.right_wins * (p.left + p.tie) - (c.left_wins + c.ties) * p.right;
        const double tied = c.ties * (p.left + p.right) - (c.left_wins + c.right_wins) * p.tie;
        return {(c.left_wins - c.right_wins) * x / 2 + c.ties * t - n * log_sum,
                (left - right) / 2,
                tied,
                n * (p.left * p.right + p.tie * (p.left + p.right) / 4),
                -n * p.tie * (p.left - p.right) / 2,
                n * p.tie * (p.left + p.right)};
    }
};

} // namespace preflearn
