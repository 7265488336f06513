/// \file
/// Records as what is to be written of them: the chosen response first, rated or ranked ones as pairs, pairs as single
/// completions; and single completions of one prompt as one record.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
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

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/records/preparing/record_target.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/data/selection/left_out.hpp>

namespace preflearn {

/// Which pairs are made of more than two rated responses.
enum class pairing : std::uint8_t {
    best_worst,  ///< the best and the worst
    best_random, ///< the best and one drawn among those below it (Zephyr, Tunstall et al. 2023)
    all,         ///< every two whose scores differ
};

struct item_options {
    record_target target{};
    preflearn::pairing pairing = preflearn::pairing::best_worst;
    /// Of the best's partner and of the order without verdicts, drawn from the seed and the id.
    std::uint64_t seed = 0;
    /// A score of at least this much makes a single completion a good one.
    std::optional<double> threshold{};
};

/// One line to be written, or why it is not.
struct record_item {
    response_record record{};
    /// What makes the ids of several items of one record differ; empty where there is one.
    std::string suffix{};
    std::optional<left_out_reason> unfit{};
    std::string message{};
};

namespace detail {

inline std::uint64_t drawing_id(const response_record& record) { return record.given.inside(record.index); }

inline record_item unfit(const response_record& record, left_out_reason reason, std::string message = {}) {
    return {.record = record, .unfit = reason, .message = std::move(message)};
}

/// Two of the responses, chosen first, with the difference of their scores as margin.
inline response_record pair_of(const response_record& record, std::size_t chosen, std::size_t rejected) {
    response_record pair = record;
    pair.responses = {record.responses[chosen], record.responses[rejected]};
    if (!record.scores.empty()) pair.scores = {record.scores[chosen], record.scores[rejected]};
    if (record.responses.size() > 2) pair.label.reset(), pair.margin.reset(), pair.human.reset();
    if (pair.scores_are_labels) {
        pair.scores.clear();
        if (!pair.label) pair.label = preference::for_first();
    }
    if (!pair.margin && pair.scores.size() == 2 && !std::isnan(pair.scores[0] - pair.scores[1]))
        pair.margin = pair.scores[0] - pair.scores[1];
    return pair;
}

/// A record of two with its chosen response first.
inline record_item decided_pair(const response_record& record) {
    std::optional<choice> said;
    if (record.has_scores())
        said = record.scores[0] > record.scores[1]   ? choice::first
               : record.scores[0] < record.scores[1] ? choice::second
                                                     : choice::tie;
    const std::optional<choice> verdict = record.label ? std::optional(record.label->decision()) : said;
    if (!verdict) return unfit(record, record.scores.empty() ? left_out_reason::no_label : left_out_reason::no_scores);
    if (*verdict == choice::abstained) return unfit(record, left_out_reason::no_label, "an abstention");
    if (*verdict == choice::tie) return unfit(record, left_out_reason::tied_label);
    if (said && *said != choice::tie && *said != *verdict)
        return unfit(record, left_out_reason::contradiction, "its label and its scores contradict each other");
    const bool first = *verdict == choice::first;
    response_record oriented = record;
    if (!first) swap_responses(oriented);
    return {.record = pair_of(oriented, 0, 1)};
}

inline std::size_t best_of(const response_record& record, bool worst = false) {
    std::size_t best = record.scores.size();
    for (std::size_t k = 0; k < record.scores.size(); ++k) {
        const double score = worst ? -record.scores[k] : record.scores[k];
        if (std::isnan(score)) continue;
        if (best == record.scores.size() || score > (worst ? -record.scores[best] : record.scores[best])) best = k;
    }
    return best;
}

inline std::vector<record_item> rated_pairs(const response_record& record, const item_options& options) {
    if (!record.has_scores()) return {unfit(record, left_out_reason::no_scores)};
    const std::vector<double>& scores = record.scores;
    std::vector<record_item> items;
    const auto add = [&](std::size_t chosen, std::size_t rejected) {
        items.push_back({.record = pair_of(record, chosen, rejected)});
        if (options.pairing == pairing::all) items.back().suffix = message("-", chosen, "-", rejected);
    };
    const std::size_t best = best_of(record), worst = best_of(record, true);
    if (options.pairing == pairing::all) {
        for (std::size_t i = 0; i < scores.size(); ++i)
            for (std::size_t j = i + 1; j < scores.size(); ++j) {
                if (scores[i] > scores[j]) add(i, j);
                if (scores[i] < scores[j]) add(j, i);
            }
    } else if (scores[best] > scores[worst]) {
        std::vector<std::size_t> below;
        for (std::size_t k = 0; k < scores.size(); ++k)
            if (scores[k] < scores[best]) below.push_back(k);
        generator random(options.seed, "best and random", drawing_id(record));
        add(best, options.pairing == pairing::best_worst ? worst : below[random.below(below.size())]);
    }
    if (items.empty()) return {unfit(record, left_out_reason::tied_label, "all scores are equal")};
    return items;
}

inline std::vector<record_item> pair_items_of(const response_record& record, const item_options& options) {
    if (record.responses.size() == 1) return {unfit(record, left_out_reason::one_response)};
    if (record.responses.size() == 2) return {decided_pair(record)};
    return rated_pairs(record, options);
}

/// The verdict's numbers, of the pair that a single completion comes from, as columns of its own.
inline nlohmann::json verdict_columns(const response_record& record) {
    nlohmann::json columns = record.others;
    if (record.margin) columns["margin"] = *record.margin;
    if (record.label && record.label->first() != 1) columns["probability"] = record.label->first();
    if (record.human && !record.human->abstained()) {
        columns["human"] = record.human->first();
        if (record.human->tie() > 0) columns["human_tie"] = record.human->tie();
    }
    return columns;
}

inline response_record single_of(const response_record& record, std::size_t k, bool good) {
    response_record single = record;
    single.responses = {record.responses[k]};
    single.scores = {good ? 1.0 : 0.0};
    single.label.reset(), single.margin.reset(), single.human.reset();
    return single;
}

inline std::vector<record_item> single_items_of(const response_record& record, const item_options& options) {
    if (record.form == record_form::single) {
        const double score = record.scores.empty() ? unrated : record.scores[0];
        if (std::isnan(score)) return {unfit(record, left_out_reason::no_label)};
        if (score != 0 && score != 1 && !options.threshold)
            return {unfit(record, left_out_reason::no_label, "a score, which --threshold makes a label")};
        return {{.record = single_of(record, 0, score >= options.threshold.value_or(0.5))}};
    }
    std::vector<record_item> items;
    if (options.threshold) {
        for (std::size_t k = 0; k < record.scores.size(); ++k)
            if (!std::isnan(record.scores[k]))
                items.push_back({.record = single_of(record, k, record.scores[k] >= *options.threshold),
                                 .suffix = message("-", k)});
        if (items.empty()) return {unfit(record, left_out_reason::no_scores)};
    } else if (record.responses.size() != 2) {
        return {unfit(record, left_out_reason::no_label, "scores, which --threshold makes labels")};
    } else {
        const record_item pair = decided_pair(record);
        if (pair.unfit) return {pair};
        for (const bool chosen : {true, false})
            items.push_back(
                {.record = single_of(pair.record, chosen ? 0 : 1, chosen), .suffix = chosen ? "-chosen" : "-rejected"});
        for (record_item& item : items) item.record.others = verdict_columns(pair.record);
    }
    return items;
}

/// The responses in a random order, without what says which is better.
inline response_record without_verdict(const response_record& record, std::uint64_t seed) {
    response_record made = record;
    const auto order = generator(seed, "orientation", drawing_id(record)).permutation(record.responses.size());
    for (std::size_t k = 0; k < order.size(); ++k) made.responses[k] = record.responses[order[k]];
    made.label.reset(), made.margin.reset(), made.human.reset();
    made.scores.clear();
    for (const char* const name : {"weight", "teacher"}) made.others.erase(name);
    return made;
}

inline record_item scored_item(const response_record& record) {
    if (!record.has_scores()) return unfit(record, left_out_reason::no_scores);
    response_record made = record;
    made.responses.clear(), made.scores.clear();
    for (std::size_t k = 0; k < record.scores.size(); ++k) {
        if (std::isnan(record.scores[k])) continue;
        made.responses.push_back(record.responses[k]);
        made.scores.push_back(record.scores[k]);
    }
    return {.record = std::move(made)};
}

} // namespace detail

/// The lines that a record becomes, at least one, in an order that the record alone decides.
inline std::vector<record_item> items_of(const response_record& record, const item_options& options) {
    switch (options.target.shape) {
    case record_shape::pairs:
        return detail::pair_items_of(record, options);
    case record_shape::singles:
        return detail::single_items_of(record, options);
    case record_shape::scored:
        return {detail::scored_item(record)};
    case record_shape::prompts:
        return {{.record = record}};
    case record_shape::demonstrations: {
        if (record.form == record_form::single && !record.scores.empty() && record.scores[0] == 0)
            return {detail::unfit(record, left_out_reason::no_label, "the completion is labelled false")};
        if (record.responses.size() == 1) return {{.record = record}};
        item_options best = options;
        best.pairing = pairing::best_worst;
        auto items = detail::pair_items_of(record, best);
        if (!items[0].unfit) items[0].record = detail::single_of(items[0].record, 0, true);
        return items;
    }
    case record_shape::responses:
    case record_shape::unlabelled:
        break;
    }
    if (record.responses.size() == 1) return {detail::unfit(record, left_out_reason::one_response)};
    if (options.target.shape == record_shape::responses) return {{.record = record}};
    return {{.record = detail::without_verdict(record, options.seed)}};
}

} // namespace preflearn
