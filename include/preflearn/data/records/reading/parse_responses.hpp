/// \file
/// A JSON object as a record of responses, whichever form of the field it has (see record_form). What is neither prompt
/// nor response nor verdict is kept as it is.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>
#include <preflearn/data/preferences/parse_record.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/data/records/reading/record_columns.hpp>
#include <preflearn/data/records/reading/record_forms.hpp>
#include <preflearn/data/records/reading/record_turns.hpp>
#include <preflearn/data/records/reading/response_record.hpp>

namespace preflearn {

/// How the records of a file are to be understood.
struct record_options {
    record_columns columns{};
    /// What all of them are; else each says it by its fields.
    std::optional<record_family> family{};
    /// Malformed lines, numbers as labels, repeated prompts, how conversations become text.
    preference_options reading{};
};

namespace detail {

inline constexpr std::array verdict_names{
    std::string_view("label"),  std::string_view("label_tie"),    std::string_view("probability"),
    std::string_view("scores"), std::string_view("score_chosen"), std::string_view("score_rejected"),
    std::string_view("margin"), std::string_view("human"),        std::string_view("human_tie")};
inline constexpr std::array text_names{
    std::string_view("id"),         std::string_view("prompt"),      std::string_view("chosen"),
    std::string_view("rejected"),   std::string_view("responses"),   std::string_view("completions"),
    std::string_view("answers"),    std::string_view("generations"), std::string_view("candidates"),
    std::string_view("completion"), std::string_view("summaries")};

/// Columns that would be read as something else where they are written are kept under another name.
inline void keep_others(response_record& to, nlohmann::json& record) {
    for (auto& [name, value] : record.items()) {
        const bool verdict =
            to.form != record_form::single && std::ranges::find(verdict_names, name) != verdict_names.end();
        const bool text = std::ranges::find(text_names, name) != text_names.end();
        if ((verdict || text) && value.is_null()) continue; // as good as absent
        to.others[(verdict || text ? "source_" : "") + name] = std::move(value);
    }
}

inline void erase_all(nlohmann::json& record, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names)
        if (const auto at = record.find(name); at != record.end()) record.erase(at);
}

/// The system text as the first turn.
inline void put_system_first(response_record& to, const nlohmann::json& system) {
    to = as_conversations(std::move(to));
    if (system.is_null() || system == "") return;
    require<input_error>(system.is_string(), "the system column: found ", system.type_name(), ", expected a text");
    require<input_error>(to.prompt.front().at("role") != "system",
                         "the prompt has a system turn beside the system column");
    to.prompt.insert(to.prompt.begin(), turn("system", system.get_ref<const std::string&>()));
}

inline void take_pairs(response_record& to, nlohmann::json& record, const record_options& options) {
    const json_field all{&record, ""};
    const record_columns& columns = options.columns;
    const bool named = !columns.first.empty();
    take_pair(to, all.member("prompt"),
              {named ? member_at(all, columns.first) : all.member("chosen"),
               named ? member_at(all, columns.second) : all.member("rejected")},
              options.reading);
    if (named) to.form = record_form::two_fields;
    take_verdicts(to, record, !named, options.reading.label_numbers);
    if (named) erase_all(record, {columns.first, columns.second});
    erase_all(record, {"chosen", "rejected", "label", "label_tie", "probability", "scores", "score_chosen",
                       "score_rejected", "margin"});
    if (to.human) erase_all(record, {"human", "human_tie"});
}

} // namespace detail

/// \throws input_error naming the field, what was found and what was expected.
inline response_record parse_responses(nlohmann::json record, const record_options& options) {
    using detail::erase_all;
    response_record to;
    const detail::json_field all{&record, ""};
    const record_columns& columns = options.columns;
    if (const auto id = detail::member_at(all, columns.id); !columns.id.empty() && id.present()) {
        to.given = detail::id_in({id.value, columns.id});
        erase_all(record, {columns.id});
    }
    nlohmann::json system;
    if (!columns.system.empty()) {
        if (const auto* const found = detail::field_at(record, columns.system)) system = *found;
        erase_all(record, {columns.system});
    }
    detail::name_columns(record, columns, options.family);
    const record_family family = options.family ? *options.family : detail::family_of(record, columns);
    detail::name_prompt(record, columns);
    if (family == record_family::pairs) {
        detail::take_pairs(to, record, options);
    } else if (family == record_family::responses) {
        detail::take_responses(to, record, columns, options.reading);
        erase_all(record, {"responses"});
        if (to.responses.size() == 2) erase_all(record, {"label", "label_tie", "margin"});
        if (to.human) erase_all(record, {"human", "human_tie"});
    } else if (family == record_family::singles) {
        detail::take_single(to, record, columns, options.reading);
        const bool labelled = detail::is_there(record, "label");
        erase_all(record, {"completion", "label"});
        if (!labelled && !to.scores.empty()) erase_all(record, {"score", "rating", columns.score});
    } else {
        detail::take_tldr(to, record);
        erase_all(record, {"info", "summaries", "choice"});
    }
    erase_all(record, {"prompt"});
    detail::keep_others(to, record);
    if (!columns.system.empty()) detail::put_system_first(to, system);
    return to;
}

} // namespace preflearn
