/// \file
/// How often a teacher's labels are wrong, ε, with its interval, and what that makes them worth. Labels turned at
/// random with probability ε keep the share (1 − 2ε)² of what as many right ones say of a linear model's direction
/// (Natarajan et al. 2013; Chowdhury et al. 2024, arXiv:2403.00409, whose error grows by 1 / (1 − 2ε)). So n labels
/// count as n (1 − 2ε)² right ones: their effective sample size, and the exchange rate between weak and human labels is
/// the ratio of two such shares.
///   ε ≥ 1/2: labels that are no better than a coin are worth 0, and are not turned round behind anybody's back. What
///   divides by 1 − 2ε has no value there, and says so (`not_applicable`).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// ε of a source of labels.
struct noise_estimate {
    /// The share of labelled pairs on which it is wrong, ties half, with an interval over prompts.
    estimate rate{};
    /// The labelled pairs that the rate rests on.
    std::size_t pairs = 0;
    /// What its calibrated probabilities say: the mean over these pairs of 1 − P of the likelier response; NaN where
    /// they are not calibrated.
    double expected = undefined;
    /// Why there is no rate, where there is none and that is known.
    std::string why{};

    /// Whether a loss can be corrected by it: known, and below 1/2.
    [[nodiscard]] bool usable() const { return rate.defined() && rate.value < 0.5; }
};

/// 1 − accuracy. \param pairs that the accuracy rests on (its `count` may be that of prompts)
inline noise_estimate noise_of(const estimate& accuracy, std::size_t pairs, double expected = undefined) {
    noise_estimate noise{.rate = accuracy, .pairs = pairs, .expected = expected};
    noise.rate.value = 1 - accuracy.value;
    noise.rate.bounds = {1 - accuracy.bounds.high, 1 - accuracy.bounds.low};
    return noise;
}

/// That one label is wrong: 1 − P of the likelier response, σ(−|margin| / temperature).
inline double pair_noise(double margin, double temperature = 1) { return sigmoid(-std::abs(margin) / temperature); }

namespace detail {

/// 1 − 2ε, at least 0.
inline double signal_of(double error) { return std::max(0.0, 1 - 2 * error); }

/// A rising or falling function of ε, its bounds mapped with it. \param slope d function / d ε
template <class Function> estimate of_rate(const estimate& rate, const Function& function, double slope) {
    if (!rate.defined()) return rate;
    estimate made = rate;
    made.value = function(rate.value);
    made.standard_error = std::abs(slope) * rate.standard_error;
    const double a = function(rate.bounds.low), b = function(rate.bounds.high);
    made.bounds = {std::min(a, b), std::max(a, b)};
    if (std::isnan(a) || std::isnan(b)) made.bounds = {};
    return made;
}

/// Of a ratio of two independent positive numbers, from the intervals of both (Donner & Zou 2012, MOVER).
inline interval ratio_bounds(double a, interval of_a, double b, interval of_b) {
    const double square = a * a * b * b;
    const auto root = [&](double end_a, double end_b) {
        return std::sqrt(std::max(0.0, square - end_a * end_b * (2 * a - end_a) * (2 * b - end_b)));
    };
    return {(a * b - root(of_a.low, of_b.high)) / (of_b.high * (2 * b - of_b.high)),
            of_b.low > 0 ? (a * b + root(of_a.high, of_b.low)) / (of_b.low * (2 * b - of_b.low))
                         : std::numeric_limits<double>::infinity()};
}

} // namespace detail

/// n (1 − 2ε)², how many right labels n of these are worth; 0 at ε ≥ 1/2. Bounds are those of ε: a bound at or beyond
/// 1/2 gives 0.
inline estimate effective_sample_size(double labels, const estimate& rate) {
    require(labels >= 0 && std::isfinite(labels), "the number of labels is ", labels);
    const auto worth = [labels](double error) {
        const double signal = detail::signal_of(error);
        return std::isnan(error) ? undefined : labels * signal * signal;
    };
    return detail::of_rate(rate, worth, 4 * labels * detail::signal_of(rate.value));
}

/// ε against the truth where it was measured against people who are wrong with probability `human`, independently:
/// 1 − 2d = (1 − 2ε)(1 − 2·human), d the share of pairs on which they disagree. Clamped to [0, 1].
/// \throws argument_error unless 0 <= human < 1/2
inline estimate rate_behind(const estimate& disagreement, double human) {
    require(human >= 0 && human < 0.5, "the noise rate of human labels is ", human,
            ", a share from 0 to below 1/2 was expected");
    const auto truth = [human](double d) {
        return std::isnan(d) ? d : std::clamp((d - human) / (1 - 2 * human), 0.0, 1.0);
    };
    return detail::of_rate(disagreement, truth, 1 / (1 - 2 * human));
}

/// How many human labels one weak label is worth, (1 − 2ε_weak)² / (1 − 2ε_human)², both against one truth (gold); the
/// bounds take both estimates for independent. Human labels that are themselves the truth: `human` of value 0 and
/// bounds [0, 0]. not_applicable where people are no better than a coin.
inline estimate exchange_rate(const estimate& weak, const estimate& human) {
    if (!weak.defined()) return estimate::none(weak.status, weak.count);
    if (!human.defined()) return estimate::none(human.status, human.count);
    if (human.value >= 0.5) return estimate::none(estimate_status::not_applicable, human.count);
    const double a = detail::signal_of(weak.value), b = detail::signal_of(human.value);
    estimate made{.value = a * a / (b * b), .count = std::min(weak.count, human.count), .status = estimate_status::ok};
    const bool bounded = !std::isnan(weak.bounds.low) && !std::isnan(human.bounds.low);
    if (!bounded) return made;
    const auto signals = [](interval e) { return interval{detail::signal_of(e.high), detail::signal_of(e.low)}; };
    const interval ratio = detail::ratio_bounds(a, signals(weak.bounds), b, signals(human.bounds));
    made.bounds = {std::max(0.0, ratio.low) * std::max(0.0, ratio.low), ratio.high * ratio.high};
    if (!std::isnan(weak.standard_error) && !std::isnan(human.standard_error) && a > 0)
        made.standard_error = made.value * 4 * std::hypot(weak.standard_error / a, human.standard_error / b);
    return made;
}

/// The same for a human noise rate that is given as a number.
inline estimate exchange_rate(const estimate& weak, double human) {
    require(human >= 0 && human <= 1, "the noise rate of human labels is ", human, ", a share was expected");
    return exchange_rate(weak, estimate{.value = human,
                                        .standard_error = 0,
                                        .bounds = {human, human},
                                        .count = weak.count,
                                        .status = estimate_status::ok});
}

/// ε where labels are then turned on purpose, a share `flips` of them whether right or wrong: ε + flips − 2 ε·flips.
inline noise_estimate with_flips(const noise_estimate& noise, double flips) {
    require(flips >= 0 && flips <= 1, "a share of ", flips, " labels is turned");
    const auto turned = [flips](double error) { return error + flips - 2 * error * flips; };
    noise_estimate made = noise;
    made.rate = detail::of_rate(noise.rate, turned, 1 - 2 * flips);
    made.expected = turned(noise.expected);
    return made;
}

} // namespace preflearn
