/// \file
/// The distribution function F of a rating model, P(i ≻ j) = F(θ_i − θ_j): logistic (Bradley & Terry 1952) or normal
/// (Thurstone 1927, case V, with unit variance of the difference). Both are log-concave, so likelihoods have one
/// maximum.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

#include <preflearn/core/numbers/log_space.hpp>

namespace preflearn {

/// log F(x), its first derivative, and minus its second.
struct log_cdf_terms {
    double value, slope, curvature;
};

/// log(F(a) − F(b)) for a > b, its partial derivatives, and minus its second ones.
struct interval_terms {
    double value, slope_a, slope_b, curvature_aa, curvature_ab, curvature_bb;
};

struct logit_choice {
    static constexpr std::string_view name = "logit";
    static double probability(double x) { return sigmoid(x); }
    static log_cdf_terms log_cdf(double x) {
        const double other = sigmoid(-x);
        return {log_sigmoid(x), other, sigmoid(x) * other};
    }
    /// σ(a) − σ(b) = σ(a) σ(−b) (1 − e^{b−a}), whose logarithm has no cancellation.
    static interval_terms log_between(double a, double b) {
        const log_cdf_terms upper = log_cdf(a), lower = log_cdf(-b);
        const double grown = std::expm1(a - b), ratio = 1 / grown, bend = ratio * (1 + ratio);
        return {upper.value + lower.value + log1m_exp(b - a),
                upper.slope + ratio,
                -lower.slope - ratio,
                upper.curvature + bend,
                -bend,
                lower.curvature + bend};
    }
};

struct probit_choice {
    static constexpr std::string_view name = "probit";
    static double probability(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }
    static log_cdf_terms log_cdf(double x) {
        if (x <
            -5) { // Mills' ratio as a continued fraction, R = 1/(t + 1/(t + 2/(t + …))): Φ(x) underflows, R does not
            const double t = -x;
            double tail = 0;
            for (int k = 60; k >= 1; --k) tail = k / (t + tail);
            const double slope = t + tail;
            return {-t * t / 2 - log_root_two_pi - std::log(slope), slope, slope * tail};
        }
        const double p = probability(x), slope = density(x) / p;
        return {x > 0 ? std::log1p(-probability(-x)) : std::log(p), slope, slope * (x + slope)};
    }
    static interval_terms log_between(double a, double b) {
        if (a + b > 0) { // the mirror image, where the smaller tail is subtracted
            const interval_terms m = log_between(-b, -a);
            return {m.value, -m.slope_b, -m.slope_a, m.curvature_bb, m.curvature_ab, m.curvature_aa};
        }
        const double mass = probability(a) - probability(b), up = density(a) / mass, down = density(b) / mass;
        return {std::log(mass), up, -down, up * (a + up), -up * down, down * (down - b)};
    }

  private:
    static constexpr double log_root_two_pi = 0.91893853320467274178;
    static double density(double x) { return std::exp(-x * x / 2 - log_root_two_pi); }
};

} // namespace preflearn
