/// \file
/// Pairs of pairs: concordant, discordant and tied, counted in n log n (Knight 1966), and what is made of them:
/// Kendall's tau-b, Goodman & Kruskal's gamma, Somers' d and the concordance index.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/agreement/correlation.hpp>
#include <preflearn/agreement/distribution.hpp>
#include <preflearn/agreement/estimate.hpp>
#include <preflearn/agreement/order.hpp>
#include <preflearn/core/error.hpp>
#include <preflearn/core/parallel.hpp>

namespace preflearn {

namespace detail {

/// Merges two sorted runs and counts the pairs (left > right). Both ends are merged at once: two chains of dependent
/// loads run beside each other, and neither branches on the data.
inline std::uint64_t merge_counting(const std::uint32_t* left, std::size_t n, const std::uint32_t* right, std::size_t m,
                                    std::uint32_t* out) {
    std::uint64_t inversions = 0;
    const std::size_t half = (n + m) / 2;
    if (n == 0 || m == 0 || left[n - 1] <= right[0]) {
        std::copy_n(right, m, std::copy_n(left, n, out));
        return 0;
    }
    std::size_t i = 0, j = 0, a = n, b = m; // heads, and one past the tails
    std::size_t k = 0;
    const std::size_t safe = std::min({half, n, m}); // no head or tail can leave its run before
    for (; k < safe; ++k) {
        const std::uint32_t x = left[i], y = right[j];
        const bool from_right = y < x;
        out[k] = from_right ? y : x;
        inversions += from_right ? n - i : 0;
        j += from_right;
        i += !from_right;
        const std::uint32_t u = left[a - 1], v = right[b - 1];
        const bool from_left = v < u;
        out[n + m - 1 - k] = from_left ? u : v;
        inversions += from_left ? 0 : n - a;
        a -= from_left;
        b -= !from_left;
    }
    while (i < a || j < b) { // what is left between heads and tails
        const bool from_right = i == a || (j < b && right[j] < left[i]);
        out[k++] = from_right ? right[j] : left[i];
        inversions += from_right ? n - i : 0;
        j += from_right;
        i += !from_right;
    }
    return inversions;
}

/// Sorts `values` and counts the pairs i < j with values[i] > values[j].
inline std::uint64_t count_inversions(std::span<std::uint32_t> values) {
    const std::size_t n = values.size();
    constexpr std::size_t run = 8, chunk = std::size_t{1} << 14;
    std::vector<std::uint32_t> other(n);
    const std::size_t chunks = (n + chunk - 1) / chunk;
    std::vector<std::uint64_t> found(chunks);
    const auto merge_level = [n](const std::uint32_t* from, std::uint32_t* to, std::size_t begin, std::size_t width) {
        const std::size_t middle = std::min(n, begin + width), end = std::min(n, begin + 2 * width);
        return merge_counting(from + begin, middle - begin, from + middle, end - middle, to + begin);
    };
    // Chunks stay in the cache; an odd number of levels ends in `other`, an even one in `values`.
    parallel_for(chunks, [&](std::size_t c) {
        const std::size_t first = c * chunk, last = std::min(n, first + chunk);
        std::uint64_t count = 0;
        for (std::size_t begin = first; begin < last; begin += run) {
            for (std::size_t i = begin + 1; i < std::min(last, begin + run); ++i) {
                const std::uint32_t value = values[i];
                std::size_t j = i;
                for (; j > begin && values[j - 1] > value; --j) values[j] = values[j - 1];
                values[j] = value;
                count += i - j;
            }
        }
        std::uint32_t *from = values.data(), *to = other.data();
        for (std::size_t width = run; width < chunk; width *= 2) {
            for (std::size_t begin = first; begin < last; begin += 2 * width)
                count += merge_level(from, to, begin, width);
            std::swap(from, to);
        }
        found[c] = count;
    });
    std::uint64_t inversions = 0;
    for (const std::uint64_t count : found) inversions += count;
    std::uint32_t *from = values.data(), *to = other.data();
    for (std::size_t width = run; width < chunk; width *= 2) std::swap(from, to);
    for (std::size_t width = chunk; width < n; width *= 2) {
        const std::size_t merges = (n + 2 * width - 1) / (2 * width);
        std::vector<std::uint64_t> counts(merges);
        parallel_for(merges, [&](std::size_t i) { counts[i] = merge_level(from, to, 2 * i * width, width); });
        for (const std::uint64_t count : counts) inversions += count;
        std::swap(from, to);
    }
    if (from != values.data()) std::copy_n(from, n, values.data());
    return inversions;
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
    std::vector<std::uint32_t> order[2];
    parallel_for(2, [&](std::size_t side) { order[side] = sorted_order(side == 0 ? x : y); });
    const auto add_run = [](pair_order::ties& ties, std::size_t length) {
        const auto t = static_cast<double>(length);
        ties.wide += t * (t - 1) * (2 * t + 5);
        ties.triples += t * (t - 1) * (t - 2);
        ties.pairs += t * (t - 1);
        return static_cast<std::uint64_t>(length) * (length - 1) / 2;
    };
    std::vector<std::uint32_t> rank(n), by_x(n);
    std::uint32_t next = 0;
    std::uint64_t equal_x = 0, equal_y = 0;
    for_each_tie(y, order[1], [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) rank[order[1][i]] = next;
        ++next;
        equal_y += add_run(pairs.y, end - begin);
    });
    for_each_tie(x, order[0], [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) by_x[i] = rank[order[0][i]];
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
    pairs.discordant = detail::count_inversions(by_x);
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
