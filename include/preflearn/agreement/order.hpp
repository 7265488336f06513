/// \file
/// The order of many numbers, and midranks: what every rank metric starts from. A radix sort of the numbers' places on
/// a linear 32-bit grid puts nearly all of them right; numbers that share a place are compared exactly. About five
/// times as fast as std::sort on a million scores, and n log n for any input.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/error.hpp>

namespace preflearn {

namespace detail {

/// A monotone map of the finite values onto [0, 2^32 - 1]; infinities go to the ends.
class grid_place {
  public:
    grid_place(double low, double high) : low_(low / 2), scale_(high > low ? 4294967295.0 / (high / 2 - low / 2) : 0) {
        if (!std::isfinite(scale_)) scale_ = 0; // a range below the smallest normal number: all share a place
    }
    std::uint64_t operator()(double x) const {
        const double place = scale_ == 0 ? 0 : (x / 2 - low_) * scale_;
        return static_cast<std::uint64_t>(std::clamp(place, 0.0, 4294967295.0));
    }

  private:
    double low_, scale_; // of the halves, so that the range of the type does not overflow
};

} // namespace detail

/// The indices of `values` by rising value; equal values keep their order (0 and -0 are equal). At most 2^32 - 1
/// values. \throws numeric_error naming the index of a NaN.
inline std::vector<std::uint32_t> sorted_order(std::span<const double> values) {
    const std::size_t n = values.size();
    require(n < std::numeric_limits<std::uint32_t>::max(), "an order of ", n, " values");
    double low = std::numeric_limits<double>::max(), high = -low;
    bool bad = false;
    for (const double x : values) {
        bad |= std::isnan(x);
        const bool finite = std::abs(x) <= std::numeric_limits<double>::max();
        low = finite && x < low ? x : low;
        high = finite && x > high ? x : high;
    }
    for (std::size_t i = 0; bad && i < n; ++i) require<numeric_error>(!std::isnan(values[i]), "value ", i, " is NaN");

    const detail::grid_place place(low, high);
    constexpr std::size_t digits = 3, bits = 11, buckets = 1 << bits;
    std::vector<std::array<std::uint32_t, buckets>> starts(digits);
    for (auto& digit : starts) digit.fill(0);
    std::vector<std::uint64_t> records(n), moved(n); // place << 32 | index
    for (std::size_t i = 0; i < n; ++i) {
        const std::uint64_t key = place(values[i]);
        records[i] = key << 32 | i;
        for (std::size_t d = 0; d < digits; ++d) ++starts[d][key >> (d * bits) & (buckets - 1)];
    }
    for (std::size_t d = 0; d < digits; ++d) {
        std::uint32_t start = 0, largest = 0;
        for (std::uint32_t& bucket : starts[d]) {
            const std::uint32_t size = bucket;
            largest = std::max(largest, size);
            bucket = start;
            start += size;
        }
        if (largest == n) continue; // one bucket: nothing moves
        for (const std::uint64_t record : records)
            moved[starts[d][record >> (32 + d * bits) & (buckets - 1)]++] = record;
        records.swap(moved);
    }
    std::vector<std::uint32_t> order(n);
    for (std::size_t begin = 0; begin < n;) {
        std::size_t end = begin;
        bool sorted = true;
        do {
            order[end] = static_cast<std::uint32_t>(records[end]);
            sorted = sorted && (end == begin || !(values[order[end]] < values[order[end - 1]]));
            ++end;
        } while (end < n && records[end] >> 32 == records[begin] >> 32);
        if (!sorted) {
            std::sort(order.begin() + static_cast<std::ptrdiff_t>(begin),
                      order.begin() + static_cast<std::ptrdiff_t>(end), [&](std::uint32_t a, std::uint32_t b) {
                          return values[a] < values[b] || (values[a] == values[b] && a < b);
                      });
        }
        begin = end;
    }
    return order;
}

/// Calls `visit(begin, end)` for every run of equal values in a sorted order.
template <class Visit>
void for_each_tie(std::span<const double> values, std::span<const std::uint32_t> order, Visit&& visit) {
    for (std::size_t begin = 0; begin < order.size();) {
        std::size_t end = begin + 1;
        const double value = values[order[begin]];
        while (end < order.size() && values[order[end]] == value) ++end;
        visit(begin, end);
        begin = end;
    }
}

/// Ranks from 1; equal values share the mean of their ranks.
inline std::vector<double> midranks(std::span<const double> values) {
    const std::vector<std::uint32_t> order = sorted_order(values);
    std::vector<double> ranks(values.size());
    for_each_tie(values, order, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = static_cast<double>(begin + end + 1) / 2;
    });
    return ranks;
}

} // namespace preflearn
