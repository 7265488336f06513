/// \file
/// Dawid & Skene (1979): the true category of every unit, each rater's confusion matrix and the share of every category
/// from the ratings alone, by EM started at the units' mean responses. It works on counts of distinct rows, and a rater
/// who rates a unit several times owns several columns.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <preflearn/agreement/estimate.hpp>
#include <preflearn/agreement/ratings.hpp>
#include <preflearn/core/error.hpp>
#include <preflearn/core/log_space.hpp>

namespace preflearn {

struct dawid_skene_options {
    /// Stop when the log-likelihood grows by less than this share of itself.
    double tolerance = 1e-12;
    std::size_t max_iterations = 10'000;
    /// Pseudo-counts added to every cell of the confusion matrices and to every class; 0 is maximum likelihood.
    double smoothing = 0;
    /// The rater who owns each column, from 0; empty: every column is a rater of its own.
    std::vector<std::size_t> rater_of_column{};
};

/// The fit. Unless `status` is ok or not_converged the vectors are empty. A likelihood has several maxima (relabelled
/// classes among them); this is the one that EM reaches from the mean responses.
struct dawid_skene_fit {
    std::size_t categories = 0;
    std::vector<std::size_t> rater_of_column{};
    /// Share of every true category.
    std::vector<double> prior{};
    /// P(rated l | truly k) of rater r at [(r · categories + k) · categories + l].
    std::vector<double> confusion{};
    double log_likelihood = undefined;
    std::size_t iterations = 0;
    estimate_status status = estimate_status::empty;

    /// P(truth = k | ratings) of a unit, written to `posterior`; returns the unit's log-likelihood. Ratings that the
    /// fit holds impossible give -∞ and the prior.
    double posterior_of(std::span<const category> row, std::span<double> posterior) const {
        require(row.size() == rater_of_column.size() && posterior.size() == categories, "a row of ", row.size(),
                " ratings for ", rater_of_column.size(), " columns");
        for (std::size_t k = 0; k < categories; ++k) {
            double sum = std::log(prior[k]);
            for (std::size_t c = 0; c < row.size(); ++c) {
                if (row[c] < 0) continue;
                const std::size_t at = (rater_of_column[c] * categories + k) * categories;
                sum += std::log(confusion[at + static_cast<std::size_t>(row[c])]);
            }
            posterior[k] = sum;
        }
        const double total = log_sum_exp(std::span<const double>(posterior));
        for (std::size_t k = 0; k < categories; ++k)
            posterior[k] = std::isinf(total) ? prior[k] : std::exp(posterior[k] - total);
        return total;
    }
};

/// \throws argument_error for an owner list of the wrong length or a negative smoothing.
inline dawid_skene_fit fit_dawid_skene(const rating_counts& ratings, const dawid_skene_options& options = {}) {
    const std::size_t q = ratings.categories(), columns = ratings.raters();
    require(options.smoothing >= 0, "a smoothing >= 0 was expected, found ", options.smoothing);
    require(options.rater_of_column.empty() || options.rater_of_column.size() == columns, "owners of ",
            options.rater_of_column.size(), " columns for ", columns);
    dawid_skene_fit fit{.categories = q, .rater_of_column = options.rater_of_column};
    for (std::size_t c = fit.rater_of_column.size(); c < columns; ++c) fit.rater_of_column.push_back(c);
    const std::size_t raters = *std::ranges::max_element(fit.rater_of_column) + 1;

    std::vector<category> rows;
    std::vector<double> counts, posteriors;
    ratings.for_each([&](std::span<const category> row, std::uint64_t count) {
        const auto rated = std::ranges::count_if(row, [](category k) { return k >= 0; });
        if (rated == 0) return;
        rows.insert(rows.end(), row.begin(), row.end());
        counts.push_back(static_cast<double>(count));
        posteriors.resize(posteriors.size() + q);
        for (const category k : row)
            if (k >= 0)
                posteriors[posteriors.size() - q + static_cast<std::size_t>(k)] += 1.0 / static_cast<double>(rated);
    });
    if (counts.empty()) return fit;

    const auto normalise = [](std::span<double> cells) {
        double sum = 0;
        for (const double x : cells) sum += x;
        for (double& x : cells) x = sum > 0 ? x / sum : 1.0 / static_cast<double>(cells.size());
    };
    fit.status = estimate_status::not_converged;
    double previous = -std::numeric_limits<double>::infinity();
    while (fit.iterations < options.max_iterations && fit.status != estimate_status::ok) {
        ++fit.iterations;
        fit.prior.assign(q, options.smoothing);
        fit.confusion.assign(raters * q * q, options.smoothing);
        for (std::size_t i = 0; i < counts.size(); ++i) {
            for (std::size_t k = 0; k < q; ++k) {
                const double weight = counts[i] * posteriors[i * q + k];
                if (weight == 0) continue;
                fit.prior[k] += weight;
                for (std::size_t c = 0; c < columns; ++c) {
                    const category l = rows[i * columns + c];
                    if (l >= 0)
                        fit.confusion[(fit.rater_of_column[c] * q + k) * q + static_cast<std::size_t>(l)] += weight;
                }
            }
        }
        normalise(fit.prior);
        for (std::size_t i = 0; i < raters * q; ++i) normalise(std::span(fit.confusion).subspan(i * q, q));
        fit.log_likelihood = 0;
        for (std::size_t i = 0; i < counts.size(); ++i)
            fit.log_likelihood += counts[i] * fit.posterior_of(std::span(rows).subspan(i * columns, columns),
                                                               std::span(posteriors).subspan(i * q, q));
        if (fit.log_likelihood - previous <= options.tolerance * std::abs(fit.log_likelihood))
            fit.status = estimate_status::ok;
        previous = fit.log_likelihood;
    }
    return fit;
}

} // namespace preflearn
