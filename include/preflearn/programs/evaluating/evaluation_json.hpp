/// \file
/// An `evaluation` for programs.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/pipeline/output/shown_estimate.hpp>
#include <preflearn/programs/evaluating/evaluation.hpp>
#include <preflearn/report/tables/json_number.hpp>

namespace preflearn {

namespace detail {

inline nlohmann::ordered_json quality_json(const evaluation& of, std::size_t s) {
    const student_quality& q = of.quality[s];
    nlohmann::ordered_json json{{"name", of.students.names[s]}};
    if (!of.students.models[s].empty()) json["model"] = of.students.models[s];
    json["responses"] = q.responses;
    json["fewest_responses_to_a_prompt"] = q.fewest;
    json["length"] = estimate_json(q.length);
    json["median_length"] = json_number(q.median_length);
    if (q.tokens.defined()) json["tokens"] = estimate_json(q.tokens);
    json["empty"] = estimate_json(q.empty);
    if (q.cut_off.defined()) json["cut_off"] = estimate_json(q.cut_off);
    json["repeated_4_grams"] = estimate_json(q.repeated);
    json["repetitive"] = estimate_json(q.repetitive);
    json["same_text"] = q.duplicate;
    return json;
}

inline nlohmann::ordered_json controlled_json(const length_control_result& controlled) {
    nlohmann::ordered_json json = estimate_json(controlled.win_rate);
    json["length_coefficient"] = json_number(controlled.length);
    json["length_coefficient_se"] = json_number(controlled.length_error);
    return json;
}

inline nlohmann::ordered_json orders_json(const swap_result& orders) {
    const swap_counts& counts = orders.counts;
    return {{"asked", counts.total()},
            {"abstained", counts.abstained},
            {"both_first", counts.both_first},
            {"both_second", counts.both_second},
            {"tie_and_first", counts.tie_and_first},
            {"tie_and_second", counts.tie_and_second},
            {"consistency", estimate_json(orders.consistency)},
            {"flip_rate", estimate_json(orders.flip_rate)},
            {"position_bias", estimate_json(orders.position_bias)},
            {"p_value", orders.p_value}};
}

inline nlohmann::ordered_json win_json(const evaluation& of, const student_win& win) {
    nlohmann::ordered_json json{{"student", of.students.names[win.ours]},
                                {"against", of.students.names[win.theirs]},
                                {"wins", win.counts.wins},
                                {"ties", win.counts.ties},
                                {"losses", win.counts.losses},
                                {"win_rate", estimate_json(win.win_rate)},
                                {"length_controlled_win_rate", controlled_json(win.controlled)},
                                {"sign_test_p", win.sign_p},
                                {"holm_p", json_number(win.adjusted_p)},
                                {"same_responses", win.identical}};
    if (win.probability.defined()) json["probability"] = estimate_json(win.probability);
    if (win.reward_difference.defined()) json["reward_difference"] = estimate_json(win.reward_difference);
    if (win.orders) json["orders"] = orders_json(*win.orders);
    return json;
}

inline nlohmann::ordered_json gap_json(const std::optional<gap_recovered_result>& gap) {
    if (!gap) return nullptr;
    return {{"bootstrap", estimate_json(gap->bootstrap.value)},
            {"undefined_replicates", gap->bootstrap.undefined_replicates},
            {"fieller", estimate_json(gap->fieller.ratio)},
            {"bounded", gap->fieller.bounded}};
}

inline nlohmann::ordered_json curve_json(const evaluation& of, const best_of_curve& curve) {
    nlohmann::ordered_json json{{"student", of.students.names[curve.student]},
                                {"chosen_by", curve.selector},
                                {"takes_the_best", estimate_json(curve.picks_best)},
                                {"points", nlohmann::ordered_json::array()}};
    for (const best_of_point& point : curve.points)
        json["points"].push_back(
            {{"k", point.k}, {"reward", estimate_json(point.reward)}, {"divergence", best_of_divergence(point.k)}});
    return json;
}

inline nlohmann::ordered_json evaluator_json(const evaluation& of, const evaluator_result& by) {
    const auto list = nlohmann::ordered_json::array();
    const auto name = [&](std::size_t s) { return of.students.names[s]; };
    nlohmann::ordered_json json{{"name", by.said.name},
                                {"role", by.said.role},
                                {"kind", by.said.kind},
                                {"way", by.said.way.scores ? "scores" : "compares"},
                                {"prompts", by.prompts},
                                {"judgements", by.said.judgements},
                                {"left_out", nlohmann::ordered_json::object()}};
    for (const auto& [reason, some] : by.said.left_out)
        json["left_out"][reason] = {{"prompts", some.first}, {"first", some.second}};
    if (by.said.way.scores) {
        json["rewards"] = list;
        for (std::size_t s = 0; s < by.rewards.size(); ++s)
            json["rewards"].push_back({{"student", name(s)}, {"reward", estimate_json(by.rewards[s])}});
    }
    if (by.said.role == "gold" && of.roles.sft) {
        json["gra"] = list;
        for (const student_win& win : by.pairs)
            if (win.theirs == *of.roles.sft)
                json["gra"].push_back({{"student", name(win.ours)}, {"gra", estimate_json(win.win_rate)}});
    }
    json["wins"] = list;
    for (const student_win& win : by.pairs) json["wins"].push_back(win_json(of, win));
    if (by.orders) json["orders"] = orders_json(*by.orders);
    for (const student_gap& gap : by.gaps)
        json["gaps"].push_back({{"student", name(gap.student)},
                                {"performance_gap_recovered", gap_json(gap.recovered)},
                                {"of_the_gap_to_sft", gap_json(gap.shifted)}});
    for (const best_of_curve& curve : by.best_of) json["best_of"].push_back(curve_json(of, curve));
    for (const win_contrast& one : by.contrasts)
        json["mcnemar"].push_back({{"student", name(one.first)},
                                   {"other", name(one.second)},
                                   {"against", name(one.against)},
                                   {"only_student_wins", one.only_first},
                                   {"only_other_wins", one.only_second},
                                   {"p_value", json_number(one.test.p_value)},
                                   {"holm_p", json_number(one.adjusted_p)}});
    return json;
}

inline nlohmann::ordered_json panel_json(const evaluation& of) {
    nlohmann::ordered_json json{{"pairs", nlohmann::ordered_json::array()}, {"worst", nlohmann::ordered_json::array()}};
    const auto evaluator = [&](std::size_t e) { return of.evaluators[e].said.name; };
    for (const evaluator_pair& pair : of.panel.pairs)
        json["pairs"].push_back({{"evaluator", evaluator(pair.first)},
                                 {"other", evaluator(pair.second)},
                                 {"comparisons", pair.comparisons},
                                 {"disagreement", estimate_json(pair.disagreement)},
                                 {"kappa", estimate_json(pair.kappa)},
                                 {"spearman", estimate_json(pair.spearman)},
                                 {"kendall", estimate_json(pair.kendall)},
                                 {"students_kendall", estimate_json(pair.students)}});
    for (const worst_case& worst : of.panel.worst)
        json["worst"].push_back({{"student", of.students.names[worst.ours]},
                                 {"against", of.students.names[worst.theirs]},
                                 {"win_rate", estimate_json(worst.win_rate)},
                                 {"evaluator", evaluator(worst.evaluator)}});
    return json;
}

} // namespace detail

inline nlohmann::ordered_json to_json(const evaluation& of) {
    const auto named = [&](std::optional<std::size_t> s) {
        return s ? nlohmann::ordered_json(of.students.names[*s]) : nlohmann::ordered_json();
    };
    nlohmann::ordered_json json{{"prompts", of.students.prompts.size()},
                                {"groups", of.students.cluster_count},
                                {"confidence", of.confidence},
                                {"length_unit", of.length_unit},
                                {"roles",
                                 {{"sft", named(of.roles.sft)},
                                  {"weak_teacher", named(of.roles.weak_teacher)},
                                  {"ceiling", named(of.roles.ceiling)}}},
                                {"students", nlohmann::ordered_json::array()},
                                {"evaluators", nlohmann::ordered_json::array()}};
    if (of.roles.weak_performance) json["roles"]["weak_performance"] = *of.roles.weak_performance;
    for (std::size_t s = 0; s < of.students.names.size(); ++s) json["students"].push_back(detail::quality_json(of, s));
    for (const evaluator_result& by : of.evaluators) json["evaluators"].push_back(detail::evaluator_json(of, by));
    if (!of.panel.pairs.empty()) json["panel"] = detail::panel_json(of);
    if (!of.notes.empty()) json["notes"] = of.notes;
    return json;
}

} // namespace preflearn
