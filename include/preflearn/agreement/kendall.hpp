/// \file
/// Pairs of pairs: concordant, discordant and tied, counted in n log n (as Knight 1966 does, with radix sorts for his
/// merge sorts), and what is made of them: Kendall's tau-b, Goodman & Kruskal's gamma, Somers' d and the concordance
/// index.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <preflearn/agreement/correlation.hpp>
#include <preflearn/agreement/estimate.hpp>
#include <preflearn/agreement/order.hpp>
#include <preflearn/core/distribution.hpp>
#include <preflearn/core/error.hpp>
#include <preflearn/core/parallel.hpp>

namespace preflearn {

/// Σ t(t - 1)(2t + 5), Σ t(t - 1)(t - 2) and Σ t(t - 1) over runs of t equal values, for the variance under
/// independence.
struct tie_sums {
    double wide = 0, triples = 0, pairs = 0;

    void add_run(std::size_t length) {
        const auto t = static_cast<double>(length);
        wide += t * (t - 1) * (2 * t + 5);
        triples += t * (t - 1) * (t - 2);
        pairs += t * (t - 1);
    }
};

/// Pairs of observations by how x and y order them. The five sum to n(n - 1)/2.
struct pair_order {
    std::uint64_t concordant = 0, discordant = 0;
    /// Equal in x alone, in y alone, in both.
    std::uint64_t tied_x = 0, tied_y = 0, tied_both = 0;
    std::size_t count = 0;
    tie_sums x{}, y{};
};

namespace detail {

/// Of a sequence: pairs whose first value is larger, pairs of equal values, and the runs of these.
struct sequence_order {
    std::uint64_t inversions = 0, equal = 0;
    tie_sums ties{};

