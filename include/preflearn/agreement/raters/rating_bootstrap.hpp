/// \file
/// The cluster bootstrap of any coefficient of agreement: units, or clusters of units, are drawn with replacement. For
/// coefficients without a published standard error, and for units that are not independent.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <type_traits>
#include <vector>

#include <preflearn/agreement/raters/chance_corrected.hpp>
#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/agreement/uncertainty/bootstrap.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

namespace detail {

inline double value_of(double x) { return x; }
inline double value_of(const estimate& e) { return e.value; }
inline double value_of(const agreement_coefficient& c) { return c.coefficient.value; }

} // namespace detail

/// Bootstraps `coefficient(rating_counts)`, which returns a number, an estimate or an agreement_coefficient, over the
/// units of a table given as one column per rater. `cluster_ids` names each unit's cluster; empty: every unit is one.
/// \throws argument_error as `count_ratings` does, or when the ids are not one per unit.
template <class Coefficient, class Id = std::size_t>
bootstrap_result bootstrap_ratings(std::span<const std::span<const category>> columns, std::size_t categories,
                                   const Coefficient& coefficient, const bootstrap_options& options = {},
                                   std::span<const Id> cluster_ids = {}) {
    const rating_counts whole = count_ratings(columns, categories); // checks the table
    const std::size_t units = columns[0].size();
    require(cluster_ids.empty() || cluster_ids.size() == units, cluster_ids.size(), " cluster ids for ", units,
            " units");
    // Distinct rows, and the rows of every cluster's units.
    std::map<std::vector<category>, std::uint32_t> number;
    std::vector<std::uint32_t> row_of_unit(units);
    std::vector<category> row(columns.size());
    for (std::size_t u = 0; u < units; ++u) {
        for (std::size_t r = 0; r < columns.size(); ++r) row[r] = columns[r][u];
        row_of_unit[u] = number.try_emplace(row, static_cast<std::uint32_t>(number.size())).first->second;
    }
    std::vector<const std::vector<category>*> rows(number.size());
    for (const auto& [ratings, at] : number) rows[at] = &ratings;
    std::vector<std::vector<std::uint32_t>> clusters;
    if (!cluster_ids.empty()) {
        const cluster_index<Id> index = index_clusters(cluster_ids);
        clusters.resize(index.clusters);
        for (std::size_t u = 0; u < units; ++u) clusters[index.of_unit[u]].push_back(row_of_unit[u]);
    }
    using counts = std::vector<std::uint32_t>;
    const auto value = [&](const counts& times) {
        rating_counts drawn(columns.size(), categories);
        for (std::size_t i = 0; i < rows.size(); ++i)
            if (times[i] > 0) drawn.add(*rows[i], times[i]);
        return detail::value_of(coefficient(drawn));
    };
    const auto make = [&] { return counts(rows.size()); };
    const auto clear = [](counts& times) { std::ranges::fill(times, 0); };
    bootstrap_result result;
    if (clusters.empty()) {
        result = bootstrap(
            units, make, clear, [&](counts& times, std::size_t u) { ++times[row_of_unit[u]]; }, value, options);
    } else {
        result = bootstrap(
            clusters.size(), make, clear,
            [&](counts& times, std::size_t c) {
                for (const std::uint32_t at : clusters[c]) ++times[at];
            },
            value, options);
    }
    // The coefficient itself knows why it has no value.
    using answer = std::invoke_result_t<const Coefficient&, const rating_counts&>;
    if constexpr (std::same_as<answer, estimate>) {
        if (!result.value.defined()) result.value.status = coefficient(whole).status;
    } else if constexpr (std::same_as<answer, agreement_coefficient>) {
        if (!result.value.defined()) result.value.status = coefficient(whole).coefficient.status;
    }
    return result;
}

} // namespace preflearn
