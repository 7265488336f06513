/// \file
/// A judge asked in both orders: is its verdict about the responses or about their positions?
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

#include <preflearn/agreement/labels/accuracy.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/moments.hpp>
#include <preflearn/agreement/uncertainty/proportion.hpp>
#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Pairs judged as (A, B) and as (B, A); counts of shards add up.
struct swap_counts {
    /// The same verdict about the responses in both orders, two ties included.
    std::size_t consistent = 0;
    /// Both times the response shown first, or shown second.
    std::size_t both_first = 0, both_second = 0;
    /// A tie in one order; the other order preferred the one shown first, or shown second.
    std::size_t tie_and_first = 0, tie_and_second = 0;
    /// An abstention in an order: left out.
    std::size_t abstained = 0;

    [[nodiscard]] std::size_t total() const {
        return consistent + both_first + both_second + tie_and_first + tie_and_second;
    }
    /// `original` judges (A, B), `swapped` judges (B, A): its `first` means B.
    void add(const preference& original, const preference& swapped) {
        if (original.abstained() || swapped.abstained()) {
            ++abstained;
            return;
        }
        const int position = detail::direction(original) + detail::direction(swapped);
        ++(position == 2    ? both_first
           : position == 1  ? tie_and_first
           : position == 0  ? consistent
           : position == -1 ? tie_and_second
                            : both_second);
    }
    swap_counts& operator+=(const swap_counts& other) {
        consistent += other.consistent;
        both_first += other.both_first;
        both_second += other.both_second;
        tie_and_first += other.tie_and_first;
        tie_and_second += other.tie_and_second;
        abstained += other.abstained;
        return *this;
    }
};

struct swap_result {
    swap_counts counts{};
    /// Share of pairs with the same verdict in both orders, and with opposite verdicts.
    estimate consistency{}, flip_rate{};
    /// P(the response shown first is preferred) - ½ with ties half: 0 without position bias, ½ for always the first.
    /// The interval is over pairs.
    estimate position_bias{};
    /// Exact two-sided p-value of no position bias, from the flips alone; NaN without pairs.
    double p_value = undefined;
};

inline swap_result analyse_swaps(const swap_counts& counts, double confidence = 0.95) {
    swap_result result{.counts = counts};
    const std::size_t flips = counts.both_first + counts.both_second;
    result.consistency = proportion(counts.consistent, counts.total(), confidence);
    result.flip_rate = proportion(flips, counts.total(), confidence);
    moments bias;
    const auto add = [&](std::size_t times, double value) { bias += {times, value, 0}; };
    add(counts.both_first, 0.5);
    add(counts.tie_and_first, 0.25);
    add(counts.consistent, 0);
    add(counts.tie_and_second, -0.25);
    add(counts.both_second, -0.5);
    result.position_bias = mean_estimate(bias, confidence);
    if (counts.total() > 0) result.p_value = sign_test(counts.both_first, flips);
    return result;
}

/// The verdicts of both orders, pair by pair. \throws argument_error when the lengths differ.
inline swap_result analyse_swaps(std::span<const preference> original, std::span<const preference> swapped,
                                 double confidence = 0.95) {
    require(original.size() == swapped.size(), "verdicts on ", original.size(), " pairs and on ", swapped.size(),
            " swapped ones");
    swap_counts counts;
    for (std::size_t i = 0; i < original.size(); ++i) counts.add(original[i], swapped[i]);
    return analyse_swaps(counts, confidence);
}

/// One verdict about (A, B) from both orders, the mean of the two, in which a constant preference for a position
/// cancels. An abstention in either order is an abstention.
inline preference swap_averaged(const preference& original, const preference& swapped) {
    if (original.abstained() || swapped.abstained()) return preference::abstention();
    const preference other = swapped.mirrored();
    return {(original.first() + other.first()) / 2, (original.tie() + other.tie()) / 2};
}

} // namespace preflearn
