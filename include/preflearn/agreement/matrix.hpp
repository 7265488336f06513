/// \file
/// Every label source against every other: teachers, seeds, judges, annotators, gold.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <preflearn/agreement/accuracy.hpp>
#include <preflearn/core/error.hpp>
#include <preflearn/core/parallel.hpp>
#include <preflearn/core/preference.hpp>

namespace preflearn {

/// A named source of labels; the labels are the caller's and must outlive the use.
struct label_source {
    std::string name;
    const label_set* labels = nullptr;
};

/// Symmetric: cell (a, b) holds source a's labels against source b's on the pairs that both label.
struct agreement_matrix {
    std::vector<std::string> names;
    /// names.size()² cells, row by row.
    std::vector<label_accuracy_result> cells;

    [[nodiscard]] const label_accuracy_result& operator()(std::size_t a, std::size_t b) const {
        return cells.at(a * names.size() + b);
    }
};

/// \throws argument_error naming a source without labels to point at.
inline agreement_matrix agreement_of(std::span<const label_source> sources, tie_rule ties = tie_rule::half,
                                     double confidence = 0.95) {
    agreement_matrix matrix;
    for (const label_source& source : sources) {
        require(source.labels != nullptr, "label source ", source.name, " points at no labels");
        matrix.names.push_back(source.name);
    }
    const std::size_t n = sources.size();
    matrix.cells.resize(n * n);
    parallel_for(n * n, [&](std::size_t cell) {
        matrix.cells[cell] = label_accuracy(*sources[cell / n].labels, *sources[cell % n].labels, ties, confidence);
    });
    return matrix;
}

} // namespace preflearn
