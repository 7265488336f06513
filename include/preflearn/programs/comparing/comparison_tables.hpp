/// \file
/// A comparison as tables for people.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/noise/noise_estimate.hpp>
#include <preflearn/pipeline/teacher_card/card_tables.hpp>
#include <preflearn/programs/comparing/comparison_rows.hpp>
#include <preflearn/programs/comparing/label_comparison.hpp>
#include <preflearn/report/tables/table.hpp>
#include <preflearn/report/tables/table_text.hpp>

namespace preflearn {

namespace detail {

inline table_column percent_column(std::string name) {
    return {.name = std::move(name), .digits = 1, .shown = notation::percent};
}
} // namespace detail

/// A row a source: what it labels, and how right it is.
inline table source_table(const label_comparison& found) {
    const auto percent = detail::percent_column;
    table t{.title = found.input.gold ? "Labels against " + found.input.gold->name : "Labels",
            .columns = {{.name = "source"}, {.name = "pairs"}, {.name = "decided"}, {.name = "ties"}}};
    const bool gold = !found.cards.empty();
    if (gold)
        for (const table_column& column :
             {percent("accuracy"), percent("longer response"), table_column{.name = "kappa"},
              table_column{.name = "ECE"}, table_column{.name = "Brier"}, percent("longer wins"),
              table_column{.name = "corr(margin, length)", .digits = 2}})
            t.columns.push_back(column);
    for (std::size_t s = 0; s < found.input.sources.size(); ++s) {
        const compared_source& source = found.input.sources[s];
        std::vector<table_cell> row{source.name, source.pairs, source.decided, source.ties};
        if (gold) {
            const teacher_card& card = found.cards[s];
            const auto value = [](const estimate& e) { return e.defined() ? table_cell(e.value) : table_cell(); };
            row.insert(row.end(), {estimate_cell(card.shares.accuracy), value(card.shares.length_only),
                                   estimate_cell(card.shares.kappa), value(card.calibration.as_given.calibration_error),
                                   value(card.calibration.as_given.brier), value(card.shares.longer_said),
                                   value(card.shares.evidence_length_pearson)});
        }
        t.rows.push_back(std::move(row));
    }
    t.note = message(found.input.pairs.size(), " pairs in all; all sources decide and agree on ", found.match,
                     ", decide and do not on ", found.mismatch, ".");
    if (gold)
        t.note += message(" Ties on one side are half right; [low, high]: ", 100 * found.confidence,
                          "% interval, of accuracies over prompts. longer response: the accuracy of taking it.");
    return t;
}

/// A row for every two sources, the truth among them.
inline table source_pair_table(const label_comparison& found) {
    const auto percent = detail::percent_column;
    table t{.title = "Every source against every other",
            .columns = {{.name = "first"},
                        {.name = "second"},
                        {.name = "pairs"},
                        percent("agree"),
                        {.name = "kappa"},
                        {.name = "rank corr. of margins", .digits = 2}}};
    for (const source_pair& pair : found.pairs)
        t.rows.push_back({found.name(pair.first), found.name(pair.second), pair.pairs, estimate_cell(pair.agreement),
                          estimate_cell(pair.kappa),
                          pair.margin_spearman.defined() ? table_cell(pair.margin_spearman.value) : table_cell()});
    return t;
}

/// Where two sources disagree: with whom the truth sides, and McNemar's test.
inline table mismatch_table(const label_comparison& found) {
    const auto percent = detail::percent_column;
    table t{.title = "Where two sources disagree: with whom gold sides",
            .columns = {{.name = "first"},
                        {.name = "second"},
                        percent("disagree"),
                        percent("gold with first"),
                        percent("gold with both where they agree"),
                        percent("accuracy difference"),
                        {.name = "McNemar p", .digits = 4},
                        {.name = "Holm's p", .digits = 4},
                        {.name = "gold margin, match"},
                        {.name = "mismatch"}},
            .note = "McNemar's exact test of equal accuracies; Holm's p over all of them. The difference of "
                    "accuracies is first minus second, its interval over prompts."};
    const auto value = [](const estimate& e) { return e.defined() ? table_cell(e.value) : table_cell(); };
    for (const source_pair& pair : found.pairs) {
        if (!pair.against_gold) continue;
        const mismatch_result& result = *pair.against_gold;
        t.rows.push_back({found.name(pair.first), found.name(pair.second), estimate_cell(result.disagreement),
                          estimate_cell(result.gold_with_first), value(result.gold_with_both),
                          estimate_cell(pair.difference_over_prompts), p_value_cell(result.p_value),
                          p_value_cell(pair.adjusted_p), value(pair.gold_margin_match),
                          value(pair.gold_margin_mismatch)});
    }
    return t;
}

/// What labels are worth by their errors against the truth, in right labels and in people's.
inline table worth_table(const label_comparison& found) {
    table t{.title = "What labels are worth: n (1 - 2e)^2 right ones",
            .columns = {{.name = "source"},
                        detail::percent_column("noise rate e"),
                        {.name = "labels"},
                        {.name = "effective", .digits = 0},
                        {.name = "human labels a label"}},
            .note = "The last column holds both against the same truth; its interval takes their errors as "
                    "independent."};
    for (const teacher_card& card : found.cards) {
        const noise_estimate noise = noise_of(card.shares.accuracy, card.shares.judged);
        const bool people = found.input.human_is_source && card.name != "human";
        const card_shares& human = found.cards.back().shares;
        t.rows.push_back({card.name, estimate_cell(noise.rate), card.shares.judged,
                          estimate_cell(effective_sample_size(static_cast<double>(card.shares.judged), noise.rate)),
                          people ? estimate_cell(exchange_rate(noise.rate, noise_of(human.accuracy, human.judged).rate))
                                 : table_cell()});
    }
    return t;
}

/// Accuracy of each source by category, and McNemar's test of each two sources within it.
inline std::vector<table> category_tables(const label_comparison& found) {
    std::vector<table> all;
    const std::string title = "By category (" + found.category_field + ")";
    if (!found.category_field.empty() && !found.cards.empty()) {
        table t{.title = title, .columns = {{.name = "category"}, {.name = "pairs"}}};
        for (const teacher_card& card : found.cards) detail::add_column(t, detail::percent_column(card.name));
        for (std::size_t c = 0; c < found.cards.front().by_category.size(); ++c) {
            std::size_t most = 0;
            for (const teacher_card& card : found.cards) most = std::max(most, card.by_category[c].pairs);
            std::vector<table_cell> row{found.cards.front().by_category[c].name, most};
            for (const teacher_card& card : found.cards) row.push_back(estimate_cell(card.by_category[c].accuracy));
            t.rows.push_back(std::move(row));
        }
        all.push_back(std::move(t));
    }
    table t{.title = title + ": which source is nearer to gold",
            .columns = {{.name = "category"},
                        {.name = "first"},
                        {.name = "second"},
                        {.name = "only first right"},
                        {.name = "only second right"},
                        {.name = "McNemar p", .digits = 4},
                        {.name = "Holm's p", .digits = 4}},
            .note = "Holm's p over all categories and pairs of sources."};
    for (const source_pair& pair : found.pairs)
        for (const category_test& test : pair.by_category)
            t.rows.push_back({test.category, found.name(pair.first), found.name(pair.second),
                              test.result.counts.mismatch.wins, test.result.counts.mismatch.losses,
                              p_value_cell(test.result.p_value), p_value_cell(test.adjusted_p)});
    if (!t.rows.empty()) all.push_back(std::move(t));
    return all;
}

inline table coefficient_table(const label_comparison& found) {
    table t{.title = found.input.sources.size() > 1 ? "Agreement of all sources" : "Agreement with gold",
            .columns = {{.name = "coefficient"}, {.name = "value", .digits = 4}, {.name = "pairs"}},
            .note = "Every pair counts as it is and with its responses in the other order."};
    for (const named_estimate& one : found.coefficients)
        if (one.value.status != estimate_status::not_applicable)
            t.rows.push_back({one.name, estimate_cell(one.value), one.value.count});
    return t;
}

/// What is known without a truth: Dawid & Skene's accuracies, triads, lists.
inline std::vector<table> other_tables(const label_comparison& found) {
    std::vector<table> all;
    if (!found.truth.accuracies.empty()) {
        table t{
            .title =
                message("The truth behind the sources without gold (Dawid & Skene: ", name_of(found.truth.status), ")"),
            .columns = {{.name = "source"}, {.name = "accuracy", .digits = 1, .shown = notation::percent}},
            .note = "It holds sources to be independent given the truth, which repeats of one teacher are not; – where "
                    "too few others judge the pairs of a source."};
        for (std::size_t s = 0; s < found.truth.accuracies.size(); ++s)
            t.rows.push_back({found.input.sources[s].name, std::isnan(found.truth.accuracies[s])
                                                               ? table_cell()
                                                               : table_cell(found.truth.accuracies[s])});
        if (found.truth.accuracy.defined())
            t.note += " Its decisions against gold: " + detail::share_text(found.truth.accuracy) + ".";
        all.push_back(std::move(t));
    }
    table triads{.title = "Are verdicts on the responses of a prompt a ranking?",
                 .columns = {{.name = "source"},
                             {.name = "prompts"},
                             {.name = "cyclic"},
                             {.name = "transitive"},
                             {.name = "transitivity", .digits = 1, .shown = notation::percent}}};
    for (std::size_t s = 0; s < found.triads.size(); ++s)
        if (found.triads[s].cyclic + found.triads[s].transitive > 0)
            triads.rows.push_back({found.input.sources[s].name, found.triads[s].prompts, found.triads[s].cyclic,
                                   found.triads[s].transitive, estimate_cell(found.triads[s].transitivity)});
    if (!triads.rows.empty()) all.push_back(std::move(triads));
    table lists{.title = "Scores of more than two responses",
                .columns = {{.name = "first"},
                            {.name = "second"},
                            {.name = "lists"},
                            {.name = "Kendall tau-b"},
                            {.name = "Spearman rho"},
                            {.name = "same best", .digits = 1, .shown = notation::percent}},
                .note = "Correlations within each prompt's responses, means over them."};
    for (const list_agreement& one : found.lists)
        lists.rows.push_back({found.name(one.first), found.name(one.second), one.lists, estimate_cell(one.kendall),
                              estimate_cell(one.spearman), estimate_cell(one.same_best)});
    if (!lists.rows.empty()) all.push_back(std::move(lists));
    for (const auto& [group, consistency] : found.consistency) {
        all.push_back(consistency_table(consistency));
        all.back().title = "Consistency of " + group;
    }
    return all;
}

inline std::vector<table> comparison_tables(const label_comparison& found) {
    std::vector<table> all{source_table(found), source_pair_table(found), mismatch_table(found), worth_table(found)};
    for (table& t : category_tables(found)) all.push_back(std::move(t));
    all.push_back(coefficient_table(found));
    for (table& t : other_tables(found)) all.push_back(std::move(t));
    std::erase_if(all, [](const table& t) { return t.rows.empty(); });
    return all;
}

/// As a terminal shows it.
inline std::string to_text(const label_comparison& found) {
    std::string text;
    for (const table& part : comparison_tables(found)) text += (text.empty() ? "" : "\n") + to_text(part);
    for (const std::string& note : found.input.notes) text += note + "\n";
    return text;
}

} // namespace preflearn
