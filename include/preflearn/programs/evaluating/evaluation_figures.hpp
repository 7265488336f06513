/// \file
/// The pictures of an `evaluation`: rewards with their intervals, best of k, who wins against whom, and how alike
/// evaluators are.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/programs/evaluating/evaluation.hpp>
#include <preflearn/programs/evaluating/evaluation_tables.hpp>
#include <preflearn/report/figures/dot_plot.hpp>
#include <preflearn/report/figures/dot_plot_svg.hpp>
#include <preflearn/report/figures/heat_map.hpp>
#include <preflearn/report/figures/heat_map_svg.hpp>
#include <preflearn/report/figures/line_plot.hpp>
#include <preflearn/report/figures/line_plot_svg.hpp>
#include <preflearn/report/run/write.hpp>
#include <preflearn/report/tables/table_text.hpp>

namespace preflearn {

/// Mean rewards by an evaluator that scores, SFT's as a line to compare with.
inline dot_plot reward_plot(const evaluation& of, const evaluator_result& by) {
    dot_plot plot{.title = "Mean reward by " + by.said.name,
                  .value_label = message("reward, ", 100 * of.confidence, "% intervals"),
                  .names = of.students.names};
    for (const estimate& reward : by.rewards) {
        plot.values.push_back(reward.value);
        plot.low.push_back(reward.bounds.low);
        plot.high.push_back(reward.bounds.high);
    }
    if (of.roles.sft && by.rewards[*of.roles.sft].defined()) plot.reference = by.rewards[*of.roles.sft].value;
    return plot;
}

/// Best of k of every student that has several responses.
inline line_plot best_of_plot(const evaluation& of, const evaluator_result& by) {
    line_plot plot{.title = "Best of k, reward by " + by.said.name, .x_label = "k", .y_label = "mean reward"};
    for (const best_of_curve& curve : by.best_of) {
        plot_series& line = plot.series.emplace_back(plot_series{
            .name = of.students.names[curve.student] + ", by " + curve.selector, .style = plot_style::line_and_points});
        for (const best_of_point& point : curve.points) {
            line.x.push_back(static_cast<double>(point.k));
            line.y.push_back(point.reward.value);
            line.low.push_back(point.reward.bounds.low);
            line.high.push_back(point.reward.bounds.high);
        }
    }
    return plot;
}

/// Win rates of rows against columns.
inline heat_map win_map(const evaluation& of, const evaluator_result& by) {
    const std::size_t n = of.students.names.size();
    heat_map map{.title = "Win rates by " + by.said.name,
                 .row_label = "student",
                 .column_label = "against",
                 .row_names = of.students.names,
                 .column_names = of.students.names,
                 .values = std::vector<double>(n * n, std::numeric_limits<double>::quiet_NaN()),
                 .value_label = "win rate, ties half",
                 .limits = {.low = 0, .high = 1}};
    for (const student_win& win : by.pairs) {
        map.values[win.ours * n + win.theirs] = win.win_rate.value;
        map.values[win.theirs * n + win.ours] = 1 - win.win_rate.value;
    }
    return map;
}

/// Spearman's correlation of evaluators' margins.
inline heat_map panel_map(const evaluation& of) {
    const std::size_t n = of.evaluators.size();
    heat_map map{.title = "Evaluators' margins",
                 .row_label = "evaluator",
                 .column_label = "other",
                 .values = std::vector<double>(n * n, 1),
                 .value_label = "Spearman's correlation",
                 .limits = {.low = -1, .high = 1}};
    for (const evaluator_result& by : of.evaluators) map.row_names.push_back(by.said.name);
    map.column_names = map.row_names;
    for (const evaluator_pair& pair : of.panel.pairs) {
        map.values[pair.first * n + pair.second] = pair.spearman.value;
        map.values[pair.second * n + pair.first] = pair.spearman.value;
    }
    return map;
}

/// Writes `evaluation.md` and the pictures into a folder, which is made where it is not there.
/// \throws input_error when something cannot be written.
inline void write_report(const evaluation& of, const std::filesystem::path& folder) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    require<input_error>(!failure, folder.string(), ": cannot be made: ", failure.message());
    std::string page = "# Evaluation\n";
    for (const table& one : evaluation_tables(of)) page += "\n" + to_markdown(one);
    write_file(page, folder / "evaluation.md");
    for (std::size_t e = 0; e < of.evaluators.size(); ++e) {
        const evaluator_result& by = of.evaluators[e];
        const std::string number = std::to_string(e + 1) + ".svg";
        if (by.said.way.scores) write_svg(reward_plot(of, by), folder / ("rewards-" + number));
        if (!by.best_of.empty()) write_svg(best_of_plot(of, by), folder / ("best-of-" + number));
        if (!by.pairs.empty()) write_svg(win_map(of, by), folder / ("wins-" + number));
    }
    if (!of.panel.pairs.empty()) write_svg(panel_map(of), folder / "evaluators.svg");
}

} // namespace preflearn
