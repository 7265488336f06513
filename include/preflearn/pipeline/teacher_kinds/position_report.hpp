/// \file
/// What a set of judgements says of a judge's liking for positions: of pairs that it was asked about in both orders,
/// how often the verdict turned with the order, and how far it favours the response that is shown first.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/labels/position_bias.hpp>
#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/report/tables/json_number.hpp>
#include <preflearn/report/tables/table_text.hpp>

namespace preflearn {

/// Of the judgements that know both orders; counts of shards add up.
inline swap_counts positions_of(std::span<const judgement> said) {
    swap_counts counts;
    for (const judgement& one : said)
        if (one.orders && !one.unfit)
            counts.add(preference((*one.orders)[0]), preference(1 - (*one.orders)[1])); // whose first is the second
    return counts;
}

/// {"pairs", "consistency", "first_twice", "second_twice", "bias": {"value", "low", "high"}, "p_value"}: bias is
/// P(the one shown first is preferred) − ½.
inline nlohmann::ordered_json to_json(const swap_result& positions) {
    using namespace std::string_literals;
    const estimate& bias = positions.position_bias;
    return {{"pairs"s, positions.counts.total()},
            {"consistency"s, json_number(positions.consistency.value)},
            {"first_twice"s, positions.counts.both_first},
            {"second_twice"s, positions.counts.both_second},
            {"bias"s,
             {{"value"s, json_number(bias.value)},
              {"low"s, json_number(bias.bounds.low)},
              {"high"s, json_number(bias.bounds.high)}}},
            {"p_value"s, json_number(positions.p_value)}};
}

/// A line of text, ended; empty where no pair was asked about in both orders.
inline std::string to_text(const swap_result& positions) {
    if (positions.counts.total() == 0) return "";
    const auto percent = [](double share) { return shown(share, 1, notation::percent); };
    return message("  asked in both orders, its verdict is the same on ", percent(positions.consistency.value), " of ",
                   positions.counts.total(), " pairs; it takes the one shown first on ",
                   percent(0.5 + positions.position_bias.value), "\n");
}

} // namespace preflearn
