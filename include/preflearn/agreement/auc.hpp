/// \file
/// The area under the ROC curve, P(score of a positive > score of a negative) with ties half, with the interval of
/// DeLong, DeLong & Clarke-Pearson (1988): the variance of the placements of positives among negatives and the reverse.
/// One sort suffices (Sun & Xu 2014).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <preflearn/agreement/estimate.hpp>
#include <preflearn/agreement/order.hpp>
#include <preflearn/core/distribution.hpp>
#include <preflearn/core/error.hpp>

namespace preflearn {

/// `positive[i]` is not 0 where observation i belongs to the positive class. Without positives or negatives: one_class.
/// Bounds are cut at 0 and 1; with one observation of a class there is no error.
/// \throws argument_error when the lengths differ, numeric_error naming the index of a NaN.
inline estimate auc(std::span<const double> scores, std::span<const std::uint8_t> positive, double confidence = 0.95) {
    require(scores.size() == positive.size(), scores.size(), " scores and ", positive.size(), " classes");
    const ordering order = order_of(scores);
    std::size_t positives = 0;
    for (const std::uint8_t p : positive) positives += p != 0;
    const std::size_t count = scores.size(), negatives = count - positives;
    if (count == 0) return estimate::none(estimate_status::empty);
    if (positives == 0 || negatives == 0) return estimate::none(estimate_status::one_class, count);
    const auto m = static_cast<double>(positives), n = static_cast<double>(negatives);
    // Placements are integers in halves, so their sums are exact up to rounding in the squares.
    double below_negatives = 0, below_positives = 0;
    double sum = 0, squares_positive = 0, squares_negative = 0;
    order.for_each_tie([&](std::size_t begin, std::size_t end) {
        double tied_positives = 0;
        for (std::size_t i = begin; i < end; ++i) tied_positives += positive[order.index[i]] != 0;
        const double tied_negatives = static_cast<double>(end - begin) - tied_positives;
        const double of_positive = (below_negatives + tied_negatives / 2) / n;
        const double of_negative = (m - below_positives - tied_positives / 2) / m;
        sum += tied_positives * of_positive;
        squares_positive += tied_positives * of_positive * of_positive;
        squares_negative += tied_negatives * of_negative * of_negative;
        below_positives += tied_positives;
        below_negatives += tied_negatives;
    });
    estimate e{.value = sum / m, .count = count, .status = estimate_status::ok};
    if (positives < 2 || negatives < 2) return e;
    const double spread_positive = std::max(0.0, squares_positive - m * e.value * e.value) / (m - 1);
    const double spread_negative = std::max(0.0, squares_negative - n * e.value * e.value) / (n - 1);
    e.standard_error = std::sqrt(spread_positive / m + spread_negative / n);
    const double half = normal_critical(confidence) * e.standard_error;
    e.bounds = {std::max(0.0, e.value - half), std::min(1.0, e.value + half)};
    return e;
}

} // namespace preflearn
