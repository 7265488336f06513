/// \file
/// The order of many numbers, and midranks: what every rank metric starts from. A radix sort of the numbers' places on
/// a 32-bit grid puts nearly all of them right; those that share a place are sorted on a finer grid of their own, after
/// two of which only equal numbers are left together. Several times as fast as std::sort on a million scores.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <preflearn/core/error.hpp>
#include <preflearn/core/parallel.hpp>

namespace preflearn {

namespace detail {

/// Unsigned numbers in the order of doubles; 0 and -0 have the same.
inline std::uint64_t ordered_bits(double x) {
    constexpr std::uint64_t sign = std::uint64_t{1} << 63;
    const auto bits = std::bit_cast<std::uint64_t>(x + 0.0);
    return (bits & sign) != 0 ? ~bits : bits | sign;
}

/// A monotone map of numbers onto [0, 2^32 - 1], what lies beyond its range to the ends: linear, or by the bits, which
/// tells numbers of any size apart and whatever shares a place of the linear map.
class grid_place {
  public:
    static grid_place linear(double low, double high) {
        grid_place place;
        place.low_ = low / 2; // the halves, so that the range of the type does not overflow
        place.scale_ = high > low ? most / (high / 2 - low / 2) : 0;
        if (!std::isfinite(place.scale_)) place.scale_ = 0; // a range below the smallest normal number
        return place;
    }
    /// \param low,high ordered bits
    static grid_place by_bits(std::uint64_t low, std::uint64_t high) {
        grid_place place;
        place.first_ = low;
        place.last_ = high;
        place.shift_ = std::max(static_cast<int>(std::bit_width(high - low)), 32) - 32;
        return place;
    }
    std::uint64_t operator()(double x) const {
        if (shift_ >= 0) return (std::clamp(ordered_bits(x), first_, last_) - first_) >> shift_;
        const double place = scale_ == 0 ? 0 : (x / 2 - low_) * scale_;
        return static_cast<std::uint64_t>(static_cast<std::int64_t>(std::min(std::max(place, 0.0), most)));
    }

  private:
    static constexpr double most = 4294967295.0;
    double low_ = 0, scale_ = 0;
    std::uint64_t first_ = 0, last_ = 0;
    int shift_ = -1; // the linear map
};

/// The map that spreads a sample of the values better over its 256 largest parts. \throws numeric_error naming the
/// index of a NaN.
inline grid_place place_of(std::span<const double> values) {
    constexpr std::size_t grain = std::size_t{1} << 17, sample = 512;
    const std::size_t n = values.size();
    struct range {
        double low = std::numeric_limits<double>::max(), high = std::numeric_limits<double>::lowest();
        bool bad = false;
    };
    std::vector<range> ranges((n + grain - 1) / grain);
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        range r;
        for (std::size_t i = begin; i < end; ++i) {
            const double x = values[i];
            const bool finite = std::abs(x) <= std::numeric_limits<double>::max();
            r.bad |= x != x;
            r.low = finite && x < r.low ? x : r.low;
            r.high = finite && x > r.high ? x : r.high;
        }
        ranges[begin / grain] = r;
    });
    range all;
    for (const range& r : ranges) all = {std::min(all.low, r.low), std::max(all.high, r.high), all.bad || r.bad};
    for (std::size_t i = 0; all.bad && i < n; ++i)
        require<numeric_error>(!std::isnan(values[i]), "value ", i, " is NaN");
    const grid_place linear = grid_place::linear(all.low, all.high);
    if (!(all.low < all.high)) return linear;
    const grid_place by_bits = grid_place::by_bits(ordered_bits(all.low), ordered_bits(all.high));
    const auto largest_part = [&](const grid_place& place) {
        std::array<std::size_t, 256> sizes{};
        for (std::size_t k = 0; k < std::min(n, sample); ++k) ++sizes[place(values[k * n / std::min(n, sample)]) >> 24];
        return std::ranges::max(sizes);
    };
    return largest_part(by_bits) < largest_part(linear) / 2 ? by_bits : linear;
}

/// A number's place above, its index below.
inline std::uint64_t record_of(std::uint64_t place, std::size_t index) { return place << 32 | index; }

/// Gives records that share a place places by the bits of their values; false where these are equal.
inline bool refine_places(std::span<const double> values, std::span<std::uint64_t> records) {
    std::uint64_t low = std::numeric_limits<std::uint64_t>::max(), high = 0;
    for (const std::uint64_t record : records) {
        const std::uint64_t bits = ordered_bits(values[static_cast<std::uint32_t>(record)]);
        low = std::min(low, bits);
        high = std::max(high, bits);
    }
    if (low == high) return false;
    const grid_place place = grid_place::by_bits(low, high);
    for (std::uint64_t& record : records) {
        const auto i = static_cast<std::uint32_t>(record);
        record = record_of(place(values[i]), i);
    }
    return true;
}

} // namespace detail

/// Values in rising order: the i-th smallest is `values[index[i]]`, and `tied[i]` says whether it equals the one
/// before.
struct ordering {
    std::vector<std::uint32_t> index;
    std::vector<std::uint8_t> tied;

    [[nodiscard]] std::size_t size() const { return index.size(); }
    /// Calls `visit(begin, end)` for every run of equal values, by rising value.
    template <class Visit> void for_each_tie(Visit&& visit) const {
        for (std::size_t begin = 0; begin < size();) {
            std::size_t end = begin + 1;
            while (end < size() && tied[end]) ++end;
            visit(begin, end);
            begin = end;
        }
    }
    /// The same for runs of at least two, passing quickly over the other values.
    template <class Visit> void for_each_repeated(Visit&& visit) const {
        for (std::size_t end = 0; end < size();) {
            const void* const found = std::memchr(tied.data() + end, 1, size() - end);
            if (found == nullptr) return;
            const auto second = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - tied.data());
            for (end = second + 1; end < size() && tied[end];) ++end;
            visit(second - 1, end);
        }
    }
};

