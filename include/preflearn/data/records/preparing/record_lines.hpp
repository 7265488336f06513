/// \file
/// A record as a line of JSON, in the formats of TRL (docs: dataset formats), of HH-RLHF, and those of preflearn that
/// hold what TRL's cannot. Every line of a file has the same columns, of one type each, null where a record has
/// nothing: readers of columns (Arrow, `datasets`) need that.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/records/preparing/record_target.hpp>
#include <preflearn/data/records/reading/record_turns.hpp>
#include <preflearn/data/records/reading/response_record.hpp>

namespace preflearn {

namespace detail {

/// Turns with role and content first.
inline nlohmann::ordered_json written_text(const nlohmann::json& text) {
    using namespace std::string_literals;
    if (!text.is_array()) return text;
    auto turns = nlohmann::ordered_json::array();
    for (const nlohmann::json& one : text) {
        nlohmann::ordered_json turn{{"role"s, one.at("role")}};
        if (one.contains("content")) turn["content"] = one.at("content");
        for (const auto& [name, value] : one.items())
            if (name != "role" && name != "content") turn[name] = value;
        turns.push_back(std::move(turn));
    }
    return turns;
}

inline nlohmann::ordered_json written_score(double score) {
    return std::isnan(score) ? nlohmann::ordered_json() : nlohmann::ordered_json(score);
}

/// What is known of two responses that are called chosen and rejected.
inline void add_pair_verdict(nlohmann::ordered_json& line, const response_record& record, std::string_view label_name) {
    if (record.label && record.label->first() != 1) {
        line[std::string(label_name)] = record.label->first();
        if (record.label->tie() > 0) line["label_tie"] = record.label->tie();
    }
    if (record.scores.size() == 2 && !std::isnan(record.scores[0] + record.scores[1])) {
        line["score_chosen"] = record.scores[0];
        line["score_rejected"] = record.scores[1];
    }
}

inline void add_scores(nlohmann::ordered_json& line, const response_record& record) {
    if (record.scores.empty()) return;
    line["scores"] = nlohmann::ordered_json::array();
    for (const double score : record.scores) line["scores"].push_back(written_score(score));
}

inline void add_human(nlohmann::ordered_json& line, const response_record& record) {
    if (!record.human || record.human->abstained()) return;
    line["human"] = record.human->first();
    if (record.human->tie() > 0) line["human_tie"] = record.human->tie();
}

inline void add_responses(nlohmann::ordered_json& line, const response_record& record) {
    line["responses"] = nlohmann::ordered_json::array();
    for (const nlohmann::json& response : record.responses) line["responses"].push_back(written_text(response));
}

inline void add_label_of_two(nlohmann::ordered_json& line, const response_record& record) {
    using namespace std::string_literals;
    if (!record.label) return;
    line["label"] = record.label->first();
    if (record.label->tie() > 0) line["label_tie"] = record.label->tie();
    if (record.label->abstained()) line["label"] = "abstain"s;
}

} // namespace detail

/// The record's texts as the target writes them. \throws preflearn::error for what it cannot say.
inline response_record styled(const response_record& record, const record_target& target,
                              const preference_options& reading) {
    if (target.style == text_style::conversation) return as_conversations(record);
    if (target.style == text_style::text) return as_texts(record, reading);
    response_record made = record;
    const std::vector<std::string> whole = as_transcripts(record);
    made.responses.assign(whole.begin(), whole.end());
    return made;
}

/// The line of an item that items_of made, `styled` for the target. \param pair what a single completion came from
/// \param label_name of an uncertain verdict of a pair: "label" or "probability"
inline nlohmann::ordered_json line_of(const response_record& record, const record_target& target,
                                      nlohmann::ordered_json id, const nlohmann::ordered_json& pair,
                                      std::string_view label_name) {
    using namespace std::string_literals;
    nlohmann::ordered_json line{{"id"s, std::move(id)}};
    if (!pair.is_null()) line["pair"] = pair;
    if (target.style != text_style::transcript) line["prompt"] = detail::written_text(record.prompt);
    switch (target.shape) {
    case record_shape::pairs:
        line["chosen"] = detail::written_text(record.responses.at(0));
        line["rejected"] = detail::written_text(record.responses.at(1));
        detail::add_pair_verdict(line, record, label_name);
        break;
    case record_shape::singles:
        line["completion"] = detail::written_text(record.responses.at(0));
        line["label"] = record.scores.at(0) >= 0.5;
        break;
    case record_shape::demonstrations:
        line["completion"] = detail::written_text(record.responses.at(0));
        break;
    case record_shape::responses:
        detail::add_responses(line, record);
        detail::add_label_of_two(line, record);
        detail::add_scores(line, record);
        break;
    case record_shape::scored:
    case record_shape::unlabelled:
        detail::add_responses(line, record);
        detail::add_scores(line, record);
        break;
    case record_shape::prompts:
        break;
    }
    const bool verdicts = target.shape == record_shape::pairs || target.shape == record_shape::responses;
    if (verdicts && record.margin) line["margin"] = *record.margin;
    if (verdicts) detail::add_human(line, record);
    for (const auto& [name, value] : record.others.items())
        if (!line.contains(name)) line[name] = value;
    return line;
}

/// The columns of a file, in the order of their first appearance.
class line_columns {
  public:
    void add(const nlohmann::ordered_json& line) {
        for (const auto& column : line.items())
            if (std::ranges::find(names_, column.key()) == names_.end()) names_.push_back(column.key());
    }
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
    /// A column takes another's name, and its place where there is one of that name already.
    void rename(std::string_view from, std::string_view to) {
        const auto at = std::ranges::find(names_, from);
        if (at == names_.end()) return;
        if (std::ranges::find(names_, to) == names_.end())
            *at = to;
        else
            names_.erase(at);
    }

    /// The line with every column. Of a pair without a probability the chosen one is certain.
    [[nodiscard]] nlohmann::ordered_json filled(nlohmann::ordered_json line, bool of_pairs) const {
        nlohmann::ordered_json full;
        for (const std::string& name : names_) {
            const bool certain = of_pairs && (name == "label" || name == "probability");
            if (line.contains(name))
                full[name] = std::move(line[name]);
            else
                full[name] = certain ? nlohmann::ordered_json(1.0) : nlohmann::ordered_json();
        }
        return full;
    }

  private:
    std::vector<std::string> names_;
};

} // namespace preflearn
