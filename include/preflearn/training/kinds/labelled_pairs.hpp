/// \file
/// Comparisons oriented by their labels: the likelier response is the chosen one and the label's probability is the
/// target; an exact tie keeps its order with target ½; abstained pairs are left out.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <preflearn/core/column.hpp>
#include <preflearn/core/comparison.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/run_description.hpp>

namespace preflearn {

/// Further numbers of the pairs, each one per comparison or empty (its default): the weight, finite and not negative,
/// and the margin of the chosen over the rejected response in the units of the loss.
struct pair_columns {
    column_view<const double> weight{}, margin{};
};

/// One comparison with a verdict.
struct labelled_pair {
    std::uint64_t id = 0;
    /// Which of the comparisons; whether its second response is the chosen one.
    std::size_t index = 0;
    bool swapped = false;
    double target = 1, weight = 1, margin = 0;

    /// How messages call it.
    [[nodiscard]] std::string name() const { return message("pair ", id); }
    void add_to(fingerprint& print) const {
        for (const double value : {static_cast<double>(swapped), target, weight, margin}) print.add(value);
        print.add(index);
    }
};

/// The pairs to learn from, and which of their columns are not at their defaults.
struct labelled_pairs {
    std::vector<labelled_pair> pairs{};
    bool soft = false, weighted = false, margins = false;
    /// How many of the comparisons have no verdict.
    std::size_t abstained = 0;

    /// \param data the fingerprint of all comparisons
    void describe(run_description& run, const std::string& data) const {
        fingerprint labels;
        for (const labelled_pair& p : pairs) p.add_to(labels);
        run.add("pairs", pairs.size());
        run.add("data", data);
        run.add("labels", labels.text());
    }
};

/// Appends the chosen and the rejected response of this comparison.
template <Comparison C>
void append_pair(std::vector<completion_of<C>>& completions, const C& c, const labelled_pair& pair) {
    completions.push_back({c.prompt, pair.swapped ? c.second : c.first});
    completions.push_back({c.prompt, pair.swapped ? c.first : c.second});
}

/// The comparisons with these ids.
/// \throws argument_error when a comparison has no label, a column does not fit or holds a bad number, or all abstain.
inline labelled_pairs orient(std::span<const std::uint64_t> ids, const label_set& labels, const pair_columns& columns) {
    const auto check = [&](const char* name, std::size_t found) {
        require(found == 0 || found == ids.size(), name, " has ", found, " entries, ", ids.size(),
                " were expected for ", ids.size(), " comparisons");
    };
    check("weight", columns.weight.size());
    check("margin", columns.margin.size());
    labelled_pairs all{.weighted = !columns.weight.empty(), .margins = !columns.margin.empty()};
    all.pairs.reserve(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const preference verdict = labels.at(ids[i]);
        if (verdict.abstained()) continue;
        const bool swapped = verdict.decision() == choice::second;
        labelled_pair p{.id = ids[i],
                        .index = i,
                        .swapped = swapped,
                        .target = (swapped ? verdict.mirrored() : verdict).half_win()};
        if (all.weighted) p.weight = columns.weight[i];
        if (all.margins) p.margin = columns.margin[i];
        require(p.weight >= 0 && std::isfinite(p.weight), p.name(), ": weight is ", p.weight,
                ", a finite number that is not negative was expected");
        require(std::isfinite(p.margin), p.name(), ": margin is ", p.margin);
        all.soft = all.soft || p.target != 1;
        all.pairs.push_back(p);
    }
    all.abstained = ids.size() - all.pairs.size();
    require(!all.pairs.empty(), "training needs at least one pair whose label did not abstain, found none among ",
            ids.size());
    return all;
}
template <Comparison C>
labelled_pairs orient(std::span<const C> comparisons, const label_set& labels, const pair_columns& columns) {
    std::vector<std::uint64_t> ids;
    ids.reserve(comparisons.size());
    for (const C& c : comparisons) ids.push_back(static_cast<std::uint64_t>(c.id));
    return orient(ids, labels, columns);
}

/// A micro-batch's columns of what labels say, as a loss reads them.
template <std::floating_point Real> class label_columns {
  public:
    void gather(const labelled_pairs& all, std::span<const std::size_t> pairs) {
        for (std::vector<Real>* column : {&weight_, &target_, &margin_}) column->clear();
        for (const std::size_t i : pairs) {
            const labelled_pair& p = all.pairs[i];
            if (all.weighted) weight_.push_back(static_cast<Real>(p.weight));
            if (all.soft) target_.push_back(static_cast<Real>(p.target));
            if (all.margins) margin_.push_back(static_cast<Real>(p.margin));
        }
    }
    [[nodiscard]] std::span<const Real> weight() const { return weight_; }
    [[nodiscard]] std::span<const Real> target() const { return target_; }
    [[nodiscard]] std::span<const Real> margin() const { return margin_; }

  private:
    std::vector<Real> weight_, target_, margin_;
};

} // namespace preflearn
