/// \file
/// The tables of evaluators against each other, and how estimates stand in the tables of an `evaluation`.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/output/shown_estimate.hpp>
#include <preflearn/programs/evaluating/evaluation.hpp>
#include <preflearn/report/tables/table.hpp>

namespace preflearn {

namespace detail {

inline table_column share_column(std::string name) {
    return {.name = std::move(name), .digits = 1, .shown = notation::percent};
}
inline std::string interval_words(const evaluation& of) {
    return message("[low, high]: ", 100 * of.confidence, "% interval over ",
                   of.students.cluster_count < of.students.prompts.size() ? "groups of prompts" : "prompts");
}
inline std::string evaluator_title(const evaluator_result& by) {
    return message(by.said.role, " ", by.said.name, " (", by.said.kind, ")");
}

} // namespace detail

inline table panel_table(const evaluation& of) {
    table made{.title = "Evaluators against each other",
               .columns = {{.name = "evaluator"},
                           {.name = "other"},
                           {.name = "comparisons"},
                           detail::share_column("disagree"),
                           {.name = "kappa"},
                           {.name = "Spearman"},
                           {.name = "Kendall"},
                           {.name = "students' order"}}};
    for (const evaluator_pair& pair : of.panel.pairs)
        made.rows.push_back({of.evaluators[pair.first].said.name, of.evaluators[pair.second].said.name,
                             pair.comparisons, estimate_cell(pair.disagreement), estimate_cell(pair.kappa),
                             estimate_cell(pair.spearman), estimate_cell(pair.kendall),
                             pair.students.defined() ? table_cell(pair.students.value) : table_cell()});
    made.note = "Of every pair of students on every prompt. disagree: share with another winner, where both have one. "
                "Spearman, Kendall: of the margins. students' order: Kendall's tau of their win rates.";
    return made;
}

inline table worst_case_table(const evaluation& of) {
    table made{
        .title = "The worst that any evaluator says",
        .columns = {{.name = "student"}, {.name = "against"}, detail::share_column("win rate"), {.name = "evaluator"}}};
    for (const worst_case& worst : of.panel.worst)
        made.rows.push_back({of.students.names[worst.ours], of.students.names[worst.theirs],
                             estimate_cell(worst.win_rate), of.evaluators[worst.evaluator].said.name});
    return made;
}

} // namespace preflearn
