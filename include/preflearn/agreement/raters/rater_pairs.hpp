/// \file
/// Every rater against every other, over the units that both rated: agreement and kappa, tests of whether the two use
/// the categories equally often, correlations of their numbers.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/agreement/ranks/correlation.hpp>
#include <preflearn/agreement/ranks/kendall.hpp>
#include <preflearn/agreement/raters/chance_corrected.hpp>
#include <preflearn/agreement/raters/every_coefficient.hpp>
#include <preflearn/agreement/raters/marginal_tests.hpp>
#include <preflearn/agreement/ratings/coded_ratings.hpp>
#include <preflearn/agreement/ratings/given_ratings.hpp>
#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/agreement/ratings/weights.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

struct rater_pair_agreement {
    std::uint32_t first = 0, second = 0;
    /// Units that both rated.
    std::size_t units = 0;
    estimate agreement{}, kappa{};
    /// With the weights of the level: ordinal, quadratic, ratio; not_applicable for nominal ratings.
    estimate weighted_kappa{};
    /// McNemar's exact test where the two use two categories. All are not_applicable beyond `most_tested_categories`.
    test_result mcnemar{}, stuart_maxwell{}, bhapkar{};
    /// Of the categories' positions; not_applicable for nominal ratings.
    estimate kendall{}, spearman{}, pearson{};
};

/// Categories beyond which a pair's use of them is not tested: there would be as many parameters.
inline constexpr std::size_t most_tested_categories = 50;

namespace detail {

struct rated_unit {
    std::size_t unit;
    category value;
};

/// The units that each rater rated, in order.
inline std::vector<std::vector<rated_unit>> ratings_by_rater(const coded_ratings& coded) {
    std::vector<std::vector<rated_unit>> raters(coded.raters());
    for (std::size_t r = 0; r < coded.columns.size(); ++r)
        for (std::size_t u = 0; u < coded.columns[r].size(); ++u)
            if (coded.columns[r][u] >= 0) raters[r].push_back({u, coded.columns[r][u]});
    if (coded.columns.empty())
        for (std::size_t u = 0; u < coded.given.units(); ++u)
            for (const auto& [rater, value] : coded.given.of(u)) raters[rater].push_back({u, value});
    return raters;
}

/// What two raters said of the units that both rated.
struct common_ratings {
    std::vector<category> first, second;
};

inline common_ratings common_of(std::span<const rated_unit> a, std::span<const rated_unit> b) {
    common_ratings common;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        if (a[i].unit == b[j].unit) {
            common.first.push_back(a[i++].value);
            common.second.push_back(b[j++].value);
        } else {
            ++(a[i].unit < b[j].unit ? i : j);
        }
    }
    return common;
}

inline void test_marginals(const common_ratings& common, rater_pair_agreement& pair) {
    std::vector<category> used(common.first);
    used.insert(used.end(), common.second.begin(), common.second.end());
    std::ranges::sort(used);
    used.erase(std::ranges::unique(used).begin(), used.end());
    if (used.size() > most_tested_categories) {
        pair.mcnemar = pair.stuart_maxwell = pair.bhapkar = {.status = estimate_status::not_applicable};
        return;
    }
    rating_counts counts(2, std::max<std::size_t>(used.size(), 1));
    const auto number = [&](category k) {
        return static_cast<category>(std::ranges::lower_bound(used, k) - used.begin());
    };
    for (std::size_t u = 0; u < common.first.size(); ++u) {
        const category unit[] = {number(common.first[u]), number(common.second[u])};
        counts.add(unit);
    }
    pair.mcnemar = mcnemar(counts);
    pair.stuart_maxwell = marginal_homogeneity(counts, homogeneity_form::stuart_maxwell);
    pair.bhapkar = marginal_homogeneity(counts, homogeneity_form::bhapkar);
}

inline estimate weighted_kappa_at(measurement_level level, const rating_counts& counts, const category_scale& scale,
                                  double confidence) {
    switch (level) {
    case measurement_level::ordinal:
        return cohen_kappa(counts, ordinal_weights{counts.categories()}, confidence).coefficient;
    case measurement_level::interval:
        return cohen_kappa(counts, quadratic_weights{scale}, confidence).coefficient;
    case measurement_level::ratio:
        return cohen_kappa(counts, ratio_weights(scale), confidence).coefficient;
    case measurement_level::nominal:
        break;
    }
    return estimate::none(estimate_status::not_applicable, static_cast<std::size_t>(counts.units()));
}

inline rater_pair_agreement compare_pair(const common_ratings& common, const category_scale& scale,
                                         std::size_t categories, measurement_level level, double confidence) {
    rater_pair_agreement pair{.units = common.first.size()};
    const rating_counts counts = count_ratings(common.first, common.second, categories);
    pair.agreement = raw_agreement(counts, identity_weights{}, confidence);
    pair.kappa = cohen_kappa(counts, identity_weights{}, confidence).coefficient;
    pair.weighted_kappa = weighted_kappa_at(level, counts, scale, confidence);
    test_marginals(common, pair);
    if (level == measurement_level::nominal) {
        pair.kendall = pair.spearman = pair.pearson = estimate::none(estimate_status::not_applicable, pair.units);
        return pair;
    }
    std::vector<double> x, y;
    for (std::size_t u = 0; u < pair.units; ++u)
        x.push_back(scale[common.first[u]]), y.push_back(scale[common.second[u]]);
    pair.kendall = kendall_tau_b(x, y, confidence);
    pair.spearman = spearman(x, y, confidence);
    pair.pearson = pearson(x, y, confidence);
    return pair;
}

} // namespace detail

/// Raters of whom all pairs are compared at most: two million pairs.
inline constexpr std::size_t most_compared_raters = 2000;

/// All pairs of raters, the first rater's first: (0, 1), (0, 2), …, (1, 2), … \throws argument_error as
/// `every_coefficient` does, and for more than `most_compared_raters`.
inline std::vector<rater_pair_agreement> compare_raters(const coded_ratings& coded, measurement_level level,
                                                        double confidence = 0.95) {
    require(level == measurement_level::nominal || coded.names.empty() || !coded.positions.empty(),
            "ordinal, interval and ratio levels need ratings that are numbers, or texts whose order is declared");
    require(coded.raters() <= most_compared_raters, coded.raters(), " raters make too many pairs to compare, at most ",
            most_compared_raters, " are");
    const std::size_t raters = coded.raters(), categories = std::max<std::size_t>(coded.categories(), 1);
    const category_scale scale = coded.categories() == 0 ? category_scale(1) : coded.scale();
    const auto rated = detail::ratings_by_rater(coded);
    std::vector<std::pair<std::uint32_t, std::uint32_t>> which;
    for (std::uint32_t a = 0; a < raters; ++a)
        for (std::uint32_t b = a + 1; b < raters; ++b) which.push_back({a, b});
    std::vector<rater_pair_agreement> pairs(which.size());
    parallel_for(pairs.size(), [&](std::size_t i) {
        const auto [a, b] = which[i];
        pairs[i] = detail::compare_pair(detail::common_of(rated[a], rated[b]), scale, categories, level, confidence);
        pairs[i].first = a;
        pairs[i].second = b;
    });
    return pairs;
}

} // namespace preflearn
