/// \file
/// What is made of concordant, discordant and tied pairs: Kendall's tau-b, Goodman & Kruskal's gamma, Somers' d and the
/// concordance index.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/agreement/ranks/correlation.hpp>
#include <preflearn/agreement/ranks/pair_order.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/numbers/order.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

namespace detail {

inline estimate_status pair_status(const pair_order& p) {
    return p.count == 0 ? estimate_status::empty : p.count < 2 ? estimate_status::too_few : estimate_status::ok;
}

/// Whether a side is constant but for rounding.
inline bool no_order(std::span<const double> x, std::span<const double> y) {
    return x.size() == y.size() && x.size() > 1 && (equal_but_for_rounding(x) || equal_but_for_rounding(y));
}

} // namespace detail

/// (C - D) / √((C + D + T_x)(C + D + T_y)), with Fisher's z interval of variance 0.437 / (n - 4) (Bonett & Wright
/// 2000).
inline estimate kendall_tau_b(const pair_order& p, double confidence = 0.95) {
    if (detail::pair_status(p) != estimate_status::ok) return estimate::none(detail::pair_status(p), p.count);
    const auto c = static_cast<double>(p.concordant), d = static_cast<double>(p.discordant);
    const double x = c + d + static_cast<double>(p.tied_y), y = c + d + static_cast<double>(p.tied_x);
    if (x == 0 || y == 0) return estimate::none(estimate_status::constant_input, p.count);
    return detail::fisher_interval((c - d) / (std::sqrt(x) * std::sqrt(y)), p.count, 0.437, 4, confidence);
}
inline estimate kendall_tau_b(std::span<const double> x, std::span<const double> y, double confidence = 0.95) {
    if (detail::no_order(x, y)) { // no pair needs to be counted
        for (const std::span values : {x, y}) detail::refuse_nan(values);
        return estimate::none(estimate_status::constant_input, x.size());
    }
    return kendall_tau_b(order_pairs(x, y), confidence);
}

/// How the p-value of Kendall's tau is taken.
enum class kendall_test : std::uint8_t {
    automatic, ///< exact without ties where n <= 33 or at most one pair is out of order, else asymptotic (as scipy)
    exact,     ///< every order of n different values equally likely; there is none with ties
    asymptotic ///< the normal approximation, which takes ties
};

namespace detail {

/// P(at most `most` inversions) in a random order of n values: the number of inversions is a sum of independent
/// uniform numbers 0 … i - 1 (Kendall 1970, ch. 5).
inline double inversions_tail(std::size_t n, std::size_t most) {
    std::vector<double> probability(most + 1), next(most + 1);
    probability[0] = 1;
    for (std::size_t i = 2; i <= n; ++i) {
        double window = 0; // over the last i
        for (std::size_t k = 0; k <= most; ++k) {
            window += probability[k];
            next[k] = window / static_cast<double>(i);
            if (k + 1 >= i) window -= probability[k + 1 - i];
        }
        probability.swap(next);
    }
    double sum = 0;
    for (const double p : probability) sum += p;
    return sum;
}

} // namespace detail

/// The two-sided p-value of independence. NaN below two observations, for a constant side, for an exact test of ties
/// and for an asymptotic one of two observations. \throws argument_error for an exact test that would take minutes.
inline double kendall_p_value(const pair_order& p, kendall_test test = kendall_test::automatic) {
    const auto n = static_cast<double>(p.count);
    if (p.count < 2) return undefined;
    const bool tied = p.tied_x + p.tied_y + p.tied_both > 0;
    const std::uint64_t fewer = std::min(p.concordant, p.discordant);
    if (test == kendall_test::automatic)
        test = !tied && (p.count <= 33 || fewer <= 1) ? kendall_test::exact : kendall_test::asymptotic;
    if (test == kendall_test::exact) {
        if (tied) return undefined;
        if (p.concordant == p.discordant) return 1;
        require(n * static_cast<double>(fewer) <= 1e10, "an exact test of ", p.count, " observations of which ", fewer,
                " pairs are out of order takes minutes");
        return std::min(1.0, 2 * detail::inversions_tail(p.count, static_cast<std::size_t>(fewer)));
    }
    if (p.count < 3) return undefined;
    const double difference = static_cast<double>(p.concordant) - static_cast<double>(p.discordant);
    const double variance = (n * (n - 1) * (2 * n + 5) - p.x.wide - p.y.wide) / 18 +
                            p.x.pairs * p.y.pairs / (2 * n * (n - 1)) +
                            p.x.triples * p.y.triples / (9 * n * (n - 1) * (n - 2));
    return variance > rounding_share * n * n * n ? normal_p_value(difference / std::sqrt(variance)) : undefined;
}

/// (C - D) / (C + D).
inline double goodman_kruskal_gamma(const pair_order& p) {
    const auto c = static_cast<double>(p.concordant), d = static_cast<double>(p.discordant);
    return c + d > 0 ? (c - d) / (c + d) : undefined;
}

/// Somers' d of y given x: (C - D) over the pairs that x orders.
inline double somers_d(const pair_order& p) {
    const auto c = static_cast<double>(p.concordant), d = static_cast<double>(p.discordant);
    const double ordered = c + d + static_cast<double>(p.tied_y);
    return ordered > 0 ? (c - d) / ordered : undefined;
}

/// Harrell's C (1982): over the pairs that the truth `x` orders, the share that the prediction `y` orders the same way,
/// with equal predictions counted half. Constant truth: constant_input.
inline estimate concordance(const pair_order& p) {
    if (detail::pair_status(p) != estimate_status::ok) return estimate::none(detail::pair_status(p), p.count);
    const double d = somers_d(p);
    if (std::isnan(d)) return estimate::none(estimate_status::constant_input, p.count);
    return {.value = (1 + d) / 2, .count = p.count, .status = estimate_status::ok};
}
inline estimate concordance(std::span<const double> truth, std::span<const double> prediction) {
    if (truth.size() == prediction.size() && truth.size() > 1 && equal_but_for_rounding(truth)) {
        for (const std::span values : {truth, prediction}) detail::refuse_nan(values);
        return estimate::none(estimate_status::constant_input, truth.size());
    }
    return concordance(order_pairs(truth, prediction));
}

} // namespace preflearn
