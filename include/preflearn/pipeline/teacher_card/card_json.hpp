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
    return {{"pairs", shares.pairs},
            {"judged", shares.judged},
            {"abstained", shares.abstained},
            {"truth_abstained", shares.gold_abstained},
            {"ties", shares.ties},
            {"truth_ties", shares.gold_ties},
            {"accuracy", estimate_json(shares.accuracy)},
            {"length_only_accuracy", estimate_json(shares.length_only)},
            {"position_only_accuracy", estimate_json(shares.position_only)},
            {"accuracy_above_length_only", estimate_json(shares.above_length)},
            {"cohen_kappa", estimate_json(shares.kappa)},
            {"krippendorff_alpha", estimate_json(shares.alpha)},
            {"longer_wins", estimate_json(shares.longer_said)},
            {"longer_wins_by_truth", estimate_json(shares.longer_gold)},
            {"margin_length_pearson", estimate_json(shares.evidence_length_pearson)},
            {"margin_length_spearman", estimate_json(shares.evidence_length_spearman)},
            {"truth_margin_length_pearson", estimate_json(shares.gold_length_pearson)},
            {"position_bias", estimate_json(shares.position_bias)},
            {"position_bias_p", json_number(shares.position_p)}};
}

inline nlohmann::ordered_json to_json(const card_calibration& calibration) {
    using json = nlohmann::ordered_json;
    const auto quality = [](const forecast_quality& q) {
        return json{{"brier", estimate_json(q.brier)},
                    {"nats", estimate_json(q.log_loss)},
                    {"ece", estimate_json(q.calibration_error)},
                    {"mce", estimate_json(q.largest_error)}};
    };
    json bins = json::array(), coverage = json::array();
    for (std::size_t b = 0; b < calibration.bins.size(); ++b) {
        const reliability_bin& bin = calibration.bins[b];
        if (bin.count == 0) continue;
        const auto all = static_cast<double>(calibration.bins.size());
        bins.push_back({{"low", static_cast<double>(b) / all},
                        {"high", static_cast<double>(b + 1) / all},
                        {"count", bin.count},
                        {"confidence", json_number(bin.mean_probability())},
                        {"accuracy", json_number(bin.mean_outcome())}});
    }
    for (const std::size_t percent : shown_coverages)
        coverage.push_back({{"coverage", static_cast<double>(percent) / 100},
                            {"accuracy", estimate_json(selective_accuracy(calibration.coverage,
                                                                          static_cast<double>(percent) / 100))}});
    return {{"probabilities_from", name_of(calibration.from)},
            {"as_given", quality(calibration.as_given)},
            {"temperature", json_number(calibration.temperature.temperature)},
            {"temperature_status", name_of(calibration.temperature.status)},
            {"by_temperature", quality(calibration.by_temperature)},
            {"isotonic", {{"margins", calibration.isotonic.points}, {"probabilities", calibration.isotonic.values}}},
            {"by_isotonic", quality(calibration.by_isotonic)},
            {"reliability", std::move(bins)},
            {"coverage", std::move(coverage)},
            {"area_under_risk_coverage", estimate_json(calibration.risk_area)}};
}

inline nlohmann::ordered_json to_json(const std::vector<card_group>& groups) {
    auto list = nlohmann::ordered_json::array();
    for (const card_group& group : groups) {
        nlohmann::ordered_json one;
        if (!group.name.empty()) one["name"] = group.name;
        if (!std::isnan(group.low)) one.update({{"low", group.low}, {"high", group.high}, {"mean", group.mean}});
        one["pairs"] = group.pairs;
        one["accuracy"] = estimate_json(group.accuracy);
        one["p"] = json_number(group.p);
        one["holm_p"] = json_number(group.adjusted_p);
        list.push_back(std::move(one));
    }
    return list;
}

inline nlohmann::ordered_json to_json(const card_consistency& found) {
    using json = nlohmann::ordered_json;
    json flips = json::array(), agreement = json::array();
    for (const card_group& group : found.unanimous_by_margin)
        flips.push_back({{"low", group.low},
                         {"high", group.high},
                         {"mean", group.mean},
                         {"pairs", group.pairs},
                         {"unanimous", estimate_json(group.accuracy)}});
    const std::size_t n = found.names.size();
    for (std::size_t a = 0; a < n; ++a) {
        json row = json::array();
        for (std::size_t b = 0; b < n; ++b) row.push_back(json_number(found.agreement[a * n + b].value));
        agreement.push_back(std::move(row));
    }
    json of{{"repeats", found.names},
            {"pairs", found.pairs},
            {"self_agreement", estimate_json(found.repeats.self_agreement)},
            {"flip_rate", estimate_json(found.repeats.flip_rate)},
            {"ever_flipped", estimate_json(found.repeats.ever_flipped)},
            {"majority_share", estimate_json(found.repeats.majority_share)},
            {"entropy_bits", estimate_json(found.entropy)},
            {"fleiss_kappa", estimate_json(found.fleiss)},
            {"krippendorff_alpha", estimate_json(found.alpha)},
            {"agreement", std::move(agreement)},
            {"flips_by_margin", std::move(flips)}};
    if (found.accuracy.empty()) return of;
    for (const estimate& of_repeat : found.accuracy) of["accuracy"].push_back(estimate_json(of_repeat));
    of["mean_accuracy"] = estimate_json(found.mean_accuracy);
    of["accuracy_deviation"] = json_number(found.accuracy_deviation);
    return of;
}

inline nlohmann::ordered_json to_json(const prompt_overlap& overlap) {
    return {{"prompts", overlap.prompts},
            {"prompts_learned_from", overlap.shared_prompts},
            {"pairs", overlap.pairs},
            {"pairs_of_these_prompts", overlap.pairs_of_shared}};
}

/// A pass back costs twice a pass forward, so that a token learned from counts three times.
inline nlohmann::ordered_json to_json(const teacher_cost& cost) {
    const auto parameters = static_cast<double>(cost.parameters);
    nlohmann::ordered_json json{{"parameters", cost.parameters},
                                {"learning_tokens", cost.training_tokens},
                                {"learning_parameters_times_tokens", 3 * parameters * cost.training_tokens},
                                {"judging_tokens", cost.judging_tokens},
                                {"judging_parameters_times_tokens", parameters * cost.judging_tokens},
                                {"human_labels", cost.human_labels}};
    if (cost.seconds > 0) json["seconds"] = cost.seconds;
    return json;
}

inline nlohmann::ordered_json to_json(const teacher_card& card) {
    nlohmann::ordered_json json{{"name", card.name}, {"truth", card.truth}, {"confidence", card.confidence}};
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
