/// \file
/// Records of a labelled file as examples for a kind of loss: what every loss of that kind sees of a pair, of n scored
/// responses and of single completions.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/records/preparing/record_items.hpp>
#include <preflearn/data/records/reading/record_turns.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/loss/by_name/names.hpp>

namespace preflearn {

/// How records become examples.
struct example_rules {
    loss_kind kind = loss_kind::pairs;
    /// Which pairs are made of more than two scored responses.
    preflearn::pairing pairing = preflearn::pairing::best_worst;
    /// A score of at least this makes a single completion a desirable one.
    std::optional<double> threshold{};
    /// The column of a triple's gold response; "reference" (TRL's TPO) is read, too.
    std::string gold_field = "gold";
    /// Whether a pair that is a tie is learned from: where a loss reads probabilities.
    bool ties = false;
    std::uint64_t seed = 0;
};

/// One example before its texts are kept, or why there is none.
struct example_record {
    /// Chosen, rejected and gold response, one completion, or a list, best first: as the record's responses stand.
    response_record record{};
    std::string suffix{};
    std::optional<left_out_reason> unfit{};
    std::string message{};
    preference verdict = preference::for_first();
    bool desirable = true;
    std::uint32_t ranked = 0;
    std::size_t unranked = 0;
};

namespace detail {

inline std::vector<example_record> from_items(std::vector<record_item> items) {
    std::vector<example_record> all;
    for (record_item& item : items) {
        example_record made{.record = std::move(item.record),
                            .suffix = std::move(item.suffix),
                            .unfit = item.unfit,
                            .message = std::move(item.message)};
        if (made.record.label && !made.record.label->abstained()) made.verdict = *made.record.label;
        all.push_back(std::move(made));
    }
    return all;
}

inline example_record left_out_example(const response_record& record, left_out_reason reason, std::string why = {}) {
    return {.record = record, .unfit = reason, .message = std::move(why)};
}

inline std::vector<example_record> pair_examples(const response_record& record, const example_rules& rules) {
    if (rules.ties && record.responses.size() == 2 && record.label && record.label->decision() == choice::tie) {
        example_record tie{.record = record, .verdict = *record.label};
        return {std::move(tie)};
    }
    return from_items(items_of(record, {.pairing = rules.pairing, .seed = rules.seed}));
}

/// Of more than two responses without a threshold the best is a desirable, the worst an undesirable completion.
inline std::vector<example_record> single_examples(const response_record& record, const example_rules& rules) {
    item_options options{.target = {record_shape::singles}, .seed = rules.seed, .threshold = rules.threshold};
    std::vector<record_item> items;
    if (!rules.threshold && record.responses.size() > 2) {
        for (const record_item& pair : pair_items_of(record, {.pairing = rules.pairing, .seed = rules.seed})) {
            if (pair.unfit) return from_items({pair});
            response_record two = pair.record;
            two.label = preference::for_first();
            for (record_item& single : items_of(two, options)) {
                single.suffix = pair.suffix + single.suffix;
                items.push_back(std::move(single));
            }
        }
    } else {
        items = items_of(record, options);
    }
    std::vector<example_record> all = from_items(std::move(items));
    for (example_record& one : all) one.desirable = one.unfit || one.record.scores.at(0) == 1;
    return all;
}

/// Best first. Of responses with one score the first alone is ranked, but for the worst ones, which are behind the
/// others in unknown order; one without a score is none of the list.
inline std::vector<example_record> list_example(const response_record& record) {
    if (record.responses.size() == 1) return {left_out_example(record, left_out_reason::one_response)};
    response_record rated = record;
    if (record.responses.size() == 2) { // oriented, as what a human said of them is
        const record_item pair = decided_pair(record);
        if (pair.unfit) return from_items({pair});
        rated = pair.record;
        rated.scores = {1, 0};
    }
    if (!rated.has_scores()) return {left_out_example(record, left_out_reason::no_scores)};
    std::vector<std::size_t> order(rated.responses.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::erase_if(order, [&](std::size_t k) { return std::isnan(rated.scores[k]); });
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        return rated.scores[a] != rated.scores[b] ? rated.scores[a] > rated.scores[b] : a < b;
    });
    const double best = rated.scores[order.front()], worst = rated.scores[order.back()];
    if (best == worst) return {left_out_example(record, left_out_reason::tied_label, "all scores are equal")};
    example_record list{.record = rated, .unranked = rated.responses.size()};
    list.record.responses.clear(), list.record.scores.clear();
    std::size_t last = 0;
    for (const std::size_t k : order) {
        const double score = rated.scores[k];
        if (!list.record.scores.empty() && score == list.record.scores.back() && score != worst) continue;
        list.record.responses.push_back(rated.responses[k]);
        list.record.scores.push_back(score);
        list.ranked += score != worst ? 1 : 0;
        last += score == worst ? 1 : 0;
    }
    if (last == 1) ++list.ranked;
    list.unranked -= list.record.responses.size();
    return {std::move(list)};
}

/// A pair with a gold response beside it, or the best, the second and the worst of scored responses (TPO).
inline std::vector<example_record> triple_examples(const response_record& record, const example_rules& rules) {
    for (const std::string& name : {rules.gold_field, std::string("reference")}) {
        const auto gold = record.others.find(name);
        if (gold == record.others.end() || gold->is_null() || record.responses.size() != 2) continue;
        nlohmann::json turns = *gold;
        if (!record.is_text()) turns = json_turns({&*gold, name}, "assistant");
        require<input_error>(!record.is_text() || gold->is_string(), "field '", name, "': found ", gold->type_name(),
                             ", expected a text as the prompt is");
        if (turns.is_array() && turns.size() > record.prompt.size() &&
            std::equal(record.prompt.begin(), record.prompt.end(), turns.begin()))
            turns.erase(turns.begin(), turns.begin() + static_cast<std::ptrdiff_t>(record.prompt.size()));
        std::vector<example_record> all = pair_examples(record, rules);
        for (example_record& one : all) one.record.responses.push_back(turns);
        return all;
    }
    if (record.responses.size() < 3)
        return {left_out_example(record, left_out_reason::no_triple,
                                 message("it has no gold response (column '", rules.gold_field, "')"))};
    std::vector<example_record> list = list_example(record);
    example_record& made = list.front();
    if (made.unfit) return list;
    auto& responses = made.record.responses;
    auto& scores = made.record.scores;
    if (responses.size() < 3 || scores[1] == scores.back())
        return {left_out_example(record, left_out_reason::no_triple, "fewer than three of its scores differ")};
    made.record.margin = scores[1] - scores.back();
    responses = {responses[1], responses.back(), responses[0]};
    scores.clear();
    made.ranked = 0, made.unranked = 0;
    return list;
}

} // namespace detail

/// What a record is to a loss of that kind; one or more, in an order that the record alone decides.
/// \throws input_error naming the field that cannot be read.
inline std::vector<example_record> examples_of(const response_record& record, const example_rules& rules) {
    switch (rules.kind) {
    case loss_kind::completions:
        return detail::single_examples(record, rules);
    case loss_kind::lists:
        return detail::list_example(record);
    case loss_kind::triples:
        return detail::triple_examples(record, rules);
    case loss_kind::pairs:
    case loss_kind::tokens:
        break;
    }
    return detail::pair_examples(record, rules);
}

} // namespace preflearn