    void operator+=(const sequence_order& other) {
        inversions += other.inversions;
        equal += other.equal;
        ties.wide += other.ties.wide;
        ties.triples += other.ties.triples;
        ties.pairs += other.ties.pairs;
    }
};

inline sequence_order run_of(std::size_t equal_values) {
    sequence_order order{.equal = static_cast<std::uint64_t>(equal_values) * (equal_values - 1) / 2};
    order.ties.add_run(equal_values);
    return order;
}

/// Pairs i < j with values[i] > values[j], and whether a value is there twice.
struct block_order {
    std::uint64_t inversions;
    bool repeated;
};

/// Counts among at most `Most` values, all against all: each step compares one value with `Lanes` that follow at a
/// distance, in vector registers, where the padding is never smaller (and may pass for a repeated value).
/// \tparam Repeats whether these are looked for
template <std::size_t Most, std::size_t Lanes, bool Repeats, class Value>
block_order count_block(const Value* values, std::size_t n) {
    using count = std::make_unsigned_t<Value>;
    std::array<Value, Most + Lanes> padded;
    padded.fill(std::numeric_limits<Value>::max());
    std::copy_n(values, n, padded.begin());
    block_order order{};
    for (std::size_t distance = 1; distance < n; distance += Lanes) {
        std::array<count, Lanes> smaller{}, equal{}; // at most Most each, which every count holds
        for (std::size_t i = 0; i + distance < n; ++i) {
            const Value* const after = padded.data() + i + distance;
            for (std::size_t j = 0; j < Lanes; ++j) {
                smaller[j] = static_cast<count>(smaller[j] + (padded[i] > after[j]));
                if constexpr (Repeats) equal[j] = static_cast<count>(equal[j] + (padded[i] == after[j]));
            }
        }
        for (const count c : smaller) order.inversions += c;
        for (const count c : equal) order.repeated |= c != 0;
    }
    return order;
}

/// How often each byte at bit `shift` occurs.
using byte_counts = std::array<std::uint32_t, 256>;
inline byte_counts count_bytes(std::span<const std::uint64_t> records, unsigned shift) {
    byte_counts counts{};
    for (const std::uint64_t record : records) ++counts[record >> shift & 0xFF];
    return counts;
}

/// Scatters records stably by their byte at bit `shift`, byte d to other[next[d]++], and counts the pairs in which the
/// byte falls. Bytes of earlier blocks are counted by value, those within a block all against all.
inline std::uint64_t scatter_counting(std::span<const std::uint64_t> records, std::uint64_t* other, byte_counts next,
                                      unsigned shift) {
    constexpr std::size_t block = 128;
    const byte_counts starts = next;
    std::uint64_t inversions = 0;
    std::array<std::int8_t, block> bytes; // signed, as vector registers compare them
    for (std::size_t begin = 0; begin < records.size(); begin += block) {
        const std::size_t size = std::min(block, records.size() - begin);
        byte_counts above; // records before the block whose byte is larger
        std::uint32_t larger = 0;
        for (std::size_t d = above.size(); d-- > 0;) {
            above[d] = larger;
            larger += next[d] - starts[d];
        }
        for (std::size_t i = 0; i < size; ++i) {
            const std::uint64_t record = records[begin + i];
            const auto byte = static_cast<std::uint8_t>(record >> shift);
            bytes[i] = static_cast<std::int8_t>(byte - 128);
            inversions += above[byte];
            other[next[byte]++] = record;
        }
        inversions += count_block<block, 32, false>(bytes.data(), size).inversions;
    }
    return inversions;
}

/// Whether all values whose places share a top byte are equal.
using alike_bytes = std::array<bool, 256>;

inline sequence_order count_order(std::span<const double> values, std::span<std::uint64_t> records,
                                  std::span<std::uint64_t> other, unsigned shift = 56,
                                  const alike_bytes* alike = nullptr);

/// The same of values that share a place.
inline sequence_order count_shared_place(std::span<const double> values, std::span<std::uint64_t> records,
                                         std::span<std::uint64_t> other) {
    return refine_places(values, records) ? count_order(values, records, other) : run_of(records.size());
}

/// The same of few values. \tparam Value a signed number of as many of the places' lowest bits as differ
inline constexpr std::size_t most_few = 64;
template <class Value>
sequence_order count_few(std::span<const double> values, std::span<std::uint64_t> records,
                         std::span<std::uint64_t> other) {
    const std::size_t n = records.size();
    std::array<Value, most_few> places;
    for (std::size_t i = 0; i < n; ++i)
        places[i] = static_cast<Value>(records[i] >> 32 ^ std::uint64_t{1} << (8 * sizeof(Value) - 1));
    sequence_order order;
    const block_order found = count_block<most_few, 16, true>(places.data(), n);
    order.inversions = found.inversions;
    if (!found.repeated) return order;
    for (std::size_t i = 1; i < n; ++i) { // equal places come together and keep their order
        const std::uint64_t record = records[i];
        std::size_t j = i;
        for (; j > 0 && records[j - 1] >> 32 > record >> 32; --j) records[j] = records[j - 1];
        records[j] = record;
    }
    for (std::size_t begin = 0, end = 0; begin < n; begin = end) {
        for (end = begin + 1; end < n && records[end] >> 32 == records[begin] >> 32;) ++end;
        if (end - begin > 1)
            order += count_shared_place(values, records.subspan(begin, end - begin), other.first(end - begin));
    }
    return order;
}

/// Counts a sequence of values given by records of place and index, whose places agree above bit `shift + 8`: a stable
/// radix sort from the top byte, which counts the pairs of different bytes here and the others one level down.
/// Reorders both buffers. \param alike of the bytes at bit `shift`
inline sequence_order count_order(std::span<const double> values, std::span<std::uint64_t> records,
                                  std::span<std::uint64_t> other, unsigned shift, const alike_bytes* alike) {
    const std::size_t n = records.size();
    if (n < 2) return {};
    if (n <= most_few)
        return shift > 40 ? count_few<std::int32_t>(values, records, other)
                          : count_few<std::int16_t>(values, records, other);
    constexpr std::size_t grain = std::size_t{1} << 17, bytes = 256;
    const std::size_t chunks = (n + grain - 1) / grain;
    std::vector<byte_counts> next(chunks);
    for (;; shift -= 8, alike = nullptr) {
        parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
            next[begin / grain] = count_bytes(records.subspan(begin, end - begin), shift);
        });
        const std::size_t first = records[0] >> shift & 0xFF;
        std::size_t same = 0;
        for (const byte_counts& chunk : next) same += chunk[first];
        if (same < n) break;
        if (alike != nullptr && (*alike)[first]) return run_of(n);
        if (shift == 32) return count_shared_place(values, records, other);
    }
    sequence_order order;
    byte_counts before{}; // of the chunks before
    for (const byte_counts& chunk : next) {
        std::uint64_t larger = 0;
        for (std::size_t d = bytes; d-- > 0;) {
            order.inversions += larger * chunk[d];
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
    std::vector<std::uint64_t> falls(chunks);
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        falls[begin / grain] =
            scatter_counting(records.subspan(begin, end - begin), other.data(), next[begin / grain], shift);
    });
    for (const std::uint64_t count : falls) order.inversions += count;
    const auto count_bucket = [&](std::size_t d) {
        const std::size_t first = starts[d], size = starts[d + 1] - first;
        const auto bucket = other.subspan(first, size), space = records.subspan(first, size);
        if (size < 2) return sequence_order{};
        if (alike != nullptr && (*alike)[d]) return run_of(size);
        return shift > 32 ? count_order(values, bucket, space, shift - 8) : count_shared_place(values, bucket, space);
    };
    if (n > grain) {
        std::vector<sequence_order> found(bytes);
        parallel_for(bytes, [&](std::size_t d) { found[d] = count_bucket(d); });
        for (const sequence_order& bucket : found) order += bucket;
    } else {
        for (std::size_t d = 0; d < bytes; ++d) order += count_bucket(d);
    }
    return order;
}

