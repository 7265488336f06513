/// \file
/// A comparison as a folder: comparison.md with its tables and pictures, the tables as CSV, and each source's card in a
/// folder of its name.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_card/card_figures.hpp>
#include <preflearn/pipeline/teacher_card/write_card.hpp>
#include <preflearn/programs/comparing/comparison_tables.hpp>
#include <preflearn/programs/comparing/label_comparison.hpp>
#include <preflearn/report/figures/heat_map.hpp>
#include <preflearn/report/figures/heat_map_svg.hpp>
#include <preflearn/report/figures/line_plot_svg.hpp>
#include <preflearn/report/run/write.hpp>
#include <preflearn/report/tables/table_data.hpp>
#include <preflearn/report/tables/table_text.hpp>

namespace preflearn {

/// Agreement of all sources, the truth last.
inline heat_map agreement_map(const label_comparison& found) {
    const std::size_t n = found.input.sources.size() + (found.input.gold ? 1 : 0);
    heat_map map{.title = "Share of pairs on which two sources agree",
                 .row_label = "source",
                 .values = std::vector<double>(n * n, 1),
                 .value_label = "agreement",
                 .limits = {.low = 0, .high = 1}};
    for (std::size_t s = 0; s < n; ++s) map.row_names.push_back(found.name(s));
    map.column_names = map.row_names;
    for (const source_pair& pair : found.pairs)
        map.values[pair.first * n + pair.second] = map.values[pair.second * n + pair.first] = pair.agreement.value;
    return map;
}

/// The share of agreement by the size of gold's margin, a line for every two sources.
inline line_plot match_plot(const label_comparison& found) {
    line_plot plot{.title = "Agreement by the size of gold's margin",
                   .x_label = "margin of gold",
                   .y_label = "share of pairs on which both agree",
                   .y_limits = {.low = 0, .high = 1}};
    constexpr std::size_t most = 12; // lines in one picture
    for (const source_pair& pair : found.pairs) {
        if (pair.match_by_gold_margin.empty() || plot.series.size() == most) continue;
        line_plot one = detail::group_figure(pair.match_by_gold_margin, "", "", "");
        plot.series.push_back(std::move(one.series.front()));
        plot.series.back().name = found.name(pair.first) + " and " + found.name(pair.second);
    }
    return plot;
}

/// Writes the folder's files; the folder may be there. \throws input_error where that fails
inline void write_comparison(const label_comparison& found, const std::filesystem::path& folder) {
    make_folder(folder);
    std::string text = "# Comparison of labels\n\n";
    for (const std::string& note : found.input.notes) text += note + "\n\n";
    for (const table& part : comparison_tables(found)) text += to_markdown(part) + "\n";
    write_svg(agreement_map(found), folder / "agreement.svg");
    text += "![agreement](agreement.svg)\n";
    if (const line_plot plot = match_plot(found); !plot.series.empty()) {
        write_svg(plot, folder / "match_by_gold_margin.svg");
        text += "![match by gold margin](match_by_gold_margin.svg)\n";
    }
    write_csv(source_table(found), folder / "sources.csv");
    write_csv(source_pair_table(found), folder / "source_pairs.csv");
    if (found.input.gold) write_csv(mismatch_table(found), folder / "mismatch.csv");
    if (!found.cards.empty()) text += "\nCards:\n\n";
    for (const teacher_card& card : found.cards) {
        make_folder(folder / card.name);
        write_card(card, folder / card.name);
        text += "- [" + detail::escaped_for_markdown(card.name) + "](" + card.name + "/card.md)\n";
    }
    write_file(text, folder / "comparison.md");
}

} // namespace preflearn
