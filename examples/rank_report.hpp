// What `rank` shows: tables, pictures and JSON of a rating report.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/tables/game_table.hpp>
#include <preflearn/ranking.hpp>
#include <preflearn/report/figures/dot_plot.hpp>
#include <preflearn/report/figures/heat_map.hpp>
#include <preflearn/report/tables/table.hpp>

/// Everything that is shown of one file.
struct ranking_shown {
    preflearn::game_table file{};
    preflearn::rating_report report{};
    std::vector<preflearn::item_record> records{};
    preflearn::rating_scale scale{};
    bool elo = false;
    std::optional<std::size_t> anchor{};
    std::vector<std::string> covariates{};
    std::string ties{}, judge_model{};
    double confidence = 0.95;

    [[nodiscard]] const preflearn::rating_fit& fit() const { return report.fit; }
    [[nodiscard]] std::string reason() const { return explain(report.fit, file.items, covariates); }
    [[nodiscard]] bool weighted() const { return !file.weights.empty(); }

    /// What the scores are, in a sentence.
    [[nodiscard]] std::string scale_words() const {
        const std::string unit =
            elo ? "Scores are Elo points (400 points: odds of 10 to 1) with " : "Scores are natural logits with ";
        if (anchor)
            return preflearn::message(unit, preflearn::excerpt{file.items[*anchor]}, " at ", scale.zero,
                                      "; errors and intervals are those of differences to it");
        return unit + (elo ? preflearn::message("mean ", scale.zero) : "mean zero");
    }
};

/// A number, or a gap where it is not known.
inline preflearn::table_cell known(double x) {
    return std::isnan(x) ? preflearn::table_cell() : preflearn::table_cell(x);
}

/// A weighted sum of games: whole where it is.
inline preflearn::table_cell sum_of(double games) {
    if (games == std::floor(games) && games < 1e15) return static_cast<std::uint64_t>(games);
    return games;
}

inline preflearn::table ranked_table(const ranking_shown& shown) {
    const int digits = shown.elo ? 1 : 3;
    preflearn::table table{.columns = {{.name = "rank"},
                                       {.name = "item"},
                                       {.name = "score", .digits = digits},
                                       {.name = "s.e.", .digits = digits},
                                       {.name = "low", .digits = digits},
                                       {.name = "high", .digits = digits},
                                       {.name = "ranks"},
                                       {.name = "tier"},
                                       {.name = "games"},
                                       {.name = "win rate", .digits = 1, .shown = preflearn::notation::percent}}};
    if (shown.weighted()) {
        const bool tiny = std::ranges::any_of(
            shown.records, [](const preflearn::item_record& r) { return r.weight() > 0 && r.weight() < 0.001; });
        table.columns.insert(
            table.columns.end() - 1,
            {.name = "weight", .shown = tiny ? preflearn::notation::scientific : preflearn::notation::fixed});
    }
    std::size_t rank = 0;
    const preflearn::rating_report& report = shown.report;
    const preflearn::rank_result& ranks = report.ranks;
    for (const std::size_t i : ranks.order) {
        const preflearn::interval bounds = shown.scale.bounds(report.bounds[i]);
        std::vector<preflearn::table_cell> row{++rank,
                                               shown.file.items[i],
                                               shown.scale.score(report.scores[i]),
                                               known(shown.scale.error(report.standard_errors[i])),
                                               known(bounds.low),
                                               known(bounds.high),
                                               std::to_string(ranks.best_rank[i]) + "-" +
                                                   std::to_string(ranks.worst_rank[i]),
                                               ranks.tier[i],
                                               shown.records[i].games,
                                               known(shown.records[i].win_rate())};
        if (shown.weighted()) row.insert(row.end() - 1, sum_of(shown.records[i].weight()));
        table.rows.push_back(std::move(row));
    }
    table.note = preflearn::message(shown.scale_words(), "; low and high: ", 100 * shown.confidence,
                                    "% interval; ranks and tiers hold for all items at once. Win rate: ties half.");
    return table;
}

/// What happened, where there are no scores.
inline preflearn::table record_table(const ranking_shown& shown) {
    preflearn::table table{.columns = {{.name = "item"},
                                       {.name = "games"},
                                       {.name = "wins"},
                                       {.name = "losses"},
                                       {.name = "ties"},
                                       {.name = "win rate", .digits = 1, .shown = preflearn::notation::percent}},
                           .note = shown.weighted() ? "Wins, losses and ties are sums of weights." : ""};
    constexpr std::size_t most = 50;
    for (std::size_t i = 0; i < std::min(most, shown.records.size()); ++i) {
        const preflearn::item_record& r = shown.records[i];
        table.rows.push_back(
            {shown.file.items[i], r.games, sum_of(r.wins), sum_of(r.losses), sum_of(r.ties), known(r.win_rate())});
    }
    if (shown.records.size() > most)
        table.note += preflearn::message(table.note.empty() ? "" : " ", "The first ", most, " of ",
                                         shown.records.size(), " items.");
    return table;
}

