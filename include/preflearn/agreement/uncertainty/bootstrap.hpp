/// \file
/// The cluster bootstrap: clusters (units, prompts, annotators) are drawn with replacement and the statistic is
/// computed anew. Replicate r draws from (seed, r) alone, so the result has the same bits for any number of threads.
/// Replicates in which the statistic does not exist are counted, never silently dropped.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/moments.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

struct bootstrap_options {
    std::size_t replicates = 2000;
    double confidence = 0.95;
    std::uint64_t seed = 0;
};

/// `value` holds the statistic of the sample itself, the standard deviation of the replicates, and their percentiles
/// (Efron 1979). `count` is the number of clusters. With fewer than two clusters, or fewer than half of the replicates
/// defined, there is no error and no interval.
struct bootstrap_result {
    estimate value{};
    /// Replicates whose statistic was NaN.
    std::size_t undefined_replicates = 0;
};

/// The q-th quantile of sorted values, linear between order statistics (Hyndman & Fan's type 7).
inline double sorted_quantile(std::span<const double> sorted, double q) {
    require(!sorted.empty() && q >= 0 && q <= 1, "quantile ", q, " of ", sorted.size(), " values");
    const double at = q * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

namespace detail {

/// Calls `visit(cluster)` for `clusters` draws with replacement; two unbiased draws of 32 bits per random word (Lemire
/// 2019).
template <class Visit> void draw_clusters(generator& random, std::uint32_t clusters, Visit&& visit) {
    const std::uint32_t threshold = (0 - clusters) % clusters;
    std::uint64_t word = 0;
    bool half_left = false;
    for (std::uint32_t drawn = 0; drawn < clusters;) {
        if (half_left) {
            word >>= 32;
        } else {
            word = random();
        }
        half_left = !half_left;
        const std::uint64_t product = (word & 0xFFFFFFFF) * clusters;
        if (static_cast<std::uint32_t>(product) < threshold) continue;
        visit(static_cast<std::size_t>(product >> 32));
        ++drawn;
    }
}

/// Writes the replicates' standard deviation and percentiles beside the statistic of the sample.
inline void summarise_replicates(bootstrap_result& result, std::vector<double> replicates, double confidence) {
    const std::size_t drawn = replicates.size();
    std::erase_if(replicates, [](double x) { return std::isnan(x); });
    result.undefined_replicates = drawn - replicates.size();
    if (!result.value.defined() || 2 * replicates.size() < drawn || replicates.size() < 2) return;
    std::ranges::sort(replicates);
    moments spread;
    for (const double x : replicates) spread.add(x);
    result.value.standard_error = std::sqrt(spread.variance());
    result.value.bounds = {sorted_quantile(replicates, (1 - confidence) / 2),
                           sorted_quantile(replicates, (1 + confidence) / 2)};
}

} // namespace detail

/// Bootstrap of several statistics on the same replicates, each computed from a state to which clusters are added.
/// `make()` gives an empty state, `add(state, cluster)` adds one cluster, `evaluate(state, values)` writes the
/// statistics, NaN where one does not exist. States are made once per block of replicates and emptied by
/// `clear(state)`. \return one result per statistic
template <class Make, class Clear, class Add, class Evaluate>
std::vector<bootstrap_result> bootstrap_together(std::size_t clusters, std::size_t statistics, const Make& make,
                                                 const Clear& clear, const Add& add, const Evaluate& evaluate,
                                                 const bootstrap_options& options = {}) {
    require(options.replicates > 0, "a bootstrap needs at least one replicate");
    require(options.confidence > 0 && options.confidence < 1, "a confidence level lies inside (0, 1), found ",
            options.confidence);
    require(clusters < 0x80000000, "a bootstrap of ", clusters, " clusters");
    std::vector<bootstrap_result> results(statistics);
    if (clusters == 0) return results;
    auto whole = make();
    for (std::size_t c = 0; c < clusters; ++c) add(whole, c);
    std::vector<double> values(statistics);
    evaluate(whole, std::span(values));
    for (std::size_t s = 0; s < statistics; ++s)
        results[s].value = {.value = values[s],
                            .count = clusters,
                            .status = std::isnan(values[s]) ? estimate_status::constant_input : estimate_status::ok};
    if (clusters < 2) return results;

    std::vector<double> replicates(options.replicates * statistics);
    parallel_blocks(options.replicates, 16, [&](std::size_t begin, std::size_t end) {
        auto state = make();
        for (std::size_t r = begin; r < end; ++r) {
            clear(state);
            generator random(options.seed, "bootstrap", r);
            detail::draw_clusters(random, static_cast<std::uint32_t>(clusters),
                                  [&](std::size_t cluster) { add(state, cluster); });
            evaluate(state, std::span(replicates).subspan(r * statistics, statistics));
        }
    });
    std::vector<double> own(options.replicates);
    for (std::size_t s = 0; s < statistics; ++s) {
        for (std::size_t r = 0; r < own.size(); ++r) own[r] = replicates[r * statistics + s];
        detail::summarise_replicates(results[s], own, options.confidence);
    }
    return results;
}

/// Bootstrap of one statistic, `value(state)`; the rest as in `bootstrap_together`.
template <class Make, class Clear, class Add, class Value>
bootstrap_result bootstrap(std::size_t clusters, const Make& make, const Clear& clear, const Add& add,
                           const Value& value, const bootstrap_options& options = {}) {
    return bootstrap_together(
        clusters, 1, make, clear, add, [&](const auto& state, std::span<double> values) { values[0] = value(state); },
        options)[0];
}

/// Numbers clusters 0, 1, … in the order in which their names first appear; for statistics that add up over units.
template <class Id> struct cluster_index {
    std::vector<std::size_t> of_unit;
    std::size_t clusters = 0;
};
template <class Id> cluster_index<Id> index_clusters(std::span<const Id> ids) {
    cluster_index<Id> index;
    std::unordered_map<Id, std::size_t> number;
    for (const Id& id : ids) index.of_unit.push_back(number.try_emplace(id, number.size()).first->second);
    index.clusters = number.size();
    return index;
}

/// Bootstrap of the ratio of two sums over clusters: a mean is Σx / Σ1, a win rate Σ(w + t/2) / Σn, a difference of
/// means one after subtracting. Each cluster brings one numerator and one denominator. NaN where the denominators sum
/// to 0 but for rounding, as `ratio_of_means` says of the whole sample.
/// \param rounding what rounding may have left in a denominator, where it is the difference of larger numbers
/// \throws numeric_error naming a cluster whose sums are not finite, or when the sums over clusters overflow.
inline bootstrap_result bootstrap_ratio(std::span<const double> numerators, std::span<const double> denominators,
                                        const bootstrap_options& options = {}, double rounding = 0) {
    require(numerators.size() == denominators.size(), numerators.size(), " numerators and ", denominators.size(),
            " denominators");
    struct sums {
        double numerator = 0, denominator = 0, size = 0;
    };
    std::vector<sums> clusters(numerators.size());
    double largest = 0;
    for (std::size_t c = 0; c < clusters.size(); ++c) {
        require<numeric_error>(std::isfinite(numerators[c]) && std::isfinite(denominators[c]), "cluster ", c,
                               " has the sums ", numerators[c], " and ", denominators[c]);
        clusters[c] = {numerators[c], denominators[c], std::abs(denominators[c]) + rounding / rounding_share};
        largest = std::max({largest, std::abs(numerators[c]), clusters[c].size});
    }
    require<numeric_error>(std::isfinite(largest * static_cast<double>(clusters.size())), "the sums of ",
                           clusters.size(), " clusters overflow: the largest is ", largest);
    return bootstrap(
        clusters.size(), [] { return sums{}; }, [](sums& s) { s = {}; },
        [&](sums& s, std::size_t c) {
            s.numerator += clusters[c].numerator;
            s.denominator += clusters[c].denominator;
            s.size += clusters[c].size;
        },
        [](const sums& s) {
            return std::abs(s.denominator) <= rounding_share * s.size ? undefined : s.numerator / s.denominator;
        },
        options);
}

/// Bootstrap of the mean of values whose units belong to clusters (one id per value).
template <class Id>
bootstrap_result bootstrap_mean(std::span<const double> values, std::span<const Id> cluster_ids,
                                const bootstrap_options& options = {}) {
    require(values.size() == cluster_ids.size(), values.size(), " values and ", cluster_ids.size(), " cluster ids");
    const cluster_index<Id> index = index_clusters(cluster_ids);
    std::vector<double> sums(index.clusters), sizes(index.clusters);
    for (std::size_t i = 0; i < values.size(); ++i) {
        sums[index.of_unit[i]] += values[i];
        sizes[index.of_unit[i]] += 1;
    }
    return bootstrap_ratio(sums, sizes, options);
}

} // namespace preflearn
