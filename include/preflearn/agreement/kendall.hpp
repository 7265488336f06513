/// \file
/// Pairs of pairs: concordant, discordant and tied, counted in n log n (as Knight 1966 does, with a radix sort for his
/// merge sort), and what is made of them: Kendall's tau-b, Goodman & Kruskal's gamma, Somers' d and the concordance
/// index.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/agreement/correlation.hpp>
#include <preflearn/agreement/estimate.hpp>
#include <preflearn/agreement/order.hpp>
#include <preflearn/core/distribution.hpp>
#include <preflearn/core/error.hpp>
#include <preflearn/core/parallel.hpp>

namespace preflearn {

namespace detail {

/// Pairs i < j with values[i] > values[j] among at most `Block` values, all against all: each step compares one value
/// with the `Block` behind it, in vector registers, where the padding is never smaller.
template <std::size_t Block, class Value> std::uint64_t count_inversions_of_block(const Value* values, std::size_t n) {
    std::array<Value, 2 * Block> padded;
    padded.fill(std::numeric_limits<Value>::max());
    std::copy_n(values, n, padded.begin());
    std::array<Value, Block> smaller{}; // at most Block each, which every Value holds
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < Block; ++j)
            smaller[j] = static_cast<Value>(smaller[j] + (padded[i] > padded[i + 1 + j]));
    std::uint64_t sum = 0;
    for (const Value count : smaller) sum += count;
    return sum;
}

/// How often each byte at bit `shift` occurs.
using byte_counts = std::array<std::uint32_t, 256>;
inline byte_counts count_bytes(std::span<const std::uint32_t> values, unsigned shift) {
    byte_counts counts{};
    for (const std::uint32_t value : values) ++counts[value >> shift & 0xFF];
    return counts;
}

/// Scatters `values` stably by their byte at bit `shift`, byte d to other[next[d]++], and counts the pairs of `values`
/// in which the byte falls. Bytes of earlier blocks are counted by value, those within a block all against all.
inline std::uint64_t scatter_counting(std::span<const std::uint32_t> values, std::uint32_t* other, byte_counts next,
                                      unsigned shift) {
    constexpr std::size_t block = 128;
    const byte_counts starts = next;
    std::uint64_t inversions = 0;
    std::array<std::uint8_t, block> bytes;
    for (std::size_t begin = 0; begin < values.size(); begin += block) {
        const std::size_t size = std::min(block, values.size() - begin);
        byte_counts above; // values before the block whose byte is larger
        std::uint32_t larger = 0;
        for (std::size_t d = above.size(); d-- > 0;) {
            above[d] = larger;
            larger += next[d] - starts[d];
        }
        for (std::size_t i = 0; i < size; ++i) {
            const std::uint32_t value = values[begin + i];
            const std::uint8_t byte = bytes[i] = static_cast<std::uint8_t>(value >> shift);
            inversions += above[byte];
            other[next[byte]++] = value;
        }
        inversions += count_inversions_of_block<block>(bytes.data(), size);
    }
    return inversions;
}

/// The pairs i < j with values[i] > values[j] of values that agree above bit `shift + 8`: a stable radix sort from the
/// top byte, which counts the pairs of different bytes here and the others one level down. Reorders both buffers.
inline std::uint64_t count_inversions_below(std::span<std::uint32_t> values, std::span<std::uint32_t> other,
                                            unsigned shift) {
    const std::size_t n = values.size();
    if (n < 2) return 0;
    if (n <= 16) return count_inversions_of_block<16>(values.data(), n);
    if (n <= 64) return count_inversions_of_block<64>(values.data(), n);
    constexpr std::size_t grain = std::size_t{1} << 17, bytes = 256;
    const std::size_t chunks = (n + grain - 1) / grain;
    std::vector<byte_counts> next(chunks);
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        next[begin / grain] = count_bytes(values.subspan(begin, end - begin), shift);
    });
    std::uint64_t inversions = 0;
    byte_counts before{}; // of the chunks before
    for (const byte_counts& chunk : next) {
        std::uint64_t larger = 0;
        for (std::size_t d = bytes; d-- > 0;) {
            inversions += larger * chunk[d];
            larger += before[d];
        }
        for (std::size_t d = 0; d < bytes; ++d) before[d] += chunk[d];
    }
    std::array<std::uint32_t, bytes + 1> starts{};
    std::uint32_t start = 0;
    for (std::size_t d = 0; d < bytes; ++d) {
        for (byte_counts& chunk : next) start += std::exchange(chunk[d], start);
        starts[d + 1] = start;
    }
    std::vector<std::uint64_t> found(std::max(chunks, bytes));
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        found[begin / grain] =
            scatter_counting(values.subspan(begin, end - begin), other.data(), next[begin / grain], shift);
    });
    const auto add_found = [&] {
        for (std::uint64_t& count : found) inversions += std::exchange(count, 0);
    };
    add_found();
    if (shift == 0) return inversions;
    const auto count_bucket = [&](std::size_t d) {
        const std::size_t first = starts[d], size = starts[d + 1] - first;
        found[d] =
            count_inversions_below(other.subspan(first, size), values.subspan(first, size), shift < 8 ? 0 : shift - 8);
    };
    if (n > grain) {
        parallel_for(bytes, count_bucket);
    } else {
        for (std::size_t d = 0; d < bytes; ++d) count_bucket(d);
    }
    add_found();
    return inversions;
}

