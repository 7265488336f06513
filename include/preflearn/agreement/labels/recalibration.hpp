/// \file
/// Makes a teacher's margins honest on a set with known outcomes: one temperature, P = σ(margin / T) (Guo et al. 2017),
/// or any rising function, by pooling adjacent violators (Ayer et al. 1955).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/order.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// `temperature` is NaN unless `status` is ok. unbounded: the margins always point the right way (T → 0) or not the
/// right way on balance (T → ∞), but for rounding. constant_input: all margins are 0.
struct temperature_fit {
    double temperature = undefined;
    /// Mean negative log-likelihood at the optimum, nats.
    double loss = undefined;
    estimate_status status = estimate_status::empty;
};

/// Why no temperature is best, for people to read; of a status other than ok.
inline std::string words_of_no_temperature(estimate_status status) {
    switch (status) {
    case estimate_status::empty:
        return "there are no labelled pairs with margins";
    case estimate_status::constant_input:
        return "all margins are 0";
    case estimate_status::unbounded:
        return "its margins are right on every pair, where no certainty is too much, or not right on balance, where "
               "any is";
    default:
        return std::string(name_of(status));
    }
}

/// Minimises Σ -(y ln σ(m/T) + (1 - y) ln σ(-m/T)) over T > 0; y in [0, 1]. Convex in 1/T: Newton's method in a
/// bracket. \throws argument_error or numeric_error naming the index of a bad outcome or margin.
inline temperature_fit fit_temperature(std::span<const double> margins, std::span<const double> outcomes) {
    require(margins.size() == outcomes.size(), margins.size(), " margins and ", outcomes.size(), " outcomes");
    if (margins.empty()) return {};
    double largest = 0, wrong = 0, balance = 0, size = 0;
    for (std::size_t i = 0; i < margins.size(); ++i) {
        require<numeric_error>(std::isfinite(margins[i]), "margin ", i, " is ", margins[i]);
        require(outcomes[i] >= 0 && outcomes[i] <= 1, "outcome ", i, " is ", outcomes[i],
                ", a number in [0, 1] was expected");
        largest = std::max(largest, std::abs(margins[i]));
        wrong += std::abs(margins[i]) * (margins[i] > 0 ? 1 - outcomes[i] : outcomes[i]);
        balance += margins[i] * (0.5 - outcomes[i]);
        size += std::abs(margins[i]);
    }
    if (largest == 0) return {.status = estimate_status::constant_input};
    require<numeric_error>(std::isfinite(size), "the sum of ", margins.size(), " margins up to ", largest,
                           " overflows");
    if (wrong <= rounding_share * size || balance >= -rounding_share * size)
        return {.status = estimate_status::unbounded};
    // The derivative with respect to the inverse temperature a rises from balance < 0 to wrong > 0.
    struct derivatives {
        double first = 0, second = 0;
    };
    const auto at = [&](double a) {
        derivatives d;
        for (std::size_t i = 0; i < margins.size(); ++i) {
            const double p = sigmoid(a * margins[i]), q = sigmoid(-a * margins[i]);
            d.first += margins[i] * ((1 - outcomes[i]) * p - outcomes[i] * q);
            d.second += margins[i] * margins[i] * p * q;
        }
        return d;
    };
    double low = 0, high = 1 / largest;
    while (at(high).first < 0) {
        low = high;
        high *= 2;
        if (std::isinf(high)) return {.status = estimate_status::not_converged};
    }
    double a = (low + high) / 2;
    for (int step = 0; step < 200; ++step) {
        const derivatives d = at(a);
        (d.first < 0 ? low : high) = a;
        double next = a - d.first / d.second;
        if (!(next > low && next < high)) next = (low + high) / 2;
        const bool done = std::abs(next - a) <= 1e-15 * a;
        a = next;
        if (done) break;
    }
    double loss = 0;
    for (std::size_t i = 0; i < margins.size(); ++i)
        loss += outcomes[i] * softplus(-a * margins[i]) + (1 - outcomes[i]) * softplus(a * margins[i]);
    return {1 / a, loss / static_cast<double>(margins.size()), estimate_status::ok};
}

/// A rising step function: constant outside the points, linear between them (as scikit-learn predicts).
struct isotonic_fit {
    std::vector<double> points, values;
    /// NaN for an empty fit.
    double operator()(double x) const {
        if (points.empty()) return undefined;
        const auto above = std::ranges::upper_bound(points, x);
        if (above == points.begin()) return values.front();
        if (above == points.end()) return values.back();
        const auto i = static_cast<std::size_t>(above - points.begin());
        const double share = (x - points[i - 1]) / (points[i] - points[i - 1]);
        return values[i - 1] + share * (values[i] - values[i - 1]);
    }
};

/// Weighted least squares under monotony: the rising function nearest to `outcomes` as a function of `scores`. Equal
/// scores are pooled first. Weights empty: one each.
/// \throws argument_error for lengths that differ or a weight that is not positive; numeric_error for NaN.
inline isotonic_fit fit_isotonic(std::span<const double> scores, std::span<const double> outcomes,
                                 std::span<const double> weights = {}) {
    require(scores.size() == outcomes.size() && (weights.empty() || weights.size() == scores.size()), scores.size(),
            " scores, ", outcomes.size(), " outcomes, ", weights.size(), " weights");
    struct block {
        double weight, mean, first, last; // of the scores it covers
    };
    std::vector<block> blocks;
    const ordering order = order_of(scores);
    order.for_each_tie([&](std::size_t begin, std::size_t end) {
        double weight = 0, sum = 0;
        for (std::size_t i = begin; i < end; ++i) {
            const double w = weights.empty() ? 1 : weights[order.index[i]];
            require(w > 0 && std::isfinite(w), "weight ", order.index[i], " is ", w,
                    ", a positive number was expected");
            require<numeric_error>(std::isfinite(outcomes[order.index[i]]), "outcome ", order.index[i], " is ",
                                   outcomes[order.index[i]]);
            weight += w;
            sum += w * outcomes[order.index[i]];
        }
        blocks.push_back({weight, sum / weight, scores[order.index[begin]], scores[order.index[begin]]});
        while (blocks.size() > 1 && blocks[blocks.size() - 2].mean >= blocks.back().mean) {
            const block last = blocks.back();
            blocks.pop_back();
            block& into = blocks.back();
            into.mean = (into.weight * into.mean + last.weight * last.mean) / (into.weight + last.weight);
            into.weight += last.weight;
            into.last = last.last;
        }
    });
    isotonic_fit fit;
    for (const block& b : blocks) {
        fit.points.push_back(b.first);
        fit.values.push_back(b.mean);
        if (b.last > b.first) {
            fit.points.push_back(b.last);
            fit.values.push_back(b.mean);
        }
    }
    return fit;
}

} // namespace preflearn
