/// \file
/// Which columns of the labels a loss takes: probabilities as soft labels, margins, weights. What it leaves is said,
/// never silently dropped.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/any_kind.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/programs/aligning/align_examples.hpp>
#include <preflearn/programs/aligning/align_options.hpp>
#include <preflearn/training/objective.hpp>

namespace preflearn {

struct columns_taken {
    bool probabilities = false, margins = false, weights = false;
    /// How many labels have a probability that is neither 1 nor that of a tie.
    std::size_t soft = 0;
    batch_mean mean = batch_mean::over_weights;
};

namespace detail {

/// What an example may have; how many of them have it, and the first that has not.
struct column_found {
    std::size_t there = 0, examples = 0;
    const align_example* missing = nullptr;
};

inline column_found find_column(const std::vector<align_example>& examples, auto&& has) {
    column_found found{.examples = examples.size()};
    for (const align_example& e : examples) {
        if (has(e)) {
            ++found.there;
        } else if (found.missing == nullptr) {
            found.missing = &e;
        }
    }
    return found;
}

} // namespace detail

/// Refuses weights that weigh nothing together: by them nothing is learned, and no loss is a mean.
/// \throws input_error naming the file
inline void refuse_no_weight(const std::vector<align_example>& examples, const pair_names& names) {
    double largest = 0;
    for (const align_example& e : examples) largest = std::max(largest, e.weight.value_or(1));
    require<input_error>(examples.empty() || largest >= 1e-12, names.file(), ": the weights of all ", examples.size(),
                         " examples are ", largest > 0 ? message("at most ", largest) : "0",
                         ", and one that counts was expected; --weights ignore leaves them");
}

/// \throws argument_error where a column is to be used that the loss does not read, and where it needs one that is
/// missing; \param names of the examples
inline columns_taken take_columns(const kind_of_loss& loss, const align_options& options,
                                  const std::vector<align_example>& examples, const pair_names& names,
                                  const speaker& say) {
    columns_taken taken;
    const std::string name = loss.name();
    taken.soft = detail::find_column(examples, [](const align_example& e) {
                     const double p = e.verdict.half_win();
                     return p != 1 && p != 0.5;
                 }).there;
    require(options.probabilities != column_use::use || loss.reads.target, "the loss ", name,
            " does not read probabilities: labels are hard for it");
    taken.probabilities = loss.reads.target && options.probabilities != column_use::ignore;
    if (taken.soft > 0)
        say(message("probabilities: ", taken.soft, " of ", examples.size(), " labels are soft, ",
                    taken.probabilities ? message("and ", name, " takes them so")
                    : loss.reads.target ? "taken as hard ones, as was asked"
                                        : message("taken as hard ones: ", name, " does not read probabilities")));

    const auto margins = detail::find_column(examples, [](const align_example& e) { return e.margin.has_value(); });
    require(options.margins != column_use::use || loss.reads.margin, "the loss ", name, " takes no margins");
    const bool wanted = options.margins == column_use::use || loss.is_of_margins();
    require(!loss.is_of_margins() || options.margins != column_use::ignore, "the loss ", name,
            " is nothing without margins");
    require(!wanted || margins.there == margins.examples, "the loss ", name, " takes margins, and ",
            margins.examples - margins.there, " of ", margins.examples, " examples have none (first: ",
            margins.missing == nullptr ? std::string() : names.place(margins.missing->id), ")");
    taken.margins = wanted;
    if (margins.there > 0)
        say(message("margins: ", margins.there, " of ", margins.examples, " examples have one, ",
                    wanted              ? message("and ", name, " takes them")
                    : loss.reads.margin ? message("which ", name, " does not take; --margins use subtracts them")
                                        : message("which ", name, " does not read")));

    const auto weights = detail::find_column(examples, [](const align_example& e) { return e.weight.has_value(); });
    const bool any = weights.there > 0, told = options.weights != weight_use::automatic;
    require(loss.reads.weight || !told || options.weights == weight_use::ignore, "the loss ", name,
            " does not read weights");
    const bool equal = std::ranges::all_of(examples, [](const align_example& e) { return e.weight.value_or(1) == 1; });
    taken.weights = any && !equal && loss.reads.weight && options.weights != weight_use::ignore;
    if (taken.weights) refuse_no_weight(examples, names);
    if (taken.weights && options.weights != weight_use::normalised) taken.mean = batch_mean::over_examples;
    if (any && !equal)
        say(message("weights: ", weights.there, " of ", weights.examples, " examples have one, ",
                    !loss.reads.weight ? message("which ", name, " does not read")
                    : !taken.weights   ? "which are left, as was asked"
                    : taken.mean == batch_mean::over_examples
                        ? "taken in the plain mean of weight times loss"
                        : "taken in the sum of weight times loss divided by that of the weights"));
    if (taken.weights && weights.there < weights.examples)
        say(message("  ", weights.examples - weights.there, " without a weight count as 1"));
    return taken;
}

/// The columns of these examples, of those that are taken.
inline align_columns columns_of(const std::vector<align_example>& examples, const columns_taken& taken) {
    align_columns columns;
    for (const align_example& e : examples) {
        if (taken.weights) columns.weights.push_back(e.weight.value_or(1));
        if (taken.margins) columns.margins.push_back(e.margin.value_or(0));
    }
    return columns;
}

} // namespace preflearn
