/// \file
/// Judges of different worth, as a part of `game_model`. `judge_reliability` is Crowd Bradley-Terry (Chen et al. 2013):
/// judge k says what the items deserve with probability η_k and the opposite otherwise, η_k P(outcome | z) + (1 − η_k)
/// P(outcome | −z). `judge_discrimination` scales the difference, P(outcome | a_k z) with Π_k a_k = 1: careless judges
/// are nearer to ½. Neither likelihood is concave.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include <Eigen/Core>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/model/prior.hpp>
#include <preflearn/ranking/model/ties.hpp>

namespace preflearn {

/// log P(an outcome), its gradient, and minus its Hessian, in (z, τ, u): advantage of the left side, tie parameter and
/// the judge's parameter.
struct judged_terms {
    double value = 0;
    Eigen::Vector3d slope = Eigen::Vector3d::Zero();
    Eigen::Matrix3d curvature = Eigen::Matrix3d::Zero();
};

/// sum += weight · t.
inline void add_terms(judged_terms& sum, double weight, const judged_terms& t) {
    sum.value += weight * t.value;
    sum.slope += weight * t.slope;
    sum.curvature += weight * t.curvature;
}

/// The outcome's terms in (z, τ, u) at `sign` · z.
inline judged_terms unjudged_terms(const outcome_terms& t, double sign) {
    judged_terms j{.value = t.value};
    j.slope << sign * t.slope_x, t.slope_t, 0;
    j.curvature(0, 0) = t.curvature_xx;
    j.curvature(0, 1) = j.curvature(1, 0) = sign * t.curvature_xt;
    j.curvature(1, 1) = t.curvature_tt;
    return j;
}

/// Whoever speaks, the model is the same.
struct no_judges {
    static constexpr bool has_parameters = false;
    static constexpr bool sum_zero = false;
    static void check() {}
    static double start() { return 0; }
    static double natural(double u) { return u; }
    static double natural_slope(double) { return 1; }
    static prior_terms prior(double) { return {}; }
    template <class Outcome> static judged_terms terms(const Outcome& outcome, double z, double) {
        return unjudged_terms(outcome(z), 1);
    }
};

/// η = σ(u). The Beta prior on η keeps a judge of few games from certainty.
struct judge_reliability {
    static constexpr bool has_parameters = true;
    static constexpr bool sum_zero = false;
    /// Right and wrong answers that every judge is taken to have given already.
    double right_answers = 9, wrong_answers = 1;

    void check() const {
        require(right_answers > 0 && wrong_answers > 0 && std::isfinite(right_answers) && std::isfinite(wrong_answers),
                "a judge's prior of ", right_answers, " right and ", wrong_answers, " wrong answers; both above 0");
    }
    [[nodiscard]] double start() const { return std::log(right_answers / wrong_answers); }
    [[nodiscard]] static double natural(double u) { return sigmoid(u); }
    [[nodiscard]] static double natural_slope(double u) { return sigmoid(u) * sigmoid(-u); }
    [[nodiscard]] prior_terms prior(double u) const {
        return {right_answers * log_sigmoid(u) + wrong_answers * log_sigmoid(-u),
                right_answers * sigmoid(-u) - wrong_answers * sigmoid(u),
                (right_answers + wrong_answers) * natural_slope(u)};
    }
    /// \param outcome called with the advantage, returns outcome_terms
    template <class Outcome> [[nodiscard]] static judged_terms terms(const Outcome& outcome, double z, double u) {
        return mixture(unjudged_terms(outcome(z), 1), unjudged_terms(outcome(-z), -1), u);
    }

  private:
    static judged_terms mixture(judged_terms right, judged_terms wrong, double u) {
        right.value += log_sigmoid(u);
        wrong.value += log_sigmoid(-u);
        right.slope[2] = sigmoid(-u);
        wrong.slope[2] = -sigmoid(u);
        right.curvature(2, 2) = wrong.curvature(2, 2) = natural_slope(u);
        const double r = sigmoid(right.value - wrong.value), w = sigmoid(wrong.value - right.value);
        const Eigen::Vector3d apart = right.slope - wrong.slope;
        return {right.value + softplus(wrong.value - right.value), r * right.slope + w * wrong.slope,
                r * right.curvature + w * wrong.curvature - r * w * apart * apart.transpose()};
    }
};

/// a = e^u, Σ u = 0. A Gaussian on u of this variance keeps judges of few games near the others.
struct judge_discrimination {
    static constexpr bool has_parameters = true;
    static constexpr bool sum_zero = true;
    double log_variance = 1;

    void check() const {
        require(log_variance > 0 && std::isfinite(log_variance), "a judges' variance of ", log_variance,
                "; a finite number above 0 was expected");
    }
    [[nodiscard]] static double start() { return 0; }
    [[nodiscard]] static double natural(double u) { return std::exp(u); }
    [[nodiscard]] static double natural_slope(double u) { return std::exp(u); }
    [[nodiscard]] prior_terms prior(double u) const {
        return {-u * u / (2 * log_variance), -u / log_variance, 1 / log_variance};
    }
    /// \param outcome called with the advantage, returns outcome_terms
    template <class Outcome> [[nodiscard]] static judged_terms terms(const Outcome& outcome, double z, double u) {
        const double a = std::exp(u), x = a * z;
        return scaled(outcome(x), a, x);
    }

  private:
    static judged_terms scaled(const outcome_terms& t, double a, double x) {
        judged_terms j{.value = t.value};
        j.slope << a * t.slope_x, t.slope_t, x * t.slope_x;
        const double zu = a * (x * t.curvature_xx - t.slope_x), tu = x * t.curvature_xt;
        j.curvature << a * a * t.curvature_xx, a * t.curvature_xt, zu, //
            a * t.curvature_xt, t.curvature_tt, tu,                    //
            zu, tu, x * (x * t.curvature_xx - t.slope_x);
        return j;
    }
};

} // namespace preflearn
