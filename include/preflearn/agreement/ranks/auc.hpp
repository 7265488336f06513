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
#include <utility>
#include <vector>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/numbers/order.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

namespace detail {

/// Of some scores in rising order: the positives below those that come next; of placements counted in half rivals,
/// which are whole numbers, the sum over the positives and the sums of squares over both classes.
struct placement_sums {
    std::uint64_t positives = 0, halves = 0;
    double squares_positive = 0, squares_negative = 0;
};

} // namespace detail

/// `positive[i]` is not 0 where observation i belongs to the positive class. Without positives or negatives: one_class.
/// Bounds are cut at 0 and 1; with one observation of a class there is no error.
/// \throws argument_error when the lengths differ, numeric_error naming the index of a NaN.
inline estimate auc(std::span<const double> scores, std::span<const std::uint8_t> positive, double confidence = 0.95) {
    require(scores.size() == positive.size(), scores.size(), " scores and ", positive.size(), " classes");
    const ordering order = order_of(scores);
    const std::size_t count = scores.size();
    if (count == 0) return estimate::none(estimate_status::empty);
    constexpr std::size_t grain = std::size_t{1} << 15;
    std::vector<std::uint8_t> classes(count); // by rising score
    parallel_blocks(count, grain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) classes[i] = positive[order.index[i]] != 0;
    });
    // Each block takes the runs of equal scores that begin in it.
    const auto first_run = [&](std::size_t at) {
        return static_cast<std::size_t>(
            std::find(order.tied.begin() + static_cast<std::ptrdiff_t>(at), order.tied.end(), 0) - order.tied.begin());
    };
    std::vector<detail::placement_sums> blocks((count + grain - 1) / grain);
    parallel_blocks(count, grain, [&](std::size_t begin, std::size_t end) {
        std::uint64_t found = 0;
        for (std::size_t i = first_run(begin), last = first_run(end); i < last; ++i) found += classes[i];
        blocks[begin / grain].positives = found;
    });
    std::uint64_t positives = 0;
    for (detail::placement_sums& block : blocks) positives += std::exchange(block.positives, positives);
    const std::uint64_t negatives = count - positives;
    if (positives == 0 || negatives == 0) return estimate::none(estimate_status::one_class, count);
    const auto m = static_cast<double>(positives), n = static_cast<double>(negatives);
    parallel_blocks(count, grain, [&](std::size_t begin, std::size_t end) {
        detail::placement_sums sums = blocks[begin / grain];
        for (std::size_t run = first_run(begin), last = first_run(end); run < last;) {
            std::uint64_t tied = 0, size = 0;
            do tied += classes[run + size++];
            while (run + size < last && order.tied[run + size]);
            const std::uint64_t other = size - tied, below = run - sums.positives; // negatives
            const std::uint64_t of_positive = 2 * below + other, of_negative = 2 * (positives - sums.positives) - tied;
            const auto squared = [](std::uint64_t x) { return static_cast<double>(x) * static_cast<double>(x); };
            sums.halves += tied * of_positive;
            sums.squares_positive += static_cast<double>(tied) * squared(of_positive);
            sums.squares_negative += static_cast<double>(other) * squared(of_negative);
            sums.positives += tied;
            run += size;
        }
        blocks[begin / grain] = sums;
    });
    detail::placement_sums all;
    for (const detail::placement_sums& block : blocks) {
        all.halves += block.halves;
        all.squares_positive += block.squares_positive;
        all.squares_negative += block.squares_negative;
    }
    estimate e{.value = static_cast<double>(all.halves) / (2 * m * n), .count = count, .status = estimate_status::ok};
    if (positives < 2 || negatives < 2) return e;
    const auto spread = [&](double squares, double size) { // what rounding leaves of equal placements is no spread
        const double mean = size * e.value * e.value, rest = squares - mean;
        return rest > rounding_share * mean ? rest / (size - 1) : 0;
    };
    const double spread_positive = spread(all.squares_positive / (4 * n * n), m);
    const double spread_negative = spread(all.squares_negative / (4 * m * m), n);
    e.standard_error = std::sqrt(spread_positive / m + spread_negative / n);
    const double half = normal_critical(confidence) * e.standard_error;
    e.bounds = {std::max(0.0, e.value - half), std::min(1.0, e.value + half)};
    return e;
}

} // namespace preflearn
