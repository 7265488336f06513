/// \file
/// Each rater's own distribution over the categories that the rater used: what Cohen's and Conger's chance is made of.
/// A thousand raters who used a few categories each cost no more than their ratings.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <preflearn/agreement/ratings/distance_sums.hpp>
#include <preflearn/agreement/ratings/ratings.hpp>

namespace preflearn::detail {

/// Each rater's own distribution over the categories that the rater used, one rater behind the other.
struct rater_shares {
    /// Ratings of each rater, and where the rater's categories begin.
    std::vector<double> rated;
    std::vector<std::size_t> starts;
    std::vector<category_weight> shares;

    [[nodiscard]] std::span<const category_weight> of(std::size_t rater) const {
        return std::span(shares).subspan(starts[rater], starts[rater + 1] - starts[rater]);
    }
    /// Where a rater's category stands among all.
    [[nodiscard]] std::size_t place(const given_rating& given) const {
        const auto own = of(given.rater);
        const auto at = std::ranges::lower_bound(own, given.value, {}, &category_weight::first);
        return starts[given.rater] + static_cast<std::size_t>(at - own.begin());
    }
};

inline rater_shares shares_of_raters(const rating_counts& ratings) {
    const std::size_t raters = ratings.raters();
    rater_shares all{
        .rated = std::vector<double>(raters), .starts = std::vector<std::size_t>(raters + 1), .shares = {}};
    ratings.for_each_given([&](std::span<const given_rating> given, std::uint64_t) {
        for (const given_rating& one : given) ++all.starts[one.rater + 1];
    });
    std::partial_sum(all.starts.begin(), all.starts.end(), all.starts.begin());
    std::vector<category_weight> cells(all.starts.back());
    std::vector<std::size_t> next = all.starts;
    ratings.for_each_given([&](std::span<const given_rating> given, std::uint64_t count) {
        for (const given_rating& one : given) {
            cells[next[one.rater]++] = {one.value, static_cast<double>(count)};
            all.rated[one.rater] += static_cast<double>(count);
        }
    });
    for (std::size_t g = 0; g < raters; ++g) {
        const auto own = std::span(cells).subspan(all.starts[g], all.starts[g + 1] - all.starts[g]);
        std::ranges::sort(own);
        all.starts[g] = all.shares.size();
        for (const auto& [k, times] : own) {
            if (all.shares.size() == all.starts[g] || all.shares.back().first != k) all.shares.push_back({k, 0});
            all.shares.back().second += times;
        }
        for (std::size_t i = all.starts[g]; i < all.shares.size(); ++i) all.shares[i].second /= all.rated[g];
    }
    all.starts[raters] = all.shares.size();
    return all;
}

/// The sum of all raters' distributions, by rising category.
inline std::vector<category_weight> sum_of_shares(const rater_shares& raters) {
    std::vector<category_weight> cells(raters.shares), sum;
    std::ranges::sort(cells);
    for (const auto& [k, share] : cells) {
        if (sum.empty() || sum.back().first != k) sum.push_back({k, 0});
        sum.back().second += share;
    }
    return sum;
}

} // namespace preflearn::detail
