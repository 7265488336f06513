/// \file
/// Pairs of observations: concordant, discordant and tied, counted in n log n (Knight 1966: one side is sorted, the
/// other's inversions are counted), and what is made of them: Kendall's tau-b, Goodman & Kruskal's gamma, Somers' d and
/// the concordance index.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/agreement/correlation.hpp>
#include <preflearn/agreement/estimate.hpp>
#include <preflearn/agreement/few_values.hpp>
#include <preflearn/agreement/inversions.hpp>
#include <preflearn/agreement/order.hpp>
#include <preflearn/core/distribution.hpp>
#include <preflearn/core/error.hpp>
#include <preflearn/core/parallel.hpp>

namespace preflearn {

/// Pairs of observations by how x and y order them. The five sum to n(n - 1)/2.
struct pair_order {
    std::uint64_t concordant = 0, discordant = 0;
    /// Equal in x alone, in y alone, in both.
    std::uint64_t tied_x = 0, tied_y = 0, tied_both = 0;
    std::size_t count = 0;
    tie_sums x{}, y{};
};

namespace detail {

/// Pairs by a y of few values, which is counted without being sorted.
inline pair_order order_pairs_of_few(const ordering& by_x, const ranked_values& y) {
    constexpr std::size_t grain = std::size_t{1} << 15;
    const std::size_t n = by_x.size();
    pair_order pairs{.count = n};
    std::vector<std::uint8_t> sequence(n);
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        const std::uint32_t* const index = by_x.index.data(); // bytes may be anything's, a vector's pointer too
        const std::uint8_t* const rank = y.rank.data();
        std::uint8_t* const to = sequence.data();
        for (std::size_t i = begin; i < end; ++i) to[i] = rank[index[i]];
    });
    const auto pairs_of = [](std::uint64_t count) { return count * (count - 1) / 2; };
    by_x.for_each_repeated([&](std::size_t begin, std::size_t end) { // in order, equal x have no inversions
        pairs.x.add_run(end - begin);
        pairs.tied_x += pairs_of(end - begin);
        std::array<std::size_t, most_distinct> sizes{};
        for (std::size_t i = begin; i < end; ++i) ++sizes[sequence[i]];
        auto to = sequence.begin() + static_cast<std::ptrdiff_t>(begin);
        for (std::size_t r = 0; r < y.distinct; ++r) {
            to = std::fill_n(to, sizes[r], static_cast<std::uint8_t>(r));
            if (sizes[r] > 1) pairs.tied_both += pairs_of(sizes[r]);
        }
    });
    std::vector<digit_counts> parts((n + grain - 1) / grain);
    std::vector<std::uint64_t> falls(parts.size());
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        digit_counts& counts = parts[begin / grain];
        seen_digits seen;
        std::uint64_t count = 0;
        for (std::size_t i = begin; i < end; ++i) {
            ++counts[sequence[i]];
            count += seen.add(sequence[i]);
        }
        falls[begin / grain] = count;
    });
    pairs.discordant = std::accumulate(falls.begin(), falls.end(), count_between(parts));
    for (std::size_t r = 0; r < y.distinct; ++r) {
        std::uint64_t size = 0;
        for (const digit_counts& part : parts) size += part[r];
        pairs.tied_y += pairs_of(size);
        pairs.y.add_run(size);
    }
    pairs.tied_x -= pairs.tied_both;
    pairs.tied_y -= pairs.tied_both;
    return pairs;
}

