/// \file
/// Numbers of few distinct values by the ranks of these: pairs are counted from how often each rank has been seen,
/// without sorting them.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/agreement/ranks/inversions.hpp>
#include <preflearn/core/numbers/order.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn::detail {

inline constexpr std::size_t most_distinct = 32; // so that a byte for each fills a vector register

/// How many of a few hundred values differ.
inline std::size_t distinct_in_sample(std::span<const double> values) {
    const std::size_t size = std::min<std::size_t>(values.size(), 256);
    std::array<std::uint64_t, 256> sample;
    for (std::size_t k = 0; k < size; ++k) sample[k] = ordered_bits(values[k * values.size() / size]);
    const auto end = sample.begin() + static_cast<std::ptrdiff_t>(size);
    std::sort(sample.begin(), end);
    return static_cast<std::size_t>(std::unique(sample.begin(), end) - sample.begin());
}

/// The rank of each value among the `distinct` ones, from 0.
struct ranked_values {
    std::vector<std::uint8_t> rank;
    std::size_t distinct = 0;
};

/// The distinct values of a part of a sequence, numbered as they come.
class few_distinct {
  public:
    few_distinct() { of_slot_.fill(empty); }

    /// Writes the number of each value. \return false for too many, or a NaN
    bool add(std::span<const double> values, std::uint8_t* numbers) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            std::size_t slot = (ordered_bits(values[i]) * 0x9E3779B97F4A7C15U) >> (64 - slot_bits); // Fibonacci hashing
            for (; of_slot_[slot] != values[i]; slot = (slot + 1) % of_slot_.size()) {
                if (!std::isnan(of_slot_[slot])) continue;
                if (count_ == most_distinct || std::isnan(values[i])) return false;
                of_slot_[slot] = values_[count_] = values[i];
                number_[slot] = static_cast<std::uint8_t>(count_++);
                break;
            }
            numbers[i] = number_[slot];
        }
        return true;
    }
    [[nodiscard]] std::span<const double> values() const { return std::span(values_).first(count_); }

  private:
    static constexpr unsigned slot_bits = 8;
    static constexpr double empty = std::numeric_limits<double>::quiet_NaN();
    std::array<double, std::size_t{1} << slot_bits> of_slot_;
    std::array<std::uint8_t, std::size_t{1} << slot_bits> number_{};
    std::array<double, most_distinct> values_{};
    std::size_t count_ = 0;
};

/// Nothing where more than `most_distinct` values differ, as a sample may say already, or where one is NaN.
inline std::optional<ranked_values> rank_few(std::span<const double> values, std::size_t distinct_in_sample) {
    if (distinct_in_sample > most_distinct) return std::nullopt;
    constexpr std::size_t grain = std::size_t{1} << 15;
    std::vector<few_distinct> chunks((values.size() + grain - 1) / grain);
    ranked_values few{.rank = std::vector<std::uint8_t>(values.size())};
    std::atomic<bool> refused = false;
    parallel_blocks(values.size(), grain, [&](std::size_t begin, std::size_t end) {
        if (!chunks[begin / grain].add(values.subspan(begin, end - begin), few.rank.data() + begin)) refused = true;
    });
    if (refused) return std::nullopt;
    std::vector<double> distinct;
    for (const few_distinct& chunk : chunks)
        distinct.insert(distinct.end(), chunk.values().begin(), chunk.values().end());
    std::ranges::sort(distinct);
    distinct.erase(std::ranges::unique(distinct).begin(), distinct.end());
    few.distinct = distinct.size();
    if (few.distinct > most_distinct) return std::nullopt;
    parallel_blocks(values.size(), grain, [&](std::size_t begin, std::size_t end) {
        std::array<std::uint8_t, most_distinct> rank{};
        std::ranges::transform(chunks[begin / grain].values(), rank.begin(), [&](double value) {
            return static_cast<std::uint8_t>(std::ranges::lower_bound(distinct, value) - distinct.begin());
        });
        std::uint8_t* const ranks = few.rank.data(); // bytes may be anything's, a vector's pointer too
        for (std::size_t i = begin; i < end; ++i) ranks[i] = rank[ranks[i]];
    });
    return few;
}

/// Of a sequence of ranks: how often each occurs, and the pairs of which the first is larger.
struct rank_sequence {
    std::array<std::uint64_t, most_distinct> sizes{};
    std::uint64_t falling = 0;

    void append(const rank_sequence& next) {
        falling += next.falling + falling_between(sizes, next.sizes);
        for (std::size_t r = 0; r < most_distinct; ++r) sizes[r] += next.sizes[r];
    }
};

inline rank_sequence count_ranks(std::span<const std::uint8_t> ranks) {
    constexpr std::size_t abreast = 4, most = 255; // parts that do not wait for each other, and what a byte counts
    const std::size_t length = ranks.size() / abreast;
    std::array<rank_sequence, abreast> parts;
    for (std::size_t at = 0; at < length; at += most) {
        const std::size_t size = std::min(most, length - at);
        std::array<std::array<std::uint8_t, most_distinct>, abreast> larger{};
        std::array<rank_sequence, abreast> counted;
        for (std::size_t i = 0; i < size; ++i) {
            for (std::size_t k = 0; k < abreast; ++k) {
                const std::size_t rank = ranks[k * length + at + i];
                counted[k].falling += larger[k][rank];
                count_larger(larger[k], rank);
            }
        }
        for (std::size_t k = 0; k < abreast; ++k) {
            std::size_t before = size;
            for (std::size_t r = 0; r < most_distinct; ++r)
                counted[k].sizes[r] = std::exchange(before, larger[k][r]) - larger[k][r];
            parts[k].append(counted[k]);
        }
    }
    rank_sequence all;
    for (const rank_sequence& part : parts) all.append(part);
    for (const std::uint8_t rank : ranks.subspan(abreast * length)) {
        rank_sequence one;
        one.sizes[rank] = 1;
        all.append(one);
    }
    return all;
}

} // namespace preflearn::detail
