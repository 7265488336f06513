/// \file
/// A teacher's card as pictures: reliability, risk against coverage, accuracy by margin and by length, and how often
/// repeats differ.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/agreement/uncertainty/proportion.hpp>
#include <preflearn/pipeline/teacher_card/teacher_card.hpp>
#include <preflearn/report/figures/line_plot.hpp>

namespace preflearn {

/// A picture and the name of its file, without ending.
struct card_figure {
    std::string file{};
    line_plot plot{};
};

namespace detail {

inline line_plot reliability_figure(const teacher_card& card) {
    line_plot plot{.title = "Reliability of " + card.name,
                   .x_label = "probability that the decision is right",
                   .y_label = "share that is right",
                   .y_limits = {.low = 0, .high = 1},
                   .width = 360};
    plot.series.push_back({.name = "honest", .x = {0.5, 1}, .y = {0.5, 1}, .style = plot_style::reference});
    plot_series found{.name = "as given", .style = plot_style::line_and_points};
    for (const reliability_bin& bin : card.calibration.bins) {
        if (bin.count == 0) continue;
        const auto n = static_cast<double>(bin.count);
        const interval bounds = wilson_interval(std::min(bin.outcomes, n), n, card.confidence);
        found.x.push_back(bin.mean_probability());
        found.y.push_back(bin.mean_outcome());
        found.low.push_back(bounds.low);
        found.high.push_back(bounds.high);
    }
    plot.series.push_back(std::move(found));
    return plot;
}

/// At most some hundred points of a curve, the last of them with all pairs.
inline line_plot coverage_figure(const teacher_card& card) {
    line_plot plot{.title = "Risk against coverage of " + card.name,
                   .x_label = "share of pairs that are labelled, the surest first",
                   .y_label = "share of wrong labels",
                   .x_limits = {.low = 0, .high = 1},
                   .y_limits = {.low = 0}};
    plot_series risk{.name = card.name};
    const std::vector<coverage_point>& curve = card.calibration.coverage;
    constexpr std::size_t most = 400;
    for (std::size_t i = 0; i < curve.size(); ++i) {
        if (curve.size() > most && i + 1 < curve.size() && i * most / curve.size() == (i + 1) * most / curve.size())
            continue;
        risk.x.push_back(curve[i].coverage);
        risk.y.push_back(1 - curve[i].accuracy);
    }
    plot.series.push_back(std::move(risk));
    if (card.shares.accuracy.defined())
        plot.series.push_back({.name = "all labels",
                               .x = {0, 1},
                               .y = {1 - card.shares.accuracy.value, 1 - card.shares.accuracy.value},
                               .style = plot_style::reference});
    return plot;
}

inline line_plot group_figure(const std::vector<card_group>& groups, std::string title, std::string x_label,
                              std::string y_label, bool complement = false) {
    line_plot plot{.title = std::move(title),
                   .x_label = std::move(x_label),
                   .y_label = std::move(y_label),
                   .y_limits = {.low = 0, .high = 1}};
    plot_series shares{.style = plot_style::line_and_points};
    for (const card_group& group : groups) {
        const interval& b = group.accuracy.bounds;
        shares.x.push_back(group.mean);
        shares.y.push_back(complement ? 1 - group.accuracy.value : group.accuracy.value);
        shares.low.push_back(complement ? 1 - b.high : b.low);
        shares.high.push_back(complement ? 1 - b.low : b.high);
    }
    plot.series.push_back(std::move(shares));
    if (!complement && !groups.empty())
        plot.series.push_back({.name = "chance",
                               .x = {groups.front().mean, groups.back().mean},
                               .y = {0.5, 0.5},
                               .style = plot_style::reference});
    return plot;
}

} // namespace detail

/// Those for which there are numbers.
inline std::vector<card_figure> card_figures(const teacher_card& card) {
    std::vector<card_figure> all;
    if (card.calibration.as_given.brier.defined()) all.push_back({"reliability", detail::reliability_figure(card)});
    if (!card.calibration.coverage.empty()) all.push_back({"risk_coverage", detail::coverage_figure(card)});
    const auto add = [&](const char* file, const std::vector<card_group>& groups, const char* title, std::string x) {
        if (!groups.empty())
            all.push_back({file, detail::group_figure(groups, title, std::move(x), "share that is right")});
    };
    add("by_margin", card.by_margin, "Accuracy by the size of its margin", "margin, natural logits");
    add("by_truth_margin", card.by_gold_margin, "Accuracy by the size of the truth's margin", "margin of the truth");
    add("by_length", card.by_length, "Accuracy by how much longer the right response is", card.length_unit);
    if (card.consistency && !card.consistency->unanimous_by_margin.empty())
        all.push_back(
            {"flips", detail::group_figure(card.consistency->unanimous_by_margin, "Repeats that are not all the same",
                                           "size of the mean margin", "share of pairs", true)});
    return all;
}

} // namespace preflearn
