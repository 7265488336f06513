/// \file
/// A study for people (tables, pictures) and for programs (JSON, CSV): what `weak_teacher` prints and what it leaves in
/// its report folder.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/agreement/labels/margin_bins.hpp>
#include <preflearn/agreement/labels/source_matrix.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/agreement/uncertainty/moments.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/pipeline/study/study.hpp>
#include <preflearn/pipeline/study/study_data.hpp>
#include <preflearn/pipeline/study/study_summary.hpp>
#include <preflearn/report.hpp>
#include <preflearn/training/loop/metrics.hpp>

namespace preflearn {

namespace detail {

/// A gap where there is no number, the number alone where there is no interval.
inline table_cell cell_of(const estimate& e) {
    if (!e.defined()) return no_value{};
    if (std::isnan(e.bounds.low)) return e.value;
    return with_interval{e.value, e.bounds.low, e.bounds.high};
}

} // namespace detail

/// One row per kind of label. Without a gold reward the columns that need one are left out.
inline table study_table(const study_summary& summary) {
    struct column {
        const char* name;
        estimate study_row::*value;
        notation shown;
        int digits;
    };
    std::vector<column> columns{{"labels vs human", &study_row::labels_against_human, notation::percent, 1},
                                {"held-out vs human", &study_row::test_against_human, notation::percent, 1}};
    const bool gold = summary.rows.front().gold_reward.defined();
    if (gold)
        columns = {{"labels vs gold", &study_row::labels_against_gold, notation::percent, 1},
                   {"labels vs human", &study_row::labels_against_human, notation::percent, 1},
                   {"gold reward", &study_row::gold_reward, notation::fixed, 2},
                   {"win rate", &study_row::win_rate, notation::percent, 1},
                   {"held-out vs gold", &study_row::test_against_gold, notation::percent, 1},
                   {"held-out vs human", &study_row::test_against_human, notation::percent, 1}};
    table result{.title = message("Students by the labels they learned from: ", summary.unlabelled, " pairs (",
                                  summary.labelled, " more are labelled), ", summary.test, " held out, ", summary.seeds,
                                  summary.seeds == 1 ? " seed" : " seeds"),
                 .columns = {{.name = "student of"}}};
    for (const column& c : columns) result.columns.push_back({.name = c.name, .digits = c.digits, .shown = c.shown});
    for (const study_row& row : summary.rows) {
        std::vector<table_cell> cells{row.name};
        for (const column& c : columns) cells.push_back(detail::cell_of(row.*(c.value)));
        result.rows.push_back(std::move(cells));
    }
    result.note = std::string("labels: accuracy of the labels learned from. ") +
                  (gold ? "gold reward: mean over own responses to held-out prompts. win rate: of these responses "
                          "against the student of "
                          "human labels, ties half. "
                        : "") +
                  "held-out: accuracy of the implicit reward on held-out pairs. [low, high]: 95% interval over " +
                  (summary.seeds == 1 ? "pairs or prompts." : "seeds (Student's t).");
    return result;
}

/// Teacher, human and gold labels of the unlabelled pairs against each other (Tao & Li 2025, section 4).
inline table teacher_table(const study_summary& summary) {
    table result{
        .title = "The weak teacher",
        .columns = {{.name = "share of pairs"}, {.name = "estimate", .digits = 1, .shown = notation::percent}}};
    const auto add = [&](const char* name, const estimate& e) {
        if (e.defined()) result.rows.push_back({name, detail::cell_of(e)});
    };
    add("teacher's labels agree with human labels", summary.teacher_against_human);
    add("teacher's labels agree with gold", summary.teacher_against_gold);
    add("human labels agree with gold", summary.human_against_gold);
    add("teacher agrees with human labels on held-out pairs", summary.teacher_test_against_human);
    add("teacher agrees with gold on held-out pairs", summary.teacher_test_against_gold);
    add("teacher and human disagree (mismatch), all seeds", summary.disagreement);
    add("gold sides with the teacher where they disagree", summary.mismatch.gold_with_first);
    add("gold agrees with both where they agree (match)", summary.mismatch.gold_with_both);
    return result;
}

/// Accuracy of the teacher's labels against how sure it is.
inline line_plot margin_plot(const study_summary& summary) {
    line_plot plot{.title = "Agreement with the weak teacher against its margin",
                   .x_label = "|margin| of the implicit reward (mean of the bin)",
                   .y_label = "share of pairs"};
    const auto add = [&](const char* name, std::span<const margin_bin> bins) {
        plot_series series{.name = name, .style = plot_style::line_and_points};
        for (const margin_bin& bin : bins) {
            series.x.push_back(bin.mean);
            series.y.push_back(bin.accuracy.value);
            series.low.push_back(bin.accuracy.bounds.low);
            series.high.push_back(bin.accuracy.bounds.high);
        }
        if (!bins.empty()) plot.series.push_back(std::move(series));
    };
    add("human labels agree", summary.by_margin_against_human);
    add("gold agrees", summary.by_margin_against_gold);
    return plot;
}

/// One metric of the training of the teacher and of every student of a seed. A step's batch says little, so
/// neighbouring steps are averaged, into at most `points` means for each run.
inline line_plot training_plot(const study_result& result, std::string_view metric, std::size_t points = 40) {
    line_plot plot{.title = message("Training, seed ", result.seed),
                   .x_label = "step",
                   .y_label = message(metric, ", mean of neighbouring steps")};
    const auto add = [&](const std::string& name, const training_history& history) {
        plot_series series{.name = name};
        std::vector<double> steps, values;
        for (const training_step& step : history.steps) {
            for_each_metric(step, [&](std::string_view key, double value) {
                if (key != metric) return;
                steps.push_back(static_cast<double>(step.step));
                values.push_back(value);
            });
        }
        for (std::size_t p = 0; p < std::min(points, values.size()); ++p) {
            const std::size_t begin = p * values.size() / std::min(points, values.size());
            const std::size_t end = (p + 1) * values.size() / std::min(points, values.size());
            const auto mean = [&](const std::vector<double>& all) {
                return mean_estimate(std::span(all).subspan(begin, end - begin)).value;
            };
            series.x.push_back(mean(steps));
            series.y.push_back(mean(values));
        }
        if (!series.x.empty()) plot.series.push_back(std::move(series));
    };
    add("weak teacher's own", result.teacher_training);
    for (const student_result& student : result.students) add(student.name, student.training);
    return plot;
}

/// How often the label sources of one seed agree on the unlabelled pairs.
inline heat_map agreement_map(const study_result& result) {
    std::vector<label_source> sources;
    for (const student_result& student : result.students)
        if (!student.labels.empty() && student.name != row_name::human_all &&
            student.name != row_name::human_labelled) // of other pairs
            sources.push_back({student.name, &student.labels});
    const agreement_matrix matrix = agreement_of(sources);
    heat_map map{.title = message("Agreement of label sources, seed ", result.seed),
                 .row_names = matrix.names,
                 .column_names = matrix.names,
                 .value_label = "share of pairs",
                 .limits = {0.4, 1}};
    for (const label_accuracy_result& cell : matrix.cells) map.values.push_back(cell.rate.value);
    return map;
}

/// Every label of the unlabelled pairs: one row per seed and pair, P(first ≻ second) by each source.
/// \param names what the pairs' file calls them
inline table pair_table(std::span<const study_result> results, const pair_names& names = pair_names()) {
    table pairs{.title = "Labels of the unlabelled pairs",
                .columns = {{.name = "seed"},
                            {.name = "id"},
                            {.name = "teacher"},
                            {.name = "teacher_margin"},
                            {.name = "human"},
                            {.name = "gold"},
                            {.name = "gold_margin"}}};
    const auto probability = [](const std::optional<preference>& verdict) -> table_cell {
        if (!verdict || verdict->abstained()) return no_value{};
        return verdict->half_win();
    };
    const auto id_cell = [](const pair_name& name) {
        return name.is_text ? table_cell(name.id) : table_cell(name.number);
    };
    const auto margin = [](const std::optional<preference>& verdict) -> table_cell {
        return verdict ? table_cell(verdict->margin()) : table_cell();
    };
    for (const study_result& result : results) {
        for (const label& given : result.teacher_labels) {
            const auto human = result.human_labels.find(given.id), gold = result.gold_labels.find(given.id);
            pairs.rows.push_back({result.seed, id_cell(names.find(given.id)), probability(given.verdict),
                                  margin(given.verdict), probability(human), probability(gold), margin(gold)});
        }
    }
    return pairs;
}

/// Every step of every preference training.
inline table training_table(std::span<const study_result> results) {
    table steps{.title = "Training", .columns = {{.name = "seed"}, {.name = "run"}, {.name = "step"}}};
    for (const auto& [name, member] : step_metrics) steps.columns.push_back({.name = std::string(name)});
    const auto add = [&](const study_result& result, const std::string& run, const training_history& history) {
        for (const training_step& step : history.steps) {
            std::vector<table_cell> row{result.seed, run, step.step};
            for (const auto& [name, member] : step_metrics)
                row.push_back(std::isnan(step.*member) ? table_cell() : table_cell(step.*member));
            steps.rows.push_back(std::move(row));
        }
    };
    for (const study_result& result : results) {
        add(result, "weak teacher's own", result.teacher_training);
        for (const student_result& student : result.students) add(result, student.name, student.training);
    }
    return steps;
}

/// Writes results.json, the tables as CSV, the pictures as SVG and manifest.json into a folder, which it makes. Each
/// file appears whole or not at all. \param data what became of the pairs' file, where there was one: its counts go
/// into results.json, its ids into pairs.csv \throws input_error when a file cannot be written.
inline void write_study(const std::filesystem::path& folder, std::span<const study_result> results,
                        const study_summary& summary, const manifest& run, const text_study_data* data = nullptr) {
    using namespace std::string_literals;
    make_folder(folder);
    const table students = study_table(summary), teacher = teacher_table(summary);
    const line_plot margins = margin_plot(summary);
    nlohmann::ordered_json json{{"students"s, to_json(students)},
                                {"teacher"s, to_json(teacher)},
                                {"agreement_against_margin"s, to_json(to_table(margins))}};
    if (data != nullptr) json["data"] = to_json(*data);
    write_json(json, folder / "results.json");
    write_csv(students, folder / "students.csv");
    write_csv(teacher, folder / "teacher.csv");
    write_csv(pair_table(results, data != nullptr ? data->names : pair_names()), folder / "pairs.csv");
    write_csv(training_table(results), folder / "training.csv");
    write_svg(margins, folder / "agreement-against-margin.svg");
    write_svg(agreement_map(results.front()), folder / "agreement-of-labels.svg");
    for (const auto& [metric, file] :
         {std::pair{"loss", "training-loss.svg"}, std::pair{"rewards/accuracies", "training-accuracy.svg"},
          std::pair{"rewards/margins", "training-margin.svg"}})
        write_svg(training_plot(results.front(), metric), folder / file);
    write_json(run, folder / "manifest.json");
}

} // namespace preflearn
