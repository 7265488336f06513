/// \file
/// Of a sequence of numbers, in n log n: the pairs whose first number is larger, the pairs of equal numbers and the
/// runs of these. A radix sort counts as it goes, where Knight (1966) has a merge sort.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <preflearn/core/numbers/order.hpp>
#include <preflearn/core/system/parallel.hpp>

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

inline std::uint64_t pairs_among(std::uint64_t count) { return count * (count - 1) / 2; }

inline sequence_order run_of(std::size_t equal_values) {
    sequence_order order{.equal = pairs_among(equal_values)};
    order.ties.add_run(equal_values);
    return order;
}

/// Row k adds one to each counter below k.
template <class Counter, std::size_t Counters>
inline constexpr auto rows_below = [] {
    std::array<std::array<Counter, Counters>, Counters> rows{};
    for (std::size_t k = 0; k < Counters; ++k)
        for (std::size_t below = 0; below < k; ++below) rows[k][below] = 1;
    return rows;
}();

/// Counts k as larger than all below it; the counters fill one or two vector registers.
template <class Counter, std::size_t Counters>
[[gnu::always_inline]] inline void count_larger(std::array<Counter, Counters>& larger, std::size_t k) {
    const std::array<Counter, Counters>& row = rows_below<Counter, Counters>[k];
    for (std::size_t below = 0; below < Counters; ++below)
        larger[below] = static_cast<Counter>(larger[below] + row[below]);
}

/// Of two parts of a sequence, given by how often each number occurs, the pairs of which the first is larger.
template <class Counts> std::uint64_t falling_between(const Counts& before, const Counts& after) {
    std::uint64_t falling = 0, larger = 0;
    for (std::size_t k = before.size(); k-- > 0;) {
        falling += larger * after[k];
        larger += before[k];
    }
    return falling;
}

/// Digits seen, at most 65535: for each digit it is known how many with a larger upper half have been seen and, of the
/// same upper half, with a larger lower one.
class seen_digits {
  public:
    /// Adds a digit. \return how many of those before are larger
    std::uint32_t add(std::size_t digit) {
        const std::size_t upper = digit / halves, lower = digit % halves;
        row& larger_here = larger_lower_[upper];
        const std::uint32_t larger = std::uint32_t{larger_upper_[upper]} + larger_here[lower];
        count_larger(larger_upper_, upper);
        count_larger(larger_here, lower);
        return larger;
    }

  private:
    using row = std::array<std::uint16_t, halves>;
    row larger_upper_{};
    std::array<row, halves> larger_lower_{};
};

/// Scatters at most 65535 records stably by their digit at bit `shift`, digit d from other[next[d]] on, and counts the
/// pairs in which the digit falls.
inline std::uint64_t scatter_counting(std::span<const std::uint64_t> records, std::uint64_t* other, digit_counts next,
                                      unsigned shift) {
    seen_digits seen;
    std::uint64_t inversions = 0;
    for (const std::uint64_t record : records) {
        const std::size_t digit = digit_of(record, shift);
        inversions += seen.add(digit);
        put_fetching_next(record, other + next[digit]++);
    }
    return inversions;
}

/// Of the digits of consecutive parts of a sequence, the pairs of different parts in which the digit falls.
inline std::uint64_t count_between(std::span<const digit_counts> parts) {
    std::uint64_t inversions = 0;
    digit_counts before{};
    for (const digit_counts& part : parts) {
        inversions += falling_between(before, part);
        for (std::size_t d = 0; d < radix; ++d) before[d] += part[d];
    }
    return inversions;
}

inline sequence_order count_order(std::span<const double> values, std::span<std::uint64_t> records,
                                  std::span<std::uint64_t> other, unsigned width = 32);

/// The same of values that share a place.
inline sequence_order count_shared_place(std::span<const double> values, std::span<std::uint64_t> records,
                                         std::span<std::uint64_t> other) {
    return refine_places(values, records) ? count_order(values, records, other) : run_of(records.size());
}