/// \param place of the same values
inline alike_bytes find_alike(std::span<const double> values, const grid_place& place) {
    constexpr std::size_t grain = std::size_t{1} << 17, bytes = 256;
    struct ranges {
        std::array<std::uint64_t, bytes> low, high;
        ranges() {
            low.fill(std::numeric_limits<std::uint64_t>::max());
            high.fill(0);
        }
        void add(std::size_t byte, std::uint64_t first, std::uint64_t last) {
            low[byte] = std::min(low[byte], first);
            high[byte] = std::max(high[byte], last);
        }
    };
    std::vector<ranges> found((values.size() + grain - 1) / grain);
    parallel_blocks(values.size(), grain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::uint64_t bits = ordered_bits(values[i]);
            found[begin / grain].add(place(values[i]) >> 24, bits, bits);
        }
    });
    ranges all;
    for (const ranges& r : found)
        for (std::size_t d = 0; d < bytes; ++d) all.add(d, r.low[d], r.high[d]);
    alike_bytes alike;
    for (std::size_t d = 0; d < bytes; ++d) alike[d] = all.low[d] == all.high[d];
    return alike;
}

/// How many of a few hundred values differ.
inline std::size_t distinct_in_sample(std::span<const double> values) {
    const std::size_t size = std::min<std::size_t>(values.size(), 256);
    std::array<std::uint64_t, 256> sample;
    for (std::size_t k = 0; k < size; ++k) sample[k] = ordered_bits(values[k * values.size() / size]);
    const auto end = sample.begin() + static_cast<std::ptrdiff_t>(size);
    std::sort(sample.begin(), end);
    return static_cast<std::size_t>(std::unique(sample.begin(), end) - sample.begin());
}

} // namespace detail

/// \throws argument_error when the lengths differ, numeric_error naming the index of a NaN.
inline pair_order order_pairs(std::span<const double> x, std::span<const double> y) {
    require(x.size() == y.size(), "paired values of lengths ", x.size(), " and ", y.size());
    const std::size_t distinct_y = detail::distinct_in_sample(y);
    if (detail::distinct_in_sample(x) < distinct_y) { // few values are quickly counted, not sorted
        pair_order pairs = order_pairs(y, x);
        std::swap(pairs.tied_x, pairs.tied_y);
        std::swap(pairs.x, pairs.y);
        return pairs;
    }
    const std::size_t n = x.size();
    pair_order pairs{.count = n};
    const ordering by_x = order_of(x);
    const detail::grid_place place = detail::place_of(y);
    const auto memory = std::make_unique_for_overwrite<std::uint64_t[]>(2 * n);
    const std::span records(memory.get(), n), other(memory.get() + n, n);
    const auto places = std::make_unique_for_overwrite<std::uint32_t[]>(n);
    constexpr std::size_t grain = std::size_t{1} << 15;
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) places[i] = static_cast<std::uint32_t>(place(y[i]));
    });
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) records[i] = detail::record_of(places[by_x.index[i]], by_x.index[i]);
    });
    const detail::alike_bytes alike = distinct_y <= 64 ? detail::find_alike(y, place) : detail::alike_bytes{};
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
    detail::sequence_order among_equal;
    if (!runs.empty()) {
        std::vector<std::uint64_t> copy(records.begin(), records.end());
        std::vector<detail::sequence_order> found(runs.size());
        parallel_blocks(runs.size(), runs.size() / 256, [&](std::size_t begin, std::size_t end) {
            for (std::size_t r = begin; r < end; ++r) {
                const std::size_t first = runs[r].begin, size = runs[r].end - first;
                found[r] = detail::count_order(y, std::span(copy).subspan(first, size), other.subspan(first, size), 56,
                                               &alike);
            }
        });
        for (const detail::sequence_order& order : found) among_equal += order;
    }
    const detail::sequence_order order = detail::count_order(y, records, other, 56, &alike);
    pairs.y = order.ties;
    pairs.tied_both = among_equal.equal;
    pairs.tied_x = equal_x - pairs.tied_both;
    pairs.tied_y = order.equal - pairs.tied_both;
    pairs.discordant = order.inversions - among_equal.inversions;
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
