/// \file
/// Of a sequence of numbers, in n log n: the pairs whose first number is larger, the pairs of equal numbers and the
/// runs of these. A radix sort counts as it goes, where Knight (1966) has a merge sort.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <preflearn/agreement/order.hpp>
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
    std::array<Value, most_few> places{};
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

} // namespace detail

} // namespace preflearn
