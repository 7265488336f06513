/// \file
/// The pictures of a `ranking_study`: items with their intervals, and predicted win rates of all pairs.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include <preflearn/core/numbers/interval.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/ranking/study.hpp>
#include <preflearn/ranking/rate/rate.hpp>
#include <preflearn/report/figures/dot_plot.hpp>
#include <preflearn/report/figures/heat_map.hpp>

namespace preflearn {

/// The ranked items and their intervals.
inline dot_plot interval_plot(const ranking_study& study) {
    dot_plot plot{.title = "Ratings",
                  .value_label =
                      message(study.elo ? "Elo points" : "logits", ", ", 100 * study.confidence, "% intervals"),
                  .reference = study.anchor ? std::optional(study.scale.zero) : std::nullopt};
    for (const std::size_t i : study.report.ranks.order) {
        const interval bounds = study.scale.bounds(study.report.bounds[i]);
        plot.names.push_back(study.file.items[i]);
        plot.values.push_back(study.scale.score(study.report.scores[i]));
        plot.low.push_back(bounds.low);
        plot.high.push_back(bounds.high);
    }
    return plot;
}

/// What the fit expects of every item's games against every other, best first. Ties count half.
inline heat_map win_rate_map(const ranking_study& study) {
    constexpr std::size_t most = 60;
    const std::vector<std::size_t>& order = study.report.ranks.order;
    const std::size_t count = std::min(most, order.size());
    heat_map map{.title = "Predicted win rates",
                 .row_label = study.report.layout.has_order() ? "item on the left" : "item",
                 .column_label = "against",
                 .value_label = "win rate, ties half",
                 .limits = {.low = 0, .high = 1}};
    if (order.size() > most) map.title += message(", the best ", most, " of ", order.size(), " items");
    for (std::size_t r = 0; r < count; ++r) {
        map.row_names.push_back(study.file.items[order[r]]);
        for (std::size_t c = 0; c < count; ++c) {
            double rate = std::numeric_limits<double>::quiet_NaN();
            if (r != c) {
                const game_prediction p = predict_game(study.report, order[r], order[c]);
                rate = p.left.value + p.tie.value / 2;
            }
            map.values.push_back(rate);
        }
    }
    map.column_names = map.row_names;
    return map;
}

} // namespace preflearn
