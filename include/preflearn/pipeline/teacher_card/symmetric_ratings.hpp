/// \file
/// Verdicts as ratings in the categories first, second and tie, in which the order of a pair's responses carries
/// nothing: every pair stands once as it is and once mirrored. Agreement stays what it is, all sources use first and
/// second equally often, and chance is what it is for pairs in random order, whatever order they are in.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <preflearn/agreement/labels/accuracy.hpp>
#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/numbers/distribution.hpp>
#include <preflearn/core/preference.hpp>

namespace preflearn {

namespace detail {

/// 0 for first, 1 for second, 2 for a tie; an abstention is missing.
inline category rating_of(const preference& verdict) {
    const int d = direction(verdict);
    return verdict.abstained() ? no_rating : static_cast<category>(d > 0 ? 0 : d < 0 ? 1 : 2);
}

/// A pair's verdicts, one a rater; to `once` as they are, to `doubled` both ways round.
inline void add_both_ways(rating_counts& once, rating_counts& doubled, std::span<const preference> verdicts) {
    std::vector<category> row, turned;
    for (const preference& verdict : verdicts) {
        row.push_back(rating_of(verdict));
        turned.push_back(row.back() == 0 ? 1 : row.back() == 1 ? 0 : row.back());
    }
    once.add(row);
    doubled.add(row);
    doubled.add(turned);
}

/// A coefficient of ratings in which every pair stands twice: the error and the interval are those of half as many.
inline estimate of_doubled(estimate e, double confidence) {
    e.count /= 2;
    if (!e.defined() || std::isnan(e.standard_error)) return e;
    e.standard_error *= std::sqrt(2.0);
    const double half = normal_critical(confidence) * e.standard_error;
    e.bounds = {std::max(-1.0, e.value - half), std::min(1.0, e.value + half)};
    return e;
}

} // namespace detail

} // namespace preflearn