/// The same of a few records whose places fall between those less than `group` apart alone: each step compares one
/// place with those at eight distances, or eight with one distance, in vector registers. Sorts records where places are
/// equal.
inline sequence_order count_groups(std::span<const double> values, std::span<std::uint64_t> records,
                                   std::span<std::uint64_t> other, std::size_t group) {
    const std::size_t n = records.size();
    const near_places places(records, group);
    const auto pairs = places.count_pairs(n);
    sequence_order order{.inversions = pairs.falling};
    if (pairs.equal == 0) return order;
    insertion_sort(records); // equal places come together and keep their order
    for (std::size_t begin = 0, end = 0; begin < n; begin = end) {
        for (end = begin + 1; end < n && records[end] >> 32 == records[begin] >> 32;) ++end;
        if (end - begin > 1)
            order += count_shared_place(values, records.subspan(begin, end - begin), other.first(end - begin));
    }
    return order;
}

/// The same of what fits the cache.
inline sequence_order count_in_cache(std::span<const double> values, std::span<std::uint64_t> records,
                                     std::span<std::uint64_t> other) {
    const unsigned width = differing_bits(records);
    if (width == 0) return count_shared_place(values, records, other);
    const unsigned rest = width > digit_bits ? width - digit_bits : 0;
    const digit_counts sizes = count_digits(records, 32 + rest);
    digit_counts starts;
    std::exclusive_scan(sizes.begin(), sizes.end(), starts.begin(), 0U);
    sequence_order order{.inversions = scatter_counting(records, other.data(), starts, 32 + rest)};
    std::size_t first = 0, group = 0; // small groups are counted together
    const auto count_small = [&](std::size_t end) {
        if (group > 1) order += count_groups(values, other.subspan(first, end - first), records.subspan(first), group);
        first = end;
        group = 0;
    };
    for (std::size_t d = 0; d < radix; ++d) {
        const std::size_t begin = starts[d], size = sizes[d], end = begin + size;
        if (size > most_group) {
            count_small(begin);
            order += count_order(values, other.subspan(begin, size), records.subspan(begin, size), rest);
            first = end;
            continue;
        }
        if (end - first > most_near - most_group) count_small(begin);
        group = std::max(group, size);
    }
    count_small(records.size());
    return order;
}

/// Counts a sequence of values given by records of place and index, whose places agree but for the lowest `width` bits:
/// a stable radix sort from the top digit, which counts the pairs of different digits here and the others one level
/// down. Reorders both buffers.
inline sequence_order count_order(std::span<const double> values, std::span<std::uint64_t> records,
                                  std::span<std::uint64_t> other, unsigned width) {
    constexpr std::size_t grain = std::size_t{1} << 15;
    const std::size_t n = records.size();
    if (n < 2) return {};
    if (n <= 64) return count_groups(values, records, other, n);
    if (n <= grain) return count_in_cache(values, records, other);
    const std::size_t chunks = (n + grain - 1) / grain;
    std::vector<digit_counts> next(chunks);
    unsigned shift = 0;
    for (;; width -= digit_bits) {
        shift = 32 + std::max(width, digit_bits) - digit_bits;
        parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
            next[begin / grain] = count_digits(records.subspan(begin, end - begin), shift);
        });
        const std::size_t first = digit_of(records[0], shift);
        std::size_t same = 0;
        for (const digit_counts& chunk : next) same += chunk[first];
        if (same < n) break;
        if (shift == 32) return count_shared_place(values, records, other);
    }
    sequence_order order{.inversions = count_between(next)};
    const auto starts = start_digits(next);
    std::vector<std::uint64_t> falls(chunks);
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        falls[begin / grain] =
            scatter_counting(records.subspan(begin, end - begin), other.data(), next[begin / grain], shift);
    });
    for (const std::uint64_t count : falls) order.inversions += count;
    std::vector<sequence_order> found(radix);
    parallel_blocks(radix, 16, [&](std::size_t begin, std::size_t end) {
        std::vector<std::uint64_t> near; // that stays in the cache
        const auto bucket = [&](std::size_t d) { return other.subspan(starts[d], starts[d + 1] - starts[d]); };
        for (std::size_t d = begin; d < end; ++d) {
            if (d + 1 < end) fetch(bucket(d + 1));
            const std::size_t size = bucket(d).size();
            if (size < 2) continue;
            if (size <= grain && size > near.size()) near.resize(size);
            const auto space = size <= grain ? std::span(near).first(size) : records.subspan(starts[d], size);
            found[d] = shift > 32 ? count_order(values, bucket(d), space, shift - 32)
                                  : count_shared_place(values, bucket(d), space);
        }
    });
    for (const sequence_order& bucket : found) order += bucket;
    return order;
}

} // namespace detail

} // namespace preflearn
