/// \file
/// From a teacher's judgements to labels: calibrated probabilities, a rule that keeps or leaves out, weights, and
/// labels turned on purpose. Nothing here reads a text or knows a model.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/programs/labelling/judged_file.hpp>
#include <preflearn/programs/labelling/label_calibration.hpp>
#include <preflearn/programs/labelling/label_decision.hpp>
#include <preflearn/programs/labelling/label_flipping.hpp>
#include <preflearn/programs/labelling/label_options.hpp>

namespace preflearn {

namespace detail {

/// The verdict on two responses, before any rule.
inline label_decision verdict_on_two(const record_facts& record, const judgement& said,
                                     const label_calibration& calibration, const label_options& options) {
    label_decision made;
    if (record.identical) return {.left_out = name_of(left_out_reason::identical_responses)};
    const std::optional<double> margin = said.margin();
    require<numeric_error>(!margin || !std::isnan(*margin), "pair ", record.id, ": the margin is ", margin.value_or(0));
    if (!margin && (!said.verdict || said.verdict->abstained())) return {.left_out = "abstained"};
    const double first = margin ? calibration.probability(*margin) : said.verdict->half_win();
    const bool tie = margin ? *margin == 0 : first == 0.5;
    if (tie) return {.left_out = "tie"};
    const bool second = margin ? *margin < 0 : first < 0.5;
    made.chosen = shown_order(options.seed, record.id, 2)[second ? 1 : 0];
    // of |margin|, so that the order in which they were shown leaves no trace, not in the last bit either
    made.confidence = margin ? std::max(0.5, calibration.probability(std::abs(*margin))) : second ? 1 - first : first;
    if (margin) made.margin = std::max(0.0, calibration.written(std::abs(*margin)));
    if (margin) made.evidence = std::abs(*margin);
    if (made.margin && !std::isfinite(*made.margin)) made.margin.reset(); // JSON cannot say it
    const double own = margin ? sigmoid(std::abs(*margin)) : made.confidence;
    made.weight = options.weight == label_weight::none         ? 1
                  : options.weight == label_weight::confidence ? 2 * (own - 0.5)
                                                               : 2 * made.confidence - 1;
    return made;
}

inline label_decision scores_of_many(const record_facts& record, const judgement& said,
                                     const label_calibration& calibration, const label_options& options) {
    if (said.scores.size() != record.responses)
        return {.left_out = name_of(left_out_reason::no_label), .why = "the teacher compares two responses"};
    label_decision made;
    made.scores.resize(record.responses);
    const std::vector<std::size_t> order = shown_order(options.seed, record.id, record.responses);
    for (std::size_t k = 0; k < order.size(); ++k)
        made.scores[order[k]] = said.scores[k] / calibration.temperature; // an isotonic fit is one of pairs alone
    return made;
}

/// Keeps the share of the labels with the largest |margin|; of equal ones those that stand first.
inline void keep_top(std::span<label_decision> labels, std::span<const record_facts> records, double percent) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (labels[i].left_out.empty() && records[i].responses == 2) order.push_back(i);
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        const double of_a = labels[a].evidence, of_b = labels[b].evidence;
        return of_a != of_b ? of_a > of_b : a < b;
    });
    const auto kept = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(order.size()) - 1e-9));
    for (std::size_t k = kept; k < order.size(); ++k) labels[order[k]].left_out = "below_top";
}

/// Turns labels that are written. \throws argument_error where the rate cannot be met
inline void flip_labels(std::span<label_decision> labels, std::span<const record_facts> records,
                        const label_flips& flips, std::uint64_t seed) {
    const flip_odds odds = flip_odds_of(labels, records, flips);
    for (std::size_t i = 0; i < labels.size() && flips.rate > 0; ++i) {
        if (!labels[i].left_out.empty() || records[i].responses != 2) continue;
        const double rate = odds(labels[i].margin.value_or(0), longer_by(labels[i], records[i]));
        if (rate == 0 || !generator(seed, "label noise", records[i].id).bernoulli(rate)) continue;
        labels[i].chosen = 1 - labels[i].chosen;
        labels[i].flipped = true;
    }
}

} // namespace detail

/// \throws argument_error for a rule, a weight or flips that the teacher or the labels have no numbers for.
inline std::vector<label_decision> decide_labels(std::span<const record_facts> records, std::span<const judgement> said,
                                                 const label_calibration& calibration, const label_rule& rule,
                                                 const label_options& options) {
    std::vector<label_decision> labels;
    labels.reserve(records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (said[i].unfit)
            labels.push_back({.left_out = name_of(said[i].unfit->reason), .why = said[i].unfit->message});
        else if (records[i].responses == 2)
            labels.push_back(detail::verdict_on_two(records[i], said[i], calibration, options));
        else
            labels.push_back(detail::scores_of_many(records[i], said[i], calibration, options));
        label_decision& label = labels.back();
        if (!label.left_out.empty() || records[i].responses != 2) continue;
        if (rule.kind == label_rule_kind::abstain && label.confidence < rule.amount) label.left_out = "abstained";
        if (rule.kind == label_rule_kind::soft) {
            label.probability = label.confidence;
            if (label.confidence == 0.5) label.left_out = "tie";
        }
    }
    if (rule.kind == label_rule_kind::top) detail::keep_top(labels, records, rule.amount);
    if (options.flips) detail::flip_labels(labels, records, *options.flips, options.seed);
    return labels;
}

} // namespace preflearn
