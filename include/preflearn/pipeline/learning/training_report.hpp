/// \file
/// What became of a training run: its steps as JSON, and as curves.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/report/figures/line_plot.hpp>
#include <preflearn/training/loop/metrics.hpp>

namespace preflearn {

/// One object a step, of the numbers that it has.
inline nlohmann::ordered_json json_of_steps(const training_history& history) {
    using namespace std::string_literals;
    auto steps = nlohmann::ordered_json::array();
    for (const training_step& step : history.steps) {
        nlohmann::ordered_json one{{"step"s, step.step}};
        for_each_metric(step, [&](std::string_view name, double value) { one[std::string(name)] = value; });
        steps.push_back(std::move(one));
    }
    return steps;
}

namespace detail {

/// A number of the steps that have it.
inline plot_series series_of(const training_history& history, double training_step::*number, std::string name,
                             plot_style style) {
    plot_series series{.name = std::move(name), .style = style};
    for (const training_step& step : history.steps) {
        if (!std::isfinite(step.*number)) continue;
        series.x.push_back(static_cast<double>(step.step));
        series.y.push_back(step.*number);
    }
    return series;
}

/// Those of the series that have points.
inline line_plot plot_of(std::string title, std::string y_label, std::vector<plot_series> series) {
    line_plot plot{.title = std::move(title), .x_label = "step", .y_label = std::move(y_label)};
    for (plot_series& one : series)
        if (!one.x.empty()) plot.series.push_back(std::move(one));
    return plot;
}

} // namespace detail

/// The loss of every batch and the held-out loss.
inline line_plot loss_curve(const training_history& history, std::string title) {
    return detail::plot_of(
        std::move(title), "loss",
        {detail::series_of(history, &training_step::loss, "batches", plot_style::line),
         detail::series_of(history, &training_step::eval_loss, "held out", plot_style::line_and_points)});
}

/// The share of pairs whose chosen response has the larger reward; no series where none was measured.
inline line_plot accuracy_curve(const training_history& history, std::string title) {
    return detail::plot_of(
        std::move(title), "chosen before rejected",
        {detail::series_of(history, &training_step::rewards_accuracies, "batches", plot_style::line),
         detail::series_of(history, &training_step::eval_accuracy, "held out", plot_style::line_and_points)});
}

} // namespace preflearn
