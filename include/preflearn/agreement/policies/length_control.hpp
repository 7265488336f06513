/// \file
/// The win rate that would be seen if both responses were equally long (Dubois et al. 2024): a logistic regression of
/// the judge's verdict on tanh(length difference / its standard deviation) and, where known, each prompt's difficulty;
/// then the length term is set to 0 and the predictions are averaged.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/moments.hpp>
#include <preflearn/agreement/uncertainty/symmetric_system.hpp>
#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

struct length_control_result {
    /// The length-controlled win rate: delta method on the sandwich (HC0) variance, interval on the logit scale.
    estimate win_rate{};
    /// Intercept, length and difficulty coefficients in natural logits, with their sandwich errors; NaN where absent.
    double intercept = undefined, length = undefined, difficulty = undefined;
    double intercept_error = undefined, length_error = undefined, difficulty_error = undefined;
    std::size_t iterations = 0;
};

/// \param outcomes 1 for a win, 0 for a loss, ½ for a tie, or the judge's probability.
/// \param length_differences length of our response minus theirs, any unit.
/// \param difficulties one number per prompt, or empty.
/// Separated data (a side always wins, or the length decides) give unbounded; lengths that do not differ but
/// for rounding constant_input. \throws argument_error for lengths that differ or an outcome outside [0, 1];
/// numeric_error for NaN. A template only so that it is compiled where it is called.
template <std::same_as<double> Confidence = double>
length_control_result
length_controlled_win_rate(std::span<const double> outcomes, std::span<const double> length_differences,
                           std::span<const double> difficulties = {}, Confidence confidence = 0.95) {
    const std::size_t n = outcomes.size();
    require(length_differences.size() == n && (difficulties.empty() || difficulties.size() == n), n, " outcomes, ",
            length_differences.size(), " length differences, ", difficulties.size(), " difficulties");
    moments spread;
    for (std::size_t i = 0; i < n; ++i) {
        require(outcomes[i] >= 0 && outcomes[i] <= 1, "outcome ", i, " is ", outcomes[i],
                ", a number in [0, 1] was expected");
        require<numeric_error>(difficulties.empty() || std::isfinite(difficulties[i]), "the difficulty of prompt ", i,
                               " is not finite");
        spread.add(length_differences[i]);
    }
    length_control_result result;
    const std::size_t columns = difficulties.empty() ? 2 : 3;
    result.win_rate = estimate::none(n == 0 ? estimate_status::empty : estimate_status::too_few, n);
    if (n <= columns) return result;
    const double deviation = std::sqrt(spread.variance());
    result.win_rate.status = estimate_status::constant_input;
    if (squares_of_rounding(spread.squares, spread.mean, static_cast<double>(n))) return result;

    using coefficients = std::array<double, 3>; // the last is unused, and 0, where there are no difficulties
    const auto row = [&](std::size_t i) {
        return coefficients{1, std::tanh(length_differences[i] / deviation), columns == 3 ? difficulties[i] : 0};
    };
    const auto dot = [](const coefficients& x, const coefficients& y) {
        return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
    };
    const auto loss_at = [&](const coefficients& at) {
        double loss = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const double logit_i = dot(row(i), at);
            loss += outcomes[i] * softplus(-logit_i) + (1 - outcomes[i]) * softplus(logit_i);
        }
        return loss;
    };
    const auto moved_by = [](const coefficients& from, const std::vector<double>& step) {
        coefficients at = from;
        for (std::size_t c = 0; c < step.size(); ++c) at[c] += step[c];
        return at;
    };
    const auto largest = [](std::span<const double> v) {
        double most = 0;
        for (const double x : v) most = std::max(most, std::abs(x));
        return most;
    };
    const auto add_square = [columns](std::vector<double>& sum, double weight, const coefficients& x) {
        for (std::size_t c = 0; c < columns; ++c)
            for (std::size_t d = 0; d < columns; ++d) sum[c * columns + d] += weight * x[d] * x[c];
    };
    coefficients b{};
    std::vector<double> information(columns * columns);
    double loss = loss_at(b);
    bool converged = false;
    while (result.iterations < 100 && !converged) {
        ++result.iterations;
        std::vector<double> gradient(columns);
        std::ranges::fill(information, 0.0);
        for (std::size_t i = 0; i < n; ++i) {
            const coefficients x = row(i);
            const double p = sigmoid(dot(x, b));
            for (std::size_t c = 0; c < columns; ++c) gradient[c] += (outcomes[i] - p) * x[c];
            add_square(information, p * (1 - p), x);
        }
        const symmetric_system system(columns, information);
        if (!(system.smallest_pivot() > 1e-12 * system.largest_pivot())) {
            // At the start a column repeats another; later the weights p(1 - p) have died away.
            result.win_rate.status =
                result.iterations == 1 ? estimate_status::constant_input : estimate_status::unbounded;
            return result;
        }
        std::vector<double> step = system.solve(gradient);
        double next = loss_at(moved_by(b, step));
        for (int halving = 0; halving < 50 && !(next <= loss * (1 + 1e-14)); ++halving) {
            for (double& s : step) s /= 2;
            next = loss_at(moved_by(b, step));
        }
        b = moved_by(b, step);
        loss = next;
        converged = largest(step) <= 1e-12 * (1 + largest(b));
        if (largest(b) > 1e6 || loss < 1e-9 * static_cast<double>(n)) {
            result.win_rate.status = estimate_status::unbounded;
            return result;
        }
    }
    result.win_rate.status = estimate_status::not_converged;
    if (!converged) return result;

    std::vector<double> meat(columns * columns);
    std::ranges::fill(information, 0.0);
    coefficients slope{};
    double value = 0;
    for (std::size_t i = 0; i < n; ++i) {
        coefficients x = row(i);
        const double p = sigmoid(dot(x, b));
        add_square(meat, (outcomes[i] - p) * (outcomes[i] - p), x);
        add_square(information, p * (1 - p), x);
        x[1] = 0;
        const double equal = sigmoid(dot(x, b));
        value += equal / static_cast<double>(n);
        for (std::size_t c = 0; c < columns; ++c) slope[c] += equal * (1 - equal) / static_cast<double>(n) * x[c];
    }
    const symmetric_system system(columns, information);
    // The sandwich's variance of one linear combination of the coefficients.
    const auto variance_of = [&](const coefficients& combination) {
        const std::vector<double> bread = system.solve({combination.begin(), combination.begin() + columns});
        double sum = 0;
        for (std::size_t c = 0; c < columns; ++c)
            for (std::size_t d = 0; d < columns; ++d) sum += bread[c] * meat[c * columns + d] * bread[d];
        return sum;
    };
    result.intercept = b[0];
    result.length = b[1];
    result.intercept_error = std::sqrt(variance_of({1, 0, 0}));
    result.length_error = std::sqrt(variance_of({0, 1, 0}));
    if (columns == 3) {
        result.difficulty = b[2];
        result.difficulty_error = std::sqrt(variance_of({0, 0, 1}));
    }
    const double error = std::sqrt(std::max(0.0, variance_of(slope)));
    const double centre = logit(value), half = normal_critical(confidence) * error / (value * (1 - value));
    result.win_rate = {value, error, {sigmoid(centre - half), sigmoid(centre + half)}, n, estimate_status::ok};
    return result;
}

} // namespace preflearn
