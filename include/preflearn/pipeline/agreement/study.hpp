/// \file
/// How much the raters of a table agree: every coefficient, every rater against every other, and on request the truth
/// behind the ratings (Dawid & Skene) with each rater's accuracy.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/agreement/raters/dawid_skene.hpp>
#include <preflearn/agreement/raters/every_coefficient.hpp>
#include <preflearn/agreement/raters/rater_pairs.hpp>
#include <preflearn/agreement/ratings/given_ratings.hpp>
#include <preflearn/agreement/uncertainty/bootstrap.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/missing_values.hpp>
#include <preflearn/data/tables/rating_table.hpp>
#include <preflearn/pipeline/agreement/rating_categories.hpp>

namespace preflearn {

struct agreement_study_options {
    measurement_level level = measurement_level::nominal;
    /// The declared scale, in its order; empty: the categories that occur.
    std::vector<std::string> categories{};
    /// For the errors of the ICCs; its confidence is that of every interval.
    bootstrap_options bootstrap{.replicates = 1000};
    /// Pairs of raters are compared up to so many raters.
    std::size_t most_raters_in_pairs = 200;
    /// Also estimates the truth behind the ratings.
    bool dawid_skene = false;
};

/// The truth that Dawid & Skene's model sees behind the ratings.
struct estimated_truth {
    dawid_skene_fit fit{};
    /// Of each rater: the chance to say the truth, Σ P(truth = k) P(rated k | truth = k).
    std::vector<double> accuracies{};
    /// P(truth = k) of each unit, row by row; the prior for one without ratings.
    std::vector<double> posteriors{};
};

struct agreement_study {
    std::vector<std::string> units{}, raters{};
    /// Of each rater.
    std::vector<std::uint64_t> ratings_of_rater{};
    std::size_t ratings = 0;
    missing_counts missing{};
    rating_categories categories{};
    measurement_level level = measurement_level::nominal;
    double confidence = 0.95;
    std::vector<named_estimate> coefficients{};
    /// Empty where there were too many raters, or one.
    std::vector<rater_pair_agreement> pairs{};
    bool truth_wanted = false;
    estimated_truth truth{};
};

namespace detail {

inline estimated_truth estimate_truth(const coded_ratings& coded) {
    const std::size_t q = coded.categories(), raters = coded.raters();
    constexpr std::size_t most = std::size_t{1} << 25; // 256 MB
    require<input_error>(q * q <= most / std::max<std::size_t>(raters, 1), "Dawid & Skene's model of ", raters,
                         " raters in ", q, " categories has ", raters, " × ", q, "² parameters, too many");
    estimated_truth truth;
    if (raters == 0 || q == 0) return truth;
    truth.fit = fit_dawid_skene(coded.counts());
    if (truth.fit.prior.empty()) return truth;
    for (std::size_t r = 0; r < raters; ++r) {
        double right = 0;
        for (std::size_t k = 0; k < q; ++k) right += truth.fit.prior[k] * truth.fit.confusion[(r * q + k) * q + k];
        truth.accuracies.push_back(right);
    }
    std::vector<category> row(raters, no_rating);
    truth.posteriors.resize(coded.units() * q);
    for (std::size_t u = 0; u < coded.units(); ++u) {
        for (const auto& [rater, value] : coded.given.of(u)) row[rater] = value;
        truth.fit.posterior_of(row, std::span(truth.posteriors).subspan(u * q, q));
        for (const auto& [rater, value] : coded.given.of(u)) row[rater] = no_rating;
    }
    return truth;
}

} // namespace detail

/// \throws input_error as `categories_of` does, and where there are too many parameters for Dawid & Skene's model.
inline agreement_study study_agreement(rating_table table, const agreement_study_options& options = {}) {
    agreement_study study{.ratings = table.ratings.size(),
                          .missing = table.missing,
                          .categories = categories_of(table, options.level, options.categories),
                          .level = options.level,
                          .confidence = options.bootstrap.confidence,
                          .truth_wanted = options.dawid_skene};
    study.ratings_of_rater.assign(table.raters.size(), 0);
    for (const placed_rating& rating : table.ratings) ++study.ratings_of_rater[rating.rater];
    study.units = std::move(table.units);
    study.raters = std::move(table.raters);
    table.ratings = {}; // texts that are coded by now
    const coded_ratings& coded = study.categories.coded;
    study.coefficients = every_coefficient(coded, options.level, options.bootstrap);
    if (study.raters.size() <= options.most_raters_in_pairs)
        study.pairs = compare_raters(coded, options.level, study.confidence);
    if (options.dawid_skene) study.truth = detail::estimate_truth(coded);
    return study;
}

} // namespace preflearn
