/// \file
/// A `ranking_study` as JSON.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <preflearn/core/numbers/interval.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/pipeline/ranking/study.hpp>
#include <preflearn/ranking/board/board_faults.hpp>
#include <preflearn/ranking/board/games.hpp>
#include <preflearn/ranking/board/item_records.hpp>

namespace preflearn {

namespace detail {

inline nlohmann::ordered_json names_json(const std::vector<item_id>& items, const std::vector<std::string>& names) {
    auto list = nlohmann::ordered_json::array();
    for (const item_id i : items) list.push_back(names[i]);
    return list;
}

inline nlohmann::ordered_json certificate_json(const ranking_study& study) {
    using namespace std::string_literals;
    const rating_fit& fit = study.fit();
    const std::vector<std::string>& names = study.file.items;
    nlohmann::ordered_json json{{"gradient_norm"s, fit.gradient_norm},
                                {"newton_step"s, fit.newton_step},
                                {"iterations"s, fit.iterations},
                                {"components"s, fit.graph.components},
                                {"groups"s, fit.graph.groups},
                                {"undefeated"s, names_json(fit.graph.undefeated, names)},
                                {"winless"s, names_json(fit.graph.winless, names)},
                                {"unplayed"s, names_json(fit.graph.unplayed, names)}};
    if (fit.graph.components > 1) {
        json["parts"] = nlohmann::ordered_json::array();
        for (const auto& part : items_by_part(fit.graph.component, fit.graph.components))
            json["parts"].push_back(names_json(part, names));
    }
    if (fit.graph.groups > 1) { // wins lead from a group to those that it lists
        json["win_groups"] = nlohmann::ordered_json::array();
        for (const auto& group : items_by_part(fit.graph.group, fit.graph.groups))
            json["win_groups"].push_back(
                {{"items"s, names_json(group, names)}, {"beats_groups"s, nlohmann::ordered_json::array()}});
        for (const auto& [winner, loser] : fit.graph.condensation)
            json["win_groups"][winner]["beats_groups"].push_back(loser);
    }
    return json;
}

inline nlohmann::ordered_json aliases_json(const ranking_study& study) {
    using namespace std::string_literals;
    auto list = nlohmann::ordered_json::array();
    const auto name_of = [&](const std::optional<std::size_t>& feature) {
        return feature ? study.covariates[*feature] : std::string("order");
    };
    for (const aliased_effect& effect : study.fit().aliased) {
        nlohmann::ordered_json json{{"name"s, name_of(effect.feature)}, {"of"s, nlohmann::ordered_json::object()}};
        for (const auto& [other, coefficient] : effect.of) json["of"][name_of(other)] = coefficient;
        json["of_items"] = effect.of_items;
        list.push_back(std::move(json));
    }
    return list;
}

inline nlohmann::ordered_json items_json(const ranking_study& study) {
    using namespace std::string_literals;
    auto list = nlohmann::ordered_json::array();
    const rating_report& report = study.report;
    const auto record = [&](std::size_t i) {
        const item_record& r = study.records[i];
        return nlohmann::ordered_json{{"games"s, r.games},
                                      {"wins"s, r.wins},
                                      {"losses"s, r.losses},
                                      {"ties"s, r.ties},
                                      {"win_rate"s, r.win_rate()}};
    };
    for (const std::size_t i : report.ranks.order) { // NaN is written as null
        const interval bounds = study.scale.bounds(report.bounds[i]);
        list.push_back({{"name"s, study.file.items[i]},
                        {"score"s, study.scale.score(report.scores[i])},
                        {"se"s, study.scale.error(report.standard_errors[i])},
                        {"low"s, bounds.low},
                        {"high"s, bounds.high},
                        {"tier"s, report.ranks.tier[i]},
                        {"best_rank"s, report.ranks.best_rank[i]},
                        {"worst_rank"s, report.ranks.worst_rank[i]}});
        list.back().update(record(i));
    }
    return list;
}

} // namespace detail

/// How many games were used, by whom they were won, and what was left out.
inline nlohmann::ordered_json games_json(const ranking_study& study) {
    using namespace std::string_literals;
    const game_table& file = study.file;
    std::size_t left = 0, right = 0, ties = 0;
    double weight = 0;
    for (std::size_t g = 0; g < file.winners.size(); ++g) {
        ++(file.winners[g] == choice::first ? left : file.winners[g] == choice::second ? right : ties);
        weight += study.weighted() ? file.weights[g] : 1;
    }
    nlohmann::ordered_json json{{"used"s, file.left.size()},
                                {"left_wins"s, left},
                                {"right_wins"s, right},
                                {"ties"s, ties},
                                {"weights"s, study.weighted() ? nlohmann::ordered_json(file.weight_column) : nullptr},
                                {"weight"s, weight},
                                {"left_out"s, file.games_left_out()},
                                {"left_out_reasons"s, nlohmann::ordered_json::array()}};
    for (const left_out_games& some : file.left_out)
        json["left_out_reasons"].push_back({{"reason"s, some.reason}, {"count"s, some.count}, {"first"s, some.first}});
    return json;
}

/// Everything that the tables show, for programs. NaN is written as null.
inline nlohmann::ordered_json ranking_json(const ranking_study& study) {
    using namespace std::string_literals;
    const rating_report& report = study.report;
    const rating_fit& fit = report.fit;
    nlohmann::ordered_json json{{"status"s, name_of(fit.status)}, {"items"s, detail::items_json(study)}};
    json["parameters"] = nlohmann::ordered_json::object();
    for (const rating_parameter& p : report.parameters) {
        json["parameters"][p.name] = p.value;
        json["parameters"][p.name + "_se"] = p.standard_error;
    }
    const std::vector<std::size_t> counts = games_per_name(study.file.judges);
    for (std::size_t k = 0; k < report.judges.size(); ++k) {
        const judge_report& j = report.judges[k];
        json["parameters"]["judges"].push_back({{"name"s, study.file.judges.names[k]},
                                                {study.judge_model, j.value},
                                                {"se"s, j.standard_error},
                                                {"low"s, j.bounds.low},
                                                {"high"s, j.bounds.high},
                                                {"games"s, counts[k]}});
    }
    if (!fit.converged()) json["reason"] = study.reason();
    if (!fit.aliased.empty()) json["unidentified"] = detail::aliases_json(study);
    json["ties"] = study.ties;
    json["prior"] = fit.prior;
    json["errors"] = report.errors;
    json["scale"] = {{"name"s, study.elo ? "elo" : "logit"},
                     {"per_logit"s, study.scale.per_logit},
                     {"zero"s, study.scale.zero},
                     {"anchor"s, study.anchor ? nlohmann::ordered_json(study.file.items[*study.anchor]) : nullptr}};
    json["confidence"] = study.confidence;
    json["games"] = games_json(study);
    json["log_likelihood"] = fit.log_likelihood;
    json["certificate"] = detail::certificate_json(study);
    return json;
}

} // namespace preflearn
