/// \file
/// A comparison for programs.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/noise/noise_estimate.hpp>
#include <preflearn/pipeline/teacher_card/card_json.hpp>
#include <preflearn/programs/comparing/label_comparison.hpp>
#include <preflearn/report/tables/json_number.hpp>

namespace preflearn {

namespace detail {

inline nlohmann::ordered_json source_json(const compared_source& source) {
    nlohmann::ordered_json json{{"name", source.name}};
    if (source.group != source.name) json["teacher"] = source.group;
    if (!source.path.empty()) json["file"] = source.path;
    json.update({{"pairs", source.pairs}, {"decided", source.decided}, {"ties", source.ties}});
    const std::array<std::pair<const char*, std::size_t>, 5> rest{{{"repeated", source.repeated},
                                                                   {"contradictory", source.contradictory},
                                                                   {"identical_responses", source.identical},
                                                                   {"single_responses", source.singles},
                                                                   {"malformed", source.malformed}}};
    for (const auto& [name, count] : rest)
        if (count > 0) json[name] = count;
    if (!source.lists.empty()) json["lists"] = source.lists.size();
    if (!source.left_out.empty()) json["left_out"] = source.left_out;
    return json;
}

inline nlohmann::ordered_json outcomes_json(const outcomes& counts, const char* wins, const char* losses) {
    return {{wins, counts.wins}, {"gold_tied", counts.ties}, {losses, counts.losses}};
}

/// With whom gold sides: of two sources.
inline nlohmann::ordered_json mismatch_json(const mismatch_result& result) {
    return {{"match", outcomes_json(result.counts.match, "gold_with_both", "gold_against_both")},
            {"mismatch", outcomes_json(result.counts.mismatch, "gold_with_first", "gold_with_second")},
            {"undecided", result.counts.undecided},
            {"mismatch_share", estimate_json(result.disagreement)},
            {"gold_with_both_on_match", estimate_json(result.gold_with_both)},
            {"gold_with_first_on_mismatch", estimate_json(result.gold_with_first)},
            {"first_accuracy", estimate_json(result.first_accuracy)},
            {"second_accuracy", estimate_json(result.second_accuracy)},
            {"accuracy_difference", estimate_json(result.accuracy_difference)},
            {"mcnemar_p", json_number(result.p_value)}};
}

inline nlohmann::ordered_json swap_json(const swap_result& swaps) {
    return {{"pairs", swaps.counts.total()},
            {"consistency", estimate_json(swaps.consistency)},
            {"position_bias", estimate_json(swaps.position_bias)},
            {"p", json_number(swaps.p_value)}};
}

inline nlohmann::ordered_json pair_json(const label_comparison& found, const source_pair& pair) {
    using json = nlohmann::ordered_json;
    json one{{"first", found.name(pair.first)},
             {"second", found.name(pair.second)},
             {"pairs", pair.pairs},
             {"agreement", estimate_json(pair.agreement)},
             {"cohen_kappa", estimate_json(pair.kappa)},
             {"krippendorff_alpha", estimate_json(pair.alpha)},
             {"margin_pearson", estimate_json(pair.margin_pearson)},
             {"margin_spearman", estimate_json(pair.margin_spearman)}};
    if (pair.swapped) one["shown_in_both_orders"] = swap_json(*pair.swapped);
    if (!pair.against_gold) return one;
    one["against_gold"] = mismatch_json(*pair.against_gold);
    one["against_gold"]["holm_p"] = json_number(pair.adjusted_p);
    one["against_gold"]["accuracy_difference_over_prompts"] = estimate_json(pair.difference_over_prompts);
    one["gold_margin"] = {{"on_match", estimate_json(pair.gold_margin_match)},
                          {"on_mismatch", estimate_json(pair.gold_margin_mismatch)}};
    json bins = json::array();
    for (const card_group& group : pair.match_by_gold_margin)
        bins.push_back({{"low", group.low},
                        {"high", group.high},
                        {"mean", group.mean},
                        {"pairs", group.pairs},
                        {"match", estimate_json(group.accuracy)}});
    one["match_by_gold_margin"] = std::move(bins);
    if (pair.by_category.empty()) return one;
    json categories = json::array();
    for (const category_test& test : pair.by_category) {
        json entry{{"name", test.category}};
        entry.update(mismatch_json(test.result));
        entry["holm_p"] = json_number(test.adjusted_p);
        categories.push_back(std::move(entry));
    }
    one["by_category"] = std::move(categories);
    return one;
}

inline nlohmann::ordered_json truth_json(const label_comparison& found) {
    nlohmann::ordered_json json{{"status", name_of(found.truth.status)},
                                {"iterations", found.truth.iterations},
                                {"accuracies", nlohmann::ordered_json::object()}};
    for (std::size_t s = 0; s < found.truth.accuracies.size(); ++s)
        json["accuracies"][found.input.sources[s].name] = json_number(found.truth.accuracies[s]);
    if (found.input.gold) json["accuracy_against_gold"] = estimate_json(found.truth.accuracy);
    return json;
}

} // namespace detail

/// What a source's labels are worth, by its errors against the truth, and what one is worth in labels of people where
/// these are held against the same truth. \param human the card of the people; none
inline nlohmann::ordered_json worth_json(const teacher_card& card, const teacher_card* human) {
    const noise_estimate noise = noise_of(card.shares.accuracy, card.shares.judged);
    nlohmann::ordered_json json{{"noise_rate", estimate_json(noise.rate)},
                                {"effective_sample_size", estimate_json(effective_sample_size(
                                                              static_cast<double>(card.shares.judged), noise.rate))}};
    if (human != nullptr)
        json["human_labels_a_label"] =
            estimate_json(exchange_rate(noise.rate, noise_of(human->shares.accuracy, human->shares.judged).rate));
    return json;
}

/// {"pairs", "confidence", "gold", "sources", "match", "cards", "source_pairs", "sides_of_gold", "coefficients",
/// "dawid_skene", "triads", "lists", "consistency", "notes"}; what there is nothing of is left out.
inline nlohmann::ordered_json to_json(const label_comparison& found) {
    using json = nlohmann::ordered_json;
    const compared_sources& all = found.input;
    json result{{"pairs", all.pairs.size()}, {"confidence", found.confidence}};
    result["gold"] = all.gold ? detail::source_json(*all.gold) : json();
    result["sources"] = json::array();
    for (const compared_source& source : all.sources) result["sources"].push_back(detail::source_json(source));
    result["all"] = {{"match", found.match}, {"mismatch", found.mismatch}, {"undecided", found.undecided}};
    const auto with_worth = [&](const teacher_card& card) {
        json one = to_json(card);
        const bool human = all.human_is_source && card.name != "human";
        one["worth"] = worth_json(card, human ? &found.cards.back() : nullptr);
        return one;
    };
    if (!found.cards.empty()) result["cards"] = json::array();
    for (const teacher_card& card : found.cards) result["cards"].push_back(with_worth(card));
    result["source_pairs"] = json::array();
    for (const source_pair& pair : found.pairs) result["source_pairs"].push_back(detail::pair_json(found, pair));
    for (const gold_side& side : found.sides) {
        json with = json::array();
        for (std::size_t s = 0; s < side.with_gold.size(); ++s)
            if (side.with_gold[s]) with.push_back(all.sources[s].name);
        result["sides_of_gold"].push_back({{"with_gold", std::move(with)}, {"pairs", side.pairs}});
    }
    for (const named_estimate& one : found.coefficients) result["coefficients"][one.name] = estimate_json(one.value);
    result["dawid_skene"] = detail::truth_json(found);
    result["triads"] = json::array();
    for (std::size_t s = 0; s < found.triads.size(); ++s) {
        const source_triads& triads = found.triads[s];
        if (triads.prompts + triads.too_large == 0) continue;
        result["triads"].push_back({{"name", all.sources[s].name},
                                    {"prompts", triads.prompts},
                                    {"cyclic", triads.cyclic},
                                    {"transitive", triads.transitive},
                                    {"undecided", triads.undecided},
                                    {"too_large", triads.too_large},
                                    {"transitivity", estimate_json(triads.transitivity)}});
    }
    for (const list_agreement& lists : found.lists)
        result["lists"].push_back({{"first", found.name(lists.first)},
                                   {"second", found.name(lists.second)},
                                   {"lists", lists.lists},
                                   {"constant", lists.constant},
                                   {"kendall_tau_b", estimate_json(lists.kendall)},
                                   {"spearman_rho", estimate_json(lists.spearman)},
                                   {"same_best", estimate_json(lists.same_best)}});
    for (const auto& [group, consistency] : found.consistency) result["consistency"][group] = to_json(consistency);
    if (!all.notes.empty()) result["notes"] = all.notes;
    return result;
}

} // namespace preflearn
