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
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/agreement/order.hpp>
#include <preflearn/core/parallel.hpp>

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

/// Nothing where more than `most_distinct` values differ, as a sample may say already, or values so close that they
/// share a digit of the grid.
inline std::optional<ranked_values> rank_few(std::span<const double> values, const grid_place& place,
                                             std::size_t distinct_in_sample) {
    if (distinct_in_sample > most_distinct) return std::nullopt;
    constexpr std::size_t grain = std::size_t{1} << 15;
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    const auto places = std::make_unique_for_overwrite<std::uint32_t[]>(values.size());
    std::vector<std::array<double, digits>> chunks((values.size() + grain - 1) / grain); // a value of each digit
    std::atomic<bool> close = false;
    parallel_blocks(values.size(), grain, [&](std::size_t begin, std::size_t end) {
        place(values.subspan(begin, end - begin), places.get() + begin);
        std::array<double, digits>& of_digit = chunks[begin / grain];
        of_digit.fill(none);
        bool differ = false;
        for (std::size_t i = begin; i < end; ++i) {
            double& value = of_digit[places[i] >> digit_shift];
            if (std::isnan(value)) value = values[i];
            differ |= value != values[i];
        }
        if (differ) close = true;
    });
    if (close) return std::nullopt;
    std::array<std::uint8_t, digits> rank{};
    ranked_values few;
    for (std::size_t d = 0; d < digits; ++d) {
        double value = none;
        for (const std::array<double, digits>& of_digit : chunks) {
            if (std::isnan(of_digit[d])) continue;
            if (std::isnan(value)) value = of_digit[d];
            if (value != of_digit[d]) return std::nullopt;
        }
        if (std::isnan(value)) continue;
        if (few.distinct == most_distinct) return std::nullopt;
        rank[d] = static_cast<std::uint8_t>(few.distinct++);
    }
    few.rank.resize(values.size());
    parallel_blocks(values.size(), grain, [&](std::size_t begin, std::size_t end) {
        std::uint8_t* const ranks = few.rank.data(); // bytes may be anything's, a vector's pointer too
        for (std::size_t i = begin; i < end; ++i) ranks[i] = rank[places[i] >> digit_shift];
    });
    return few;
}

/// Of a sequence of ranks: how often each occurs, and the pairs of which the first is larger.
struct rank_sequence {
    std::array<std::uint64_t, most_distinct> sizes{};
    std::uint64_t falling = 0;

    void append(const rank_sequence& next) {
        std::uint64_t larger = 0;
        for (std::size_t r = most_distinct; r-- > 0;) {
            falling += larger * next.sizes[r];
            larger += sizes[r];
        }
        for (std::size_t r = 0; r < most_distinct; ++r) sizes[r] += next.sizes[r];
        falling += next.falling;
    }
};

/// Row r adds one to each counter below r.
inline constexpr auto below_rank = [] {
    std::array<std::array<std::uint8_t, most_distinct>, most_distinct> rows{};
    for (std::size_t r = 0; r < most_distinct; ++r)
        for (std::size_t below = 0; below < r; ++below) rows[r][below] = 1;
    return rows;
}();

inline rank_sequence count_ranks(std::span<const std::uint8_t> ranks) {
    rank_sequence all;
    while (!ranks.empty()) {
        const auto block = ranks.first(std::min<std::size_t>(ranks.size(), 255)); // is counted in bytes
        ranks = ranks.subspan(block.size());
        rank_sequence counted;
        std::array<std::uint8_t, most_distinct> larger{};
        for (const std::uint8_t rank : block) {
            counted.falling += larger[rank];
            for (std::size_t r = 0; r < most_distinct; ++r)
                larger[r] = static_cast<std::uint8_t>(larger[r] + below_rank[rank][r]);
        }
        std::size_t before = block.size();
        for (std::size_t r = 0; r < most_distinct; ++r) counted.sizes[r] = std::exchange(before, larger[r]) - larger[r];
        all.append(counted);
    }
    return all;
}

} // namespace preflearn::detail