/// Pairs by a y of any values.
inline pair_order order_pairs_of_many(const ordering& by_x, std::span<const double> y, const grid_place& place) {
    const std::size_t n = y.size();
    pair_order pairs{.count = n};
    const auto memory = std::make_unique_for_overwrite<std::uint64_t[]>(2 * n);
    const std::span records(memory.get(), n), other(memory.get() + n, n);
    const auto places = std::make_unique_for_overwrite<std::uint32_t[]>(n);
    constexpr std::size_t grain = std::size_t{1} << 15;
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        place(y.subspan(begin, end - begin), places.get() + begin);
    });
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) records[i] = record_of(places[by_x.index[i]], by_x.index[i]);
    });
    // What falls among equal x is no disagreement.
    struct run {
        std::size_t begin, end;
    };
    std::vector<run> runs;
    std::uint64_t equal_x = 0;
    by_x.for_each_repeated([&](std::size_t begin, std::size_t end) {
        runs.push_back({begin, end});
        equal_x += static_cast<std::uint64_t>(end - begin) * (end - begin - 1) / 2;
        pairs.x.add_run(end - begin);
    });
    sequence_order among_equal;
    if (!runs.empty()) {
        std::vector<std::uint64_t> copy(records.begin(), records.end());
        std::vector<sequence_order> found(runs.size());
        parallel_blocks(runs.size(), runs.size() / 256, [&](std::size_t begin, std::size_t end) {
            for (std::size_t r = begin; r < end; ++r) {
                const std::size_t first = runs[r].begin, size = runs[r].end - first;
                found[r] = count_order(y, std::span(copy).subspan(first, size), other.subspan(first, size));
            }
        });
        for (const sequence_order& order : found) among_equal += order;
    }
    const sequence_order order = count_order(y, records, other);
    pairs.y = order.ties;
    pairs.tied_both = among_equal.equal;
    pairs.tied_x = equal_x - pairs.tied_both;
    pairs.tied_y = order.equal - pairs.tied_both;
    pairs.discordant = order.inversions - among_equal.inversions;
    return pairs;
}

} // namespace detail

/// \throws argument_error when the lengths differ, numeric_error naming the index of a NaN.
inline pair_order order_pairs(std::span<const double> x, std::span<const double> y) {
    require(x.size() == y.size(), "paired values of lengths ", x.size(), " and ", y.size());
    const std::size_t n = x.size(), distinct_y = detail::distinct_in_sample(y);
    if (detail::distinct_in_sample(x) < distinct_y) { // few values are quickly counted, not sorted
        pair_order pairs = order_pairs(y, x);
        std::swap(pairs.tied_x, pairs.tied_y);
        std::swap(pairs.x, pairs.y);
        return pairs;
    }
    const ordering by_x = order_of(x);
    const detail::grid_place place = detail::place_of(y);
    std::optional<detail::ranked_values> few;
    if (distinct_y <= detail::most_distinct) few = detail::rank_few(y, place);
    pair_order pairs = few ? detail::order_pairs_of_few(by_x, *few) : detail::order_pairs_of_many(by_x, y, place);
    const std::uint64_t all = n < 2 ? 0 : static_cast<std::uint64_t>(n) * (n - 1) / 2;
    pairs.concordant = all - pairs.discordant - pairs.tied_x - pairs.tied_y - pairs.tied_both;
    return pairs;
}

namespace detail {

inline estimate_status pair_status(const pair_order& p) {
    return p.count == 0 ? estimate_status::empty : p.count < 2 ? estimate_status::too_few : estimate_status::ok;
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
    const auto constant = [](std::span<const double> values) {
        return values.size() > 1 && std::ranges::all_of(values, [&](double v) { return v == values[0]; });
    };
    if (x.size() == y.size() && (constant(x) || constant(y))) { // no pair needs to be counted
        for (const std::span values : {x, y}) detail::place_of(values);
        return estimate::none(estimate_status::constant_input, x.size());
    }
    return kendall_tau_b(order_pairs(x, y), confidence);
}

/// The two-sided p-value of independence by the normal approximation with ties (Kendall 1970; scipy's "asymptotic").
inline double kendall_p_value(const pair_order& p) {
    const auto n = static_cast<double>(p.count);
    if (p.count < 3) return undefined;
    const double difference = static_cast<double>(p.concordant) - static_cast<double>(p.discordant);
    const double variance = (n * (n - 1) * (2 * n + 5) - p.x.wide - p.y.wide) / 18 +
                            p.x.pairs * p.y.pairs / (2 * n * (n - 1)) +
                            p.x.triples * p.y.triples / (9 * n * (n - 1) * (n - 2));
    return variance > 0 ? normal_p_value(difference / std::sqrt(variance)) : undefined;
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
    return concordance(order_pairs(truth, prediction));
}

} // namespace preflearn
