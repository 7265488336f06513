/// \file
/// Every label source against every other: teachers, seeds, judges, annotators, gold.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <preflearn/agreement/labels/accuracy.hpp>
#include <preflearn/agreement/raters/chance_corrected.hpp>
#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace preflearn {

/// A named source of labels; the labels are the caller's and must outlive the use.
struct label_source {
    std::string name;
    const label_set* labels = nullptr;
};

namespace detail {

inline void check_sources(std::span<const label_source> sources) {
    for (const label_source& source : sources)
        require(source.labels != nullptr, "label source ", source.name, " points at no labels");
}

/// 0 for first, 1 for second, 2 for a tie; an abstention is missing.
inline category category_of_verdict(const preference& verdict) {
    return verdict.abstained() ? no_rating : static_cast<category>(verdict.decision());
}

} // namespace detail

/// The sources as raters of the pairs that any of them labels: categories first, second and tie, abstentions and
/// unlabelled pairs missing. Every coefficient of agreement takes this.
/// \throws argument_error naming a source without labels to point at, or when there is none.
inline rating_counts ratings_of(std::span<const label_source> sources) {
    detail::check_sources(sources);
    rating_counts ratings(sources.size(), 3);
    std::vector<category> row(sources.size());
    for (std::size_t s = 0; s < sources.size(); ++s) {
        for (const label& given : *sources[s].labels) {
            bool seen = false;
            for (std::size_t r = 0; r < sources.size(); ++r) {
                const std::optional<preference> verdict = sources[r].labels->find(given.id);
                seen = seen || (r < s && verdict.has_value());
                row[r] = verdict ? detail::category_of_verdict(*verdict) : no_rating;
            }
            if (!seen) ratings.add(row);
        }
    }
    return ratings;
}

/// Symmetric: cell (a, b) holds source a's labels against source b's on the pairs that both label.
struct agreement_matrix {
    std::vector<std::string> names;
    /// names.size()² cells, row by row.
    std::vector<label_accuracy_result> cells;
    /// Cohen's kappa of the same pairs of sources, with ties as a category of their own.
    std::vector<estimate> kappas;

    [[nodiscard]] const label_accuracy_result& operator()(std::size_t a, std::size_t b) const {
        return cells.at(a * names.size() + b);
    }
    [[nodiscard]] const estimate& kappa(std::size_t a, std::size_t b) const { return kappas.at(a * names.size() + b); }
};

/// \throws argument_error naming a source without labels to point at.
inline agreement_matrix agreement_of(std::span<const label_source> sources, tie_rule ties = tie_rule::half,
                                     double confidence = 0.95) {
    detail::check_sources(sources);
    agreement_matrix matrix;
    for (const label_source& source : sources) matrix.names.push_back(source.name);
    const std::size_t n = sources.size();
    matrix.cells.resize(n * n);
    matrix.kappas.resize(n * n);
    parallel_for(n * n, [&](std::size_t cell) {
        const label_source pair[] = {sources[cell / n], sources[cell % n]};
        matrix.cells[cell] = label_accuracy(*pair[0].labels, *pair[1].labels, ties, confidence);
        matrix.kappas[cell] = cohen_kappa(ratings_of(pair), identity_weights{}, confidence).coefficient;
    });
    return matrix;
}

} // namespace preflearn
