/// \file
/// A teacher's card for programs.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/pipeline/output/shown_estimate.hpp>
#include <preflearn/pipeline/teacher_card/teacher_card.hpp>
#include <preflearn/report/tables/json_number.hpp>

namespace preflearn {

/// Shares of the coverage curve that cards show, in percent.
inline constexpr std::size_t shown_coverages[] = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100};

inline nlohmann::ordered_json to_json(const card_shares& shares) {
    using namespace std::string_literals;
    return {{"pairs"s, shares.pairs},
            {"judged"s, shares.judged},
            {"abstained"s, shares.abstained},
            {"truth_abstained"s, shares.gold_abstained},
            {"ties"s, shares.ties},
            {"truth_ties"s, shares.gold_ties},
            {"accuracy"s, estimate_json(shares.accuracy)},
            {"length_only_accuracy"s, estimate_json(shares.length_only)},
            {"position_only_accuracy"s, estimate_json(shares.position_only)},
            {"accuracy_above_length_only"s, estimate_json(shares.above_length)},
            {"cohen_kappa"s, estimate_json(shares.kappa)},
            {"krippendorff_alpha"s, estimate_json(shares.alpha)},
            {"longer_wins"s, estimate_json(shares.longer_said)},
            {"longer_wins_by_truth"s, estimate_json(shares.longer_gold)},
            {"margin_length_pearson"s, estimate_json(shares.evidence_length_pearson)},
            {"margin_length_spearman"s, estimate_json(shares.evidence_length_spearman)},
            {"truth_margin_length_pearson"s, estimate_json(shares.gold_length_pearson)},
            {"position_bias"s, estimate_json(shares.position_bias)},
            {"position_bias_p"s, json_number(shares.position_p)}};
}

inline nlohmann::ordered_json to_json(const card_calibration& calibration) {
    using namespace std::string_literals;
    using json = nlohmann::ordered_json;
    const auto quality = [](const forecast_quality& q) {
        return json{{"brier"s, estimate_json(q.brier)},
                    {"nats"s, estimate_json(q.log_loss)},
                    {"ece"s, estimate_json(q.calibration_error)},
                    {"mce"s, estimate_json(q.largest_error)}};
    };
    json bins = json::array(), coverage = json::array();
    for (std::size_t b = 0; b < calibration.bins.size(); ++b) {
        const reliability_bin& bin = calibration.bins[b];
        if (bin.count == 0) continue;
        const auto all = static_cast<double>(calibration.bins.size());
        bins.push_back({{"low"s, static_cast<double>(b) / all},
                        {"high"s, static_cast<double>(b + 1) / all},
                        {"count"s, bin.count},
                        {"confidence"s, json_number(bin.mean_probability())},
                        {"accuracy"s, json_number(bin.mean_outcome())}});
    }
    for (const std::size_t percent : shown_coverages)
        coverage.push_back({{"coverage"s, static_cast<double>(percent) / 100},
                            {"accuracy"s, estimate_json(selective_accuracy(calibration.coverage,
                                                                           static_cast<double>(percent) / 100))}});
    return {{"probabilities_from"s, name_of(calibration.from)},
            {"as_given"s, quality(calibration.as_given)},
            {"temperature"s, json_number(calibration.temperature.temperature)},
            {"temperature_status"s, name_of(calibration.temperature.status)},
            {"by_temperature"s, quality(calibration.by_temperature)},
            {"isotonic"s, {{"margins"s, calibration.isotonic.points}, {"probabilities"s, calibration.isotonic.values}}},
            {"by_isotonic"s, quality(calibration.by_isotonic)},
            {"reliability"s, std::move(bins)},
            {"coverage"s, std::move(coverage)},
            {"area_under_risk_coverage"s, estimate_json(calibration.risk_area)}};
}

inline nlohmann::ordered_json to_json(const std::vector<card_group>& groups) {
    using namespace std::string_literals;
    auto list = nlohmann::ordered_json::array();
    for (const card_group& group : groups) {
        nlohmann::ordered_json one;
        if (!group.name.empty()) one["name"] = group.name;
        if (!std::isnan(group.low)) one.update({{"low"s, group.low}, {"high"s, group.high}, {"mean"s, group.mean}});
        one["pairs"] = group.pairs;
        one["accuracy"] = estimate_json(group.accuracy);
        one["p"] = json_number(group.p);
        one["holm_p"] = json_number(group.adjusted_p);
        list.push_back(std::move(one));
    }
    return list;
}

