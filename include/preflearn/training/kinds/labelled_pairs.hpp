/// \file
/// Comparisons oriented by their labels: the likelier response is the chosen one and the label's probability is the
/// target; an exact tie keeps its order with target ½; abstained pairs are left out.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/core/column.hpp>
#include <preflearn/core/comparison.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/fingerprint.hpp>

namespace preflearn {

/// Further numbers of the pairs, each one per comparison or empty (its default): the weight, finite and not negative,
/// and the margin of the chosen over the rejected response in the units of the loss.
struct pair_columns {
    column_view<const double> weight{}, margin{};
};

/// One comparison with a verdict.
struct labelled_pair {
    /// Which of the comparisons; whether its second response is the chosen one.
    std::size_t index = 0;
    bool swapped = false;
    double target = 1, weight = 1, margin = 0;

    void add_to(fingerprint& print) const {
        for (const double value : {static_cast<double>(swapped), target, weight, margin}) print.add(value);
        print.add(index);
    }
};

/// The pairs to learn from, and which of their columns are not at their defaults.
struct labelled_pairs {
    std::vector<labelled_pair> pairs{};
    bool soft = false, weighted = false, margins = false;
};

/// \throws argument_error when a comparison has no label, a column does not fit or holds a bad number, or all abstain.
template <Comparison C>
labelled_pairs orient(std::span<const C> comparisons, const label_set& labels, const pair_columns& columns) {
    const auto check = [&](const char* name, std::size_t found) {
        require(found == 0 || found == comparisons.size(), name, " has ", found, " entries, ", comparisons.size(),
                " were expected for ", comparisons.size(), " comparisons");
    };
    check("weight", columns.weight.size());
    check("margin", columns.margin.size());
    labelled_pairs all{.weighted = !columns.weight.empty(), .margins = !columns.margin.empty()};
    all.pairs.reserve(comparisons.size());
    for (std::size_t i = 0; i < comparisons.size(); ++i) {
        const preference verdict = labels.at(static_cast<std::uint64_t>(comparisons[i].id));
        if (verdict.abstained()) continue;
        const bool swapped = verdict.decision() == choice::second;
        labelled_pair p{.index = i, .swapped = swapped, .target = (swapped ? verdict.mirrored() : verdict).half_win()};
        if (all.weighted) p.weight = columns.weight[i];
        if (all.margins) p.margin = columns.margin[i];
        require(p.weight >= 0 && std::isfinite(p.weight), "pair ", comparisons[i].id, ": weight is ", p.weight,
                ", a finite number that is not negative was expected");
        require(std::isfinite(p.margin), "pair ", comparisons[i].id, ": margin is ", p.margin);
        all.soft = all.soft || p.target != 1;
        all.pairs.push_back(p);
    }
    require(!all.pairs.empty(), "training needs at least one pair whose label did not abstain, found none among ",
            comparisons.size());
    return all;
}

} // namespace preflearn