inline preflearn::table parameter_table(const ranking_shown& shown) {
    preflearn::table table{.columns = {{.name = "parameter"}, {.name = "value"}, {.name = "s.e."}}};
    for (const preflearn::rating_parameter& p : shown.report.parameters) { // a coefficient may have any unit
        const double exponent = p.standard_error > 0 ? std::floor(std::log10(p.standard_error)) : 0;
        const int digits = static_cast<int>(std::clamp(2 - exponent, 3.0, 12.0));
        table.rows.push_back(
            {p.name, preflearn::with_digits{p.value, digits}, preflearn::with_digits{p.standard_error, digits}});
    }
    if (shown.elo) table.note = "Parameters are in logits.";
    return table;
}

inline std::vector<std::size_t> games_per_name(const preflearn::name_column& column) {
    std::vector<std::size_t> games(column.names.size());
    for (const std::uint32_t code : column.codes) ++games[code];
    return games;
}

inline preflearn::table judge_table(const ranking_shown& shown) {
    preflearn::table table{.columns = {{.name = "judge"},
                                       {.name = shown.judge_model},
                                       {.name = "s.e."},
                                       {.name = "low"},
                                       {.name = "high"},
                                       {.name = "games"}}};
    const preflearn::name_column& judges = shown.file.judges;
    const std::vector<std::size_t> counts = games_per_name(judges);
    for (std::size_t k = 0; k < judges.names.size(); ++k) {
        const preflearn::judge_report& j = shown.report.judges[k];
        table.rows.push_back({judges.names[k], j.value, j.standard_error, j.bounds.low, j.bounds.high, counts[k]});
    }
    table.note =
        shown.judge_model == "reliability"
            ? "The probability that a judge says what the items deserve rather than the opposite; its prior is "
              "9 right answers and 1 wrong."
            : "How strongly a judge tells items apart: 1 is the geometric mean of the judges, whose logarithms "
              "have a Gaussian prior of variance 1.";
    return table;
}

/// The ranked items and their intervals.
inline preflearn::dot_plot interval_plot(const ranking_shown& shown) {
    preflearn::dot_plot plot{.title = "Ratings",
                             .value_label = preflearn::message(shown.elo ? "Elo points" : "logits", ", ",
                                                               100 * shown.confidence, "% intervals"),
                             .reference = shown.anchor ? std::optional(shown.scale.zero) : std::nullopt};
    for (const std::size_t i : shown.report.ranks.order) {
        const preflearn::interval bounds = shown.scale.bounds(shown.report.bounds[i]);
        plot.names.push_back(shown.file.items[i]);
        plot.values.push_back(shown.scale.score(shown.report.scores[i]));
        plot.low.push_back(bounds.low);
        plot.high.push_back(bounds.high);
    }
    return plot;
}

/// What the fit expects of every item's games against every other, best first. Ties count half.
inline preflearn::heat_map win_rate_map(const ranking_shown& shown) {
    constexpr std::size_t most = 60;
    const std::vector<std::size_t>& order = shown.report.ranks.order;
    const std::size_t count = std::min(most, order.size());
    preflearn::heat_map map{.title = "Predicted win rates",
                            .row_label = shown.report.layout.has_order() ? "item on the left" : "item",
                            .column_label = "against",
                            .value_label = "win rate, ties half",
                            .limits = {.low = 0, .high = 1}};
    if (order.size() > most) map.title += preflearn::message(", the best ", most, " of ", order.size(), " items");
    for (std::size_t r = 0; r < count; ++r) {
        map.row_names.push_back(shown.file.items[order[r]]);
        for (std::size_t c = 0; c < count; ++c) {
            double rate = std::numeric_limits<double>::quiet_NaN();
            if (r != c) {
                const preflearn::game_prediction p = predict_game(shown.report, order[r], order[c]);
                rate = p.left.value + p.tie.value / 2;
            }
            map.values.push_back(rate);
        }
    }
    map.column_names = map.row_names;
    return map;
}

inline nlohmann::ordered_json names_json(const std::vector<preflearn::item_id>& items,
                                         const std::vector<std::string>& names) {
    auto list = nlohmann::ordered_json::array();
    for (const preflearn::item_id i : items) list.push_back(names[i]);
    return list;
}

inline nlohmann::ordered_json certificate_json(const ranking_shown& shown) {
    const preflearn::rating_fit& fit = shown.fit();
    const std::vector<std::string>& names = shown.file.items;
    nlohmann::ordered_json json{{"gradient_norm", fit.gradient_norm},
                                {"newton_step", fit.newton_step},
                                {"iterations", fit.iterations},
                                {"components", fit.graph.components},
                                {"groups", fit.graph.groups},
                                {"undefeated", names_json(fit.graph.undefeated, names)},
                                {"winless", names_json(fit.graph.winless, names)},
                                {"unplayed", names_json(fit.graph.unplayed, names)}};
    if (fit.graph.components > 1) {
        json["parts"] = nlohmann::ordered_json::array();
        for (const auto& part : preflearn::items_by_part(fit.graph.component, fit.graph.components))
            json["parts"].push_back(names_json(part, names));
    }
    if (fit.graph.groups > 1) { // wins lead from a group to those that it lists
        json["win_groups"] = nlohmann::ordered_json::array();
        for (const auto& group : preflearn::items_by_part(fit.graph.group, fit.graph.groups))
            json["win_groups"].push_back(
                {{"items", names_json(group, names)}, {"beats_groups", nlohmann::ordered_json::array()}});
        for (const auto& [winner, loser] : fit.graph.condensation)
            json["win_groups"][winner]["beats_groups"].push_back(loser);
    }
    return json;
}