inline nlohmann::ordered_json to_json(const card_consistency& found) {
    using namespace std::string_literals;
    using json = nlohmann::ordered_json;
    json flips = json::array(), agreement = json::array();
    for (const card_group& group : found.unanimous_by_margin)
        flips.push_back({{"low"s, group.low},
                         {"high"s, group.high},
                         {"mean"s, group.mean},
                         {"pairs"s, group.pairs},
                         {"unanimous"s, estimate_json(group.accuracy)}});
    const std::size_t n = found.names.size();
    for (std::size_t a = 0; a < n; ++a) {
        json row = json::array();
        for (std::size_t b = 0; b < n; ++b) row.push_back(json_number(found.agreement[a * n + b].value));
        agreement.push_back(std::move(row));
    }
    json of{{"repeats"s, found.names},
            {"pairs"s, found.pairs},
            {"self_agreement"s, estimate_json(found.repeats.self_agreement)},
            {"flip_rate"s, estimate_json(found.repeats.flip_rate)},
            {"ever_flipped"s, estimate_json(found.repeats.ever_flipped)},
            {"majority_share"s, estimate_json(found.repeats.majority_share)},
            {"entropy_bits"s, estimate_json(found.entropy)},
            {"fleiss_kappa"s, estimate_json(found.fleiss)},
            {"krippendorff_alpha"s, estimate_json(found.alpha)},
            {"agreement"s, std::move(agreement)},
            {"flips_by_margin"s, std::move(flips)}};
    if (found.accuracy.empty()) return of;
    for (const estimate& of_repeat : found.accuracy) of["accuracy"].push_back(estimate_json(of_repeat));
    of["mean_accuracy"] = estimate_json(found.mean_accuracy);
    of["accuracy_deviation"] = json_number(found.accuracy_deviation);
    return of;
}

inline nlohmann::ordered_json to_json(const prompt_overlap& overlap) {
    using namespace std::string_literals;
    return {{"prompts"s, overlap.prompts},
            {"prompts_learned_from"s, overlap.shared_prompts},
            {"pairs"s, overlap.pairs},
            {"pairs_of_these_prompts"s, overlap.pairs_of_shared}};
}

/// A pass back costs twice a pass forward, so that a token learned from counts three times.
inline nlohmann::ordered_json to_json(const teacher_cost& cost) {
    using namespace std::string_literals;
    const auto parameters = static_cast<double>(cost.parameters);
    nlohmann::ordered_json json{{"parameters"s, cost.parameters},
                                {"learning_tokens"s, cost.training_tokens},
                                {"learning_parameters_times_tokens"s, 3 * parameters * cost.training_tokens},
                                {"judging_tokens"s, cost.judging_tokens},
                                {"judging_parameters_times_tokens"s, parameters * cost.judging_tokens},
                                {"human_labels"s, cost.human_labels}};
    if (cost.seconds > 0) json["seconds"] = cost.seconds;
    return json;
}

inline nlohmann::ordered_json to_json(const teacher_card& card) {
    using namespace std::string_literals;
    nlohmann::ordered_json json{{"name"s, card.name}, {"truth"s, card.truth}, {"confidence"s, card.confidence}};
    if (!card.facts.empty()) {
        json["facts"] = nlohmann::ordered_json::object();
        for (const auto& [name, value] : card.facts) json["facts"][name] = value;
    }
    json.update(to_json(card.shares));
    json["calibration"] = to_json(card.calibration);
    if (!card.by_category.empty()) {
        json["category_field"] = card.category_field;
        json["by_category"] = to_json(card.by_category);
    }
    json["by_margin"] = to_json(card.by_margin);
    json["by_truth_margin"] = to_json(card.by_gold_margin);
    json["length_unit"] = card.length_unit;
    json["by_length"] = to_json(card.by_length);
    if (card.consistency) json["consistency"] = to_json(*card.consistency);
    if (card.overlap) json["overlap"] = to_json(*card.overlap);
    if (card.cost) json["cost"] = to_json(*card.cost);
    return json;
}

} // namespace preflearn
