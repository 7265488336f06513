/// \file
/// Labels as lines of JSON that TRL reads: {"id", "prompt", "chosen", "rejected", "probability", "margin", "weight",
/// "teacher", "human"}, where probability is P(chosen ≻ rejected) by the rule, margin its log-odds before the rule,
/// calibrated and human the human's P(chosen ≻ rejected), null where nobody said; every line has every column. Prompts
/// with more than two responses become {"id", "prompt", "responses", "scores", "teacher"}. What is left out has {"id",
/// "line", "reason", "message", "probability", "margin"}.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/json_id.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/programs/labelling/label_decisions.hpp>
#include <preflearn/programs/labelling/label_record.hpp>

namespace preflearn {

namespace detail {

inline nlohmann::ordered_json number_or_null(std::optional<double> number) {
    return number ? nlohmann::ordered_json(*number) : nlohmann::ordered_json();
}

} // namespace detail

/// What a human said of a pair, as P(chosen ≻ rejected), half of it for a tie.
inline std::optional<double> human_of_chosen(const std::optional<preference>& human, std::size_t chosen) {
    if (!human || human->abstained()) return std::nullopt;
    return (chosen == 1 ? human->mirrored() : *human).half_win();
}

/// \param turned whether labels are turned on purpose: then every line says whether it was
inline nlohmann::ordered_json label_line(const label_record& record, const label_decision& label,
                                         const pair_names& names, std::string_view teacher, bool turned) {
    nlohmann::ordered_json line{{"id", json_id(names.find(record.id))}, {"prompt", record.written_prompt}};
    if (record.responses.size() != 2) {
        line["responses"] = record.written_responses;
        line["scores"] = label.scores;
        line["teacher"] = teacher;
        return line;
    }
    line["chosen"] = record.written_responses[label.chosen];
    line["rejected"] = record.written_responses[1 - label.chosen];
    line["probability"] = label.probability;
    line["margin"] = detail::number_or_null(label.margin);
    line["weight"] = label.weight;
    line["teacher"] = teacher;
    line["human"] = detail::number_or_null(human_of_chosen(record.human, label.chosen));
    if (turned) line["flipped"] = label.flipped;
    return line;
}

/// \param id nothing for a malformed line
inline nlohmann::ordered_json left_out_line(std::optional<pair_name> id, std::size_t line, std::string_view reason,
                                            std::string_view why, const label_decision* label = nullptr) {
    nlohmann::ordered_json told{
        {"id", id ? json_id(*id) : nlohmann::ordered_json()}, {"line", line}, {"reason", reason}};
    if (!why.empty()) told["message"] = why;
    if (label != nullptr && label->margin) {
        told["probability"] = label->confidence;
        told["margin"] = *label->margin;
    }
    return told;
}

} // namespace preflearn