inline nlohmann::ordered_json aliases_json(const ranking_shown& shown) {
    auto list = nlohmann::ordered_json::array();
    const auto name_of = [&](const std::optional<std::size_t>& feature) {
        return feature ? shown.covariates[*feature] : std::string("order");
    };
    for (const preflearn::aliased_effect& effect : shown.fit().aliased) {
        nlohmann::ordered_json json{{"name", name_of(effect.feature)}, {"of", nlohmann::ordered_json::object()}};
        for (const auto& [other, coefficient] : effect.of) json["of"][name_of(other)] = coefficient;
        json["of_items"] = effect.of_items;
        list.push_back(std::move(json));
    }
    return list;
}

inline nlohmann::ordered_json items_json(const ranking_shown& shown) {
    auto list = nlohmann::ordered_json::array();
    const preflearn::rating_report& report = shown.report;
    const auto record = [&](std::size_t i) {
        const preflearn::item_record& r = shown.records[i];
        return nlohmann::ordered_json{
            {"games", r.games}, {"wins", r.wins}, {"losses", r.losses}, {"ties", r.ties}, {"win_rate", r.win_rate()}};
    };
    for (const std::size_t i : report.ranks.order) { // NaN is written as null
        const preflearn::interval bounds = shown.scale.bounds(report.bounds[i]);
        list.push_back({{"name", shown.file.items[i]},
                        {"score", shown.scale.score(report.scores[i])},
                        {"se", shown.scale.error(report.standard_errors[i])},
                        {"low", bounds.low},
                        {"high", bounds.high},
                        {"tier", report.ranks.tier[i]},
                        {"best_rank", report.ranks.best_rank[i]},
                        {"worst_rank", report.ranks.worst_rank[i]}});
        list.back().update(record(i));
    }
    return list;
}

inline nlohmann::ordered_json games_json(const ranking_shown& shown) {
    const preflearn::game_table& file = shown.file;
    std::size_t left = 0, right = 0, ties = 0;
    double weight = 0;
    for (std::size_t g = 0; g < file.winners.size(); ++g) {
        ++(file.winners[g] == preflearn::choice::first    ? left
           : file.winners[g] == preflearn::choice::second ? right
                                                          : ties);
        weight += shown.weighted() ? file.weights[g] : 1;
    }
    nlohmann::ordered_json json{{"used", file.left.size()},
                                {"left_wins", left},
                                {"right_wins", right},
                                {"ties", ties},
                                {"weights", shown.weighted() ? nlohmann::ordered_json(file.weight_column) : nullptr},
                                {"weight", weight},
                                {"left_out", file.games_left_out()},
                                {"left_out_reasons", nlohmann::ordered_json::array()}};
    for (const preflearn::left_out_games& some : file.left_out)
        json["left_out_reasons"].push_back({{"reason", some.reason}, {"count", some.count}, {"first", some.first}});
    return json;
}

inline nlohmann::ordered_json json_of(const ranking_shown& shown) {
    const preflearn::rating_report& report = shown.report;
    const preflearn::rating_fit& fit = report.fit;
    nlohmann::ordered_json json{{"status", name_of(fit.status)}, {"items", items_json(shown)}};
    json["parameters"] = nlohmann::ordered_json::object();
    for (const preflearn::rating_parameter& p : report.parameters) {
        json["parameters"][p.name] = p.value;
        json["parameters"][p.name + "_se"] = p.standard_error;
    }
    const std::vector<std::size_t> counts = games_per_name(shown.file.judges);
    for (std::size_t k = 0; k < report.judges.size(); ++k) {
        const preflearn::judge_report& j = report.judges[k];
        json["parameters"]["judges"].push_back({{"name", shown.file.judges.names[k]},
                                                {shown.judge_model, j.value},
                                                {"se", j.standard_error},
                                                {"low", j.bounds.low},
                                                {"high", j.bounds.high},
                                                {"games", counts[k]}});
    }
    if (!fit.converged()) json["reason"] = shown.reason();
    if (!fit.aliased.empty()) json["unidentified"] = aliases_json(shown);
    json["ties"] = shown.ties;
    json["prior"] = fit.prior;
    json["errors"] = report.errors;
    json["scale"] = {{"name", shown.elo ? "elo" : "logit"},
                     {"per_logit", shown.scale.per_logit},
                     {"zero", shown.scale.zero},
                     {"anchor", shown.anchor ? nlohmann::ordered_json(shown.file.items[*shown.anchor]) : nullptr}};
    json["confidence"] = shown.confidence;
    json["games"] = games_json(shown);
    json["log_likelihood"] = fit.log_likelihood;
    json["certificate"] = certificate_json(shown);
    return json;
}
