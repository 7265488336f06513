/// \file
/// The tables of a `ranking_study`: ranked items, what happened where there is no rating, parameters, judges.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/interval.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/ranking/study.hpp>
#include <preflearn/ranking/board/item_records.hpp>
#include <preflearn/report/tables/table.hpp>

namespace preflearn {

namespace detail {

/// A number, or a gap where it is not known.
inline table_cell known_or_gap(double x) { return std::isnan(x) ? table_cell() : table_cell(x); }

/// A weighted sum of games: whole where it is.
inline table_cell sum_of_weights(double games) {
    if (games == std::floor(games) && games < 1e15) return static_cast<std::uint64_t>(games);
    return games;
}

} // namespace detail

/// The ranked items: score, error, interval, ranks, tier, games and win rate, best first.
inline table ranked_table(const ranking_study& study) {
    const int digits = study.elo ? 1 : 3;
    table table{.columns = {{.name = "rank"},
                            {.name = "item"},
                            {.name = "score", .digits = digits},
                            {.name = "s.e.", .digits = digits},
                            {.name = "low", .digits = digits},
                            {.name = "high", .digits = digits},
                            {.name = "ranks"},
                            {.name = "tier"},
                            {.name = "games"},
                            {.name = "win rate", .digits = 1, .shown = notation::percent}}};
    if (study.weighted()) {
        const bool tiny = std::ranges::any_of(
            study.records, [](const item_record& r) { return r.weight() > 0 && r.weight() < 0.001; });
        table.columns.insert(table.columns.end() - 1,
                             {.name = "weight", .shown = tiny ? notation::scientific : notation::fixed});
    }
    std::size_t rank = 0;
    const rating_report& report = study.report;
    const rank_result& ranks = report.ranks;
    for (const std::size_t i : ranks.order) {
        const interval bounds = study.scale.bounds(report.bounds[i]);
        std::vector<table_cell> row{++rank,
                                    study.file.items[i],
                                    study.scale.score(report.scores[i]),
                                    detail::known_or_gap(study.scale.error(report.standard_errors[i])),
                                    detail::known_or_gap(bounds.low),
                                    detail::known_or_gap(bounds.high),
                                    std::to_string(ranks.best_rank[i]) + "-" + std::to_string(ranks.worst_rank[i]),
                                    ranks.tier[i],
                                    study.records[i].games,
                                    detail::known_or_gap(study.records[i].win_rate())};
        if (study.weighted()) row.insert(row.end() - 1, detail::sum_of_weights(study.records[i].weight()));
        table.rows.push_back(std::move(row));
    }
    table.note = message(study.scale_words(), "; low and high: ", 100 * study.confidence,
                         "% interval; ranks and tiers hold for all items at once. Win rate: ties half.");
    return table;
}

/// What happened, where there are no scores.
inline table record_table(const ranking_study& study) {
    table table{.columns = {{.name = "item"},
                            {.name = "games"},
                            {.name = "wins"},
                            {.name = "losses"},
                            {.name = "ties"},
                            {.name = "win rate", .digits = 1, .shown = notation::percent}},
                .note = study.weighted() ? "Wins, losses and ties are sums of weights." : ""};
    constexpr std::size_t most = 50;
    for (std::size_t i = 0; i < std::min(most, study.records.size()); ++i) {
        const item_record& r = study.records[i];
        table.rows.push_back({study.file.items[i], r.games, detail::sum_of_weights(r.wins),
                              detail::sum_of_weights(r.losses), detail::sum_of_weights(r.ties),
                              detail::known_or_gap(r.win_rate())});
    }
    if (study.records.size() > most)
        table.note +=
            message(table.note.empty() ? "" : " ", "The first ", most, " of ", study.records.size(), " items.");
    return table;
}

/// The parameters beside the scores.
inline table parameter_table(const ranking_study& study) {
    table table{.columns = {{.name = "parameter"}, {.name = "value"}, {.name = "s.e."}}};
    for (const rating_parameter& p : study.report.parameters) { // a coefficient may have any unit
        const double exponent = p.standard_error > 0 ? std::floor(std::log10(p.standard_error)) : 0;
        const int digits = static_cast<int>(std::clamp(2 - exponent, 3.0, 12.0));
        table.rows.push_back({p.name, with_digits{p.value, digits}, with_digits{p.standard_error, digits}});
    }
    if (study.elo) table.note = "Parameters are in logits.";
    return table;
}

/// What each judge is worth.
inline table judge_table(const ranking_study& study) {
    table table{.columns = {{.name = "judge"},
                            {.name = study.judge_model},
                            {.name = "s.e."},
                            {.name = "low"},
                            {.name = "high"},
                            {.name = "games"}}};
    const name_column& judges = study.file.judges;
    const std::vector<std::size_t> counts = games_per_name(judges);
    for (std::size_t k = 0; k < judges.names.size(); ++k) {
        const judge_report& j = study.report.judges[k];
        table.rows.push_back({judges.names[k], j.value, j.standard_error, j.bounds.low, j.bounds.high, counts[k]});
    }
    table.note =
        study.judge_model == "reliability"
            ? "The probability that a judge says what the items deserve rather than the opposite; its prior is "
              "9 right answers and 1 wrong."
            : "How strongly a judge tells items apart: 1 is the geometric mean of the judges, whose logarithms "
              "have a Gaussian prior of variance 1.";
    return table;
}

} // namespace preflearn