/// The pairs i < j with values[i] > values[j]; values lie below `bound`. Reorders the values.
inline std::uint64_t count_inversions(std::span<std::uint32_t> values, std::uint32_t bound) {
    const auto bits = static_cast<unsigned>(std::bit_width(bound));
    std::vector<std::uint32_t> other(values.size());
    return count_inversions_below(values, other, bits < 8 ? 0 : bits - 8);
}

} // namespace detail

/// Pairs of observations by how x and y order them. The five sum to n(n - 1)/2.
struct pair_order {
    std::uint64_t concordant = 0, discordant = 0;
    /// Equal in x alone, in y alone, in both.
    std::uint64_t tied_x = 0, tied_y = 0, tied_both = 0;
    std::size_t count = 0;
    /// Σ t(t - 1)(2t + 5), Σ t(t - 1)(t - 2) and Σ t(t - 1) over runs of t equal values, for the variance under
    /// independence.
    struct ties {
        double wide = 0, triples = 0, pairs = 0;
    } x{}, y{};
};

/// \throws argument_error when the lengths differ, numeric_error naming the index of a NaN.
inline pair_order order_pairs(std::span<const double> x, std::span<const double> y) {
    require(x.size() == y.size(), "paired values of lengths ", x.size(), " and ", y.size());
    const std::size_t n = x.size();
    pair_order pairs{.count = n};
    ordering order[2];
    parallel_for(2, [&](std::size_t side) { order[side] = order_of(side == 0 ? x : y); });
    const auto add_run = [](pair_order::ties& ties, std::size_t length) {
        const auto t = static_cast<double>(length);
        ties.wide += t * (t - 1) * (2 * t + 5);
        ties.triples += t * (t - 1) * (t - 2);
        ties.pairs += t * (t - 1);
        return static_cast<std::uint64_t>(length) * (length - 1) / 2;
    };
    // A value's rank is where its run of equal values starts.
    std::vector<std::uint32_t> rank(n), by_x(n);
    constexpr std::size_t grain = std::size_t{1} << 17;
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        std::size_t run = begin;
        while (run > 0 && order[1].tied[run]) --run;
        for (std::size_t i = begin; i < end; ++i) {
            run = order[1].tied[i] ? run : i;
            rank[order[1].index[i]] = static_cast<std::uint32_t>(run);
        }
    });
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) by_x[i] = rank[order[0].index[i]];
    });
    std::uint64_t equal_x = 0, equal_y = 0;
    order[1].for_each_tie([&](std::size_t begin, std::size_t end) {
        if (end - begin > 1) equal_y += add_run(pairs.y, end - begin);
    });
    order[0].for_each_tie([&](std::size_t begin, std::size_t end) {
        if (end - begin < 2) return;
        equal_x += add_run(pairs.x, end - begin);
        std::sort(by_x.begin() + static_cast<std::ptrdiff_t>(begin), by_x.begin() + static_cast<std::ptrdiff_t>(end));
        for (std::size_t i = begin; i < end;) {
            std::size_t j = i + 1;
            while (j < end && by_x[j] == by_x[i]) ++j;
            pairs.tied_both += static_cast<std::uint64_t>(j - i) * (j - i - 1) / 2;
            i = j;
        }
    });
    pairs.discordant = detail::count_inversions(by_x, static_cast<std::uint32_t>(n));
    pairs.tied_x = equal_x - pairs.tied_both;
    pairs.tied_y = equal_y - pairs.tied_both;
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