namespace detail {

/// Sorts records by the two upper bytes below the `skipped` bits of their places, which are the same in all, and then
/// those that share these bytes by the rest; the result lies in one of the two buffers, which is returned first.
inline std::pair<std::uint64_t*, std::uint64_t*> sort_records(std::uint64_t* records, std::uint64_t* other,
                                                              std::size_t n, unsigned skipped) {
    constexpr std::size_t buckets = 256;
    if (n < buckets) {
        std::sort(records, records + n); // the lower halves are the indices, so equal places keep their order
        return {records, other};
    }
    const unsigned high = 56 - skipped, low = high - 8;
    std::array<std::uint32_t, buckets> low_starts{}, high_starts{};
    for (std::size_t i = 0; i < n; ++i) {
        ++low_starts[records[i] >> low & 0xFF];
        ++high_starts[records[i] >> high & 0xFF];
    }
    for (const auto& [starts, shift] : {std::pair(&low_starts, low), std::pair(&high_starts, high)}) {
        if ((*starts)[records[0] >> shift & 0xFF] == n) continue; // one byte: nothing moves
        std::uint32_t start = 0;
        for (std::uint32_t& bucket : *starts) start += std::exchange(bucket, start);
        for (std::size_t i = 0; i < n; ++i) other[(*starts)[records[i] >> shift & 0xFF]++] = records[i];
        std::swap(records, other);
    }
    for (std::size_t begin = 0; begin < n;) {
        std::size_t end = begin + 1;
        bool sorted = true;
        for (; end < n && records[end] >> low == records[begin] >> low; ++end)
            sorted &= records[end] >> 32 >= records[end - 1] >> 32;
        if (!sorted) std::sort(records + begin, records + end);
        begin = end;
    }
    return {records, other};
}

/// Writes the order of records whose places agree in the upper `skipped` bits, and which values are tied with the one
/// before. Reorders both buffers.
inline void order_records(std::span<const double> values, std::uint64_t* records, std::uint64_t* other, std::size_t n,
                          unsigned skipped, std::uint32_t* index, std::uint8_t* tied) {
    std::tie(records, other) = sort_records(records, other, n, skipped);
    // Values of different places differ and are in order.
    for (std::size_t begin = 0, end = 0; begin < n; begin = end) {
        index[begin] = static_cast<std::uint32_t>(records[begin]);
        tied[begin] = 0;
        for (end = begin + 1; end < n && records[end] >> 32 == records[begin] >> 32; ++end) {
        }
        if (end == begin + 1) continue;
        if (refine_places(values, {records + begin, end - begin})) {
            order_records(values, records + begin, other + begin, end - begin, 0, index + begin, tied + begin);
            continue;
        }
        for (std::size_t i = begin + 1; i < end; ++i) {
            index[i] = static_cast<std::uint32_t>(records[i]);
            tied[i] = 1;
        }
    }
}

} // namespace detail

/// The order of `values`; equal values keep theirs (0 and -0 are equal). At most 2^32 - 1 values.
/// \throws numeric_error naming the index of a NaN.
inline ordering order_of(std::span<const double> values) {
    const std::size_t n = values.size();
    require(n < std::numeric_limits<std::uint32_t>::max(), "an order of ", n, " values");
    constexpr std::size_t grain = std::size_t{1} << 17, buckets = 256;
    const std::size_t chunks = (n + grain - 1) / grain;
    // Scatter by the top byte of the place, then each bucket is sorted by the rest of it, in the cache.
    const detail::grid_place place = detail::place_of(values);
    const auto memory = std::make_unique_for_overwrite<std::uint64_t[]>(2 * n);
    std::uint64_t *const records = memory.get(), *const scattered = records + n;
    std::vector<std::array<std::uint32_t, buckets>> next(chunks);
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        std::array<std::uint32_t, buckets> sizes{};
        for (std::size_t i = begin; i < end; ++i) {
            const std::uint64_t key = place(values[i]);
            records[i] = detail::record_of(key, i);
            ++sizes[key >> 24];
        }
        next[begin / grain] = sizes;
    });
    std::array<std::uint32_t, buckets + 1> starts{};
    std::uint32_t start = 0;
    for (std::size_t b = 0; b < buckets; ++b) {
        for (std::size_t c = 0; c < chunks; ++c) start += std::exchange(next[c][b], start);
        starts[b + 1] = start;
    }
    parallel_blocks(n, grain, [&](std::size_t begin, std::size_t end) {
        std::array<std::uint32_t, buckets>& at = next[begin / grain];
        for (std::size_t i = begin; i < end; ++i) scattered[at[records[i] >> 56]++] = records[i];
    });
    ordering order{std::vector<std::uint32_t>(n), std::vector<std::uint8_t>(n)};
    const auto finish_bucket = [&](std::size_t b) {
        const std::size_t first = starts[b];
        detail::order_records(values, scattered + first, records + first, starts[b + 1] - first, 8,
                              order.index.data() + first, order.tied.data() + first);
    };
    if (n > grain) {
        parallel_for(buckets, finish_bucket);
    } else {
        for (std::size_t b = 0; b < buckets; ++b) finish_bucket(b);
    }
    return order;
}

/// Ranks from 1; equal values share the mean of their ranks.
inline std::vector<double> midranks(std::span<const double> values) {
    const ordering order = order_of(values);
    std::vector<double> ranks(values.size());
    order.for_each_tie([&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) ranks[order.index[i]] = static_cast<double>(begin + end + 1) / 2;
    });
    return ranks;
}

} // namespace preflearn
