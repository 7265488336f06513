/// \file
/// The card of a teacher that was taught: its judgements of the pairs that were held out, held against their labels.
/// It is the same whenever the same teacher is made; how long that took stands in manifest.json.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/files/line_reader.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/records/preparing/record_lengths.hpp>
#include <preflearn/pipeline/teacher_card/card_categories.hpp>
#include <preflearn/pipeline/teacher_card/card_pairs.hpp>
#include <preflearn/pipeline/teacher_card/teacher_card.hpp>
#include <preflearn/pipeline/teacher_kinds/held_out_report.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/programs/teaching/teach_data.hpp>
#include <preflearn/programs/teaching/teach_options.hpp>
#include <preflearn/training/loop/metrics.hpp>

namespace preflearn {

/// A teacher's judgements of its held-out pairs, and what they cost.
struct held_out_judgements {
    std::vector<judgement> said{};
    std::uint64_t parameters = 0;
    double tokens = 0;
};

/// The pairs of the card, as they were shown.
inline card_subject card_subject_of(std::string name, std::span<const judgement> said,
                                    std::span<const text_comparison> pairs, const label_set& truth) {
    card_subject subject{.name = std::move(name), .truth = "held-out labels"};
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const auto length = [](std::string_view text) { return static_cast<double>(characters_in(text)); };
        subject.pairs.push_back({.prompt = hash_of(pairs[i].prompt),
                                 .said = decided(said[i]),
                                 .gold = truth.find(pairs[i].id).value_or(preference::abstention()),
                                 .length_difference = length(pairs[i].first) - length(pairs[i].second),
                                 .first_shown_first = true});
    }
    return subject;
}

namespace detail {

/// The column of every pair, from its line of the file.
inline std::vector<std::string> categories_in(const std::filesystem::path& path, const std::string& field,
                                              std::span<const text_comparison> pairs, const pair_names& names) {
    std::unordered_map<std::size_t, std::size_t> places; // by line
    for (std::size_t i = 0; i < pairs.size(); ++i) places.emplace(names.find(pairs[i].id).line, i);
    std::vector<std::string> found(pairs.size());
    line_reader lines(path);
    while (const auto line = lines.next()) {
        const auto at = places.find(lines.line());
        if (at == places.end()) continue;
        const nlohmann::json record = parse_json_line(*line);
        found[at->second] = category_of_value(field_at(record, field));
    }
    return found;
}

inline double tokens_of(const training_history& history) {
    double tokens = 0;
    for (const training_step& step : history.steps)
        if (!std::isnan(step.tokens)) tokens += step.tokens;
    return tokens;
}

} // namespace detail

/// Refuses a column that no line of the file has before anything is learned. \throws input_error then
inline void check_category_field(const teach_options& options) {
    const std::filesystem::path& path = options.held_out.empty() ? options.data : options.held_out;
    if (options.category_field.empty() || path.empty()) return;
    line_reader lines(path);
    while (const auto line = lines.next()) {
        const nlohmann::json record = nlohmann::json::parse(*line, nullptr, false);
        if (!category_of_value(detail::field_at(record, options.category_field)).empty()) return;
    }
    throw input_error(
        message(path.string(), ": no record has a column ", excerpt{options.category_field}, " (--category-field)"));
}

/// The categories of the held-out pairs where options name a column. \throws input_error where no pair has it
inline void put_categories(card_subject& subject, const teach_data& data, const teach_options& options) {
    if (options.category_field.empty()) return;
    const std::filesystem::path& path = options.held_out.empty() ? options.data : options.held_out;
    put_categories(
        subject, options.category_field,
        categories_named(detail::categories_in(path, options.category_field, data.held_out, data.held_out_names()),
                         options.category_field, " (--category-field)"));
}

/// \param trainings what it learned by
inline teacher_card card_of_taught(const card_subject& subject, const held_out_judgements& judged,
                                   const teach_data& data, std::span<const training_history* const> trainings) {
    teacher_card card = card_of(subject);
    std::unordered_set<std::uint64_t> learned;
    for (const text_comparison& pair : data.learned) learned.insert(hash_of(pair.prompt));
    card.overlap = overlap_of(subject, learned);
    card.cost = teacher_cost{
        .parameters = judged.parameters, .judging_tokens = judged.tokens, .human_labels = data.learned.size()};
    for (const training_history* history : trainings) card.cost->training_tokens += detail::tokens_of(*history);
    return card;
}

} // namespace preflearn
