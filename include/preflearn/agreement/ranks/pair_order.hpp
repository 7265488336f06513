/// \file
/// Pairs of observations: concordant, discordant and tied, counted in n log n: one side is sorted, the other's
/// inversions are counted (Knight 1966). Of few distinct values neither is needed.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/agreement/ranks/few_values.hpp>
#include <preflearn/agreement/ranks/inversions.hpp>
#include <preflearn/core/numbers/order.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

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

/// Adds the ties of a run of equal x, in which the ranks of y occur so often.
inline void add_run_of_x(pair_order& pairs, std::span<const std::uint64_t, most_distinct> sizes_of_y) {
    std::uint64_t length = 0;
    for (const std::uint64_t size : sizes_of_y) {
        length += size;
        pairs.tied_both += pairs_among(size);
    }
    pairs.tied_x += pairs_among(length);
    pairs.x.add_run(length);
}

/// Counts what a sequence of ranks of y by rising x tells. \pre the pairs of equal x are counted, and their ranks rise
inline void add_ranks_of_y(pair_order& pairs, const rank_sequence& ranks) {
    pairs.discordant = ranks.falling;
    for (const std::uint64_t size : ranks.sizes) {
        pairs.tied_y += pairs_among(size);
        pairs.y.add_run(size);
    }
    pairs.tied_x -= pairs.tied_both;
    pairs.tied_y -= pairs.tied_both;
}

/// Pairs of few values on both sides, from their contingency table.
inline pair_order order_pairs_of_few(const ranked_values& x, const ranked_values& y) {
    using table = std::array<std::array<std::uint32_t, most_distinct>, most_distinct>;
    constexpr std::size_t grain = std::size_t{1} << 17;
    const std::size_t n = x.rank.size();
    std::vector<table> parts((n + grain - 1) / grain);
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        table& part = parts[begin / grain];
        for (std::size_t i = begin; i < end; ++i) ++part[x.rank[i]][y.rank[i]];
    });
    pair_order pairs{.count = n};
    rank_sequence ranks;
    for (std::size_t r = 0; r < x.distinct; ++r) {
        rank_sequence row; // in order
        for (const table& part : parts)
            for (std::size_t s = 0; s < y.distinct; ++s) row.sizes[s] += part[r][s];
        add_run_of_x(pairs, row.sizes);
        ranks.append(row);
    }
    add_ranks_of_y(pairs, ranks);
    return pairs;
}

/// Pairs of any x and a y of few values, which is counted without being sorted.
inline pair_order order_pairs_of_few(const ordering& by_x, const ranked_values& y) {
    constexpr std::size_t grain = std::size_t{1} << 15;
    const std::size_t n = by_x.size();
    std::vector<std::uint8_t> sequence(n);
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        const std::uint32_t* const index = by_x.index.data(); // bytes may be anything's, a vector's pointer too
        const std::uint8_t* const rank = y.rank.data();
        std::uint8_t* const to = sequence.data();
        for (std::size_t i = begin; i < end; ++i) to[i] = rank[index[i]];
    });
    pair_order pairs{.count = n};
    by_x.for_each_repeated([&](std::size_t begin, std::size_t end) { // in order, equal x have no inversions
        const auto run = std::span(sequence).subspan(begin, end - begin);
        std::array<std::uint64_t, most_distinct> sizes{};
        for (const std::uint8_t rank : run) ++sizes[rank];
        add_run_of_x(pairs, sizes);
        auto to = run.begin();
        for (std::size_t r = 0; r < y.distinct; ++r) to = std::fill_n(to, sizes[r], static_cast<std::uint8_t>(r));
    });
    std::vector<rank_sequence> parts((n + grain - 1) / grain);
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        parts[begin / grain] = count_ranks(std::span(sequence).subspan(begin, end - begin));
    });
    rank_sequence ranks;
    for (const rank_sequence& part : parts) ranks.append(part);
    add_ranks_of_y(pairs, ranks);
    return pairs;
}

/// Pairs by a y of any values.
inline pair_order order_pairs_of_many(const ordering& by_x, std::span<const double> y) {
    const std::size_t n = y.size();
    const grid_place place = place_of(y);
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
        equal_x += pairs_among(end - begin);
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
    const std::size_t distinct_x = detail::distinct_in_sample(x), distinct_y = detail::distinct_in_sample(y);
    if (distinct_x < distinct_y) { // few values are quickly counted, not sorted
        pair_order pairs = order_pairs(y, x);
        std::swap(pairs.tied_x, pairs.tied_y);
        std::swap(pairs.x, pairs.y);
        return pairs;
    }
    const auto few_y = detail::rank_few(y, distinct_y);
    const auto few_x = few_y ? detail::rank_few(x, distinct_x) : std::nullopt;
    pair_order pairs = few_x   ? detail::order_pairs_of_few(*few_x, *few_y)
                       : few_y ? detail::order_pairs_of_few(order_of(x), *few_y)
                               : detail::order_pairs_of_many(order_of(x), y);
    pairs.concordant = detail::pairs_among(x.size()) - pairs.discordant - pairs.tied_x - pairs.tied_y - pairs.tied_both;
    return pairs;
}

} // namespace preflearn
