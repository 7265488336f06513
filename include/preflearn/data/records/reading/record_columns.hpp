/// \file
/// Which columns hold what. Records come under the names that their data sets chose; here they get those that are read,
/// and a record that can be read in two ways is refused.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_line.hpp>

namespace preflearn {

/// Names of columns, a path `a.b` for the member b of a; an empty one: the usual names, which are told here.
struct record_columns {
    std::string id = "id";
    std::string prompt{};    ///< prompt, else instruction, question or conversations
    std::string system{};    ///< none: a system text is no part of the prompt
    std::string chosen{};    ///< chosen
    std::string rejected{};  ///< rejected
    std::string first{};     ///< none: one of two responses neither of which is called chosen
    std::string second{};    ///< none
    std::string responses{}; ///< responses, else completions, answers, generations or candidates
    std::string response{};  ///< the text in each of them, where they are objects: response, text, content, …
    std::string scores{}; ///< a list, one a response: scores or ratings, higher is better; ranks or ranking, lower is
    std::string score{};  ///< in each response, or of a single completion: overall_score, score, rating; rank
    std::string completion{}; ///< completion
    std::string label{};      ///< label
    std::string margin{};     ///< margin
    /// Of scores in the columns that were named.
    bool lower_is_better = false;
};

/// What a record is read as.
enum class record_family : std::uint8_t { pairs, responses, singles, tldr };

constexpr std::string_view name_of(record_family family) {
    constexpr std::array<std::string_view, 4> names{"pairs", "responses", "singles", "tldr"};
    return names[static_cast<std::size_t>(family)];
}

/// \throws argument_error naming the families.
inline record_family record_family_named(std::string_view name) {
    for (const auto family :
         {record_family::pairs, record_family::responses, record_family::singles, record_family::tldr})
        if (name_of(family) == name) return family;
    throw argument_error(message("records are read as pairs, responses, singles or tldr, not as ", excerpt{name}));
}

namespace detail {

inline constexpr std::array response_lists{std::string_view("responses"), std::string_view("completions"),
                                           std::string_view("answers"), std::string_view("generations"),
                                           std::string_view("candidates")};
inline constexpr std::array score_lists{std::string_view("scores"), std::string_view("ratings"),
                                        std::string_view("ranks"), std::string_view("ranking")};
inline constexpr std::array prompt_names{std::string_view("prompt"), std::string_view("instruction"),
                                         std::string_view("question"), std::string_view("conversations")};

inline bool is_there(const nlohmann::json& record, std::string_view name) {
    const auto at = record.find(name);
    return at != record.end() && !at->is_null();
}

/// The one of these names that the record has; empty for none. \throws input_error for two.
inline std::string_view only_one(const nlohmann::json& record, std::span<const std::string_view> names,
                                 std::string_view option, const auto& counts) {
    std::string_view found;
    for (const std::string_view name : names) {
        if (!is_there(record, name) || !counts(record.at(name))) continue;
        require<input_error>(found.empty(), "the fields '", found, "' and '", name,
                             "' can both be meant; say which (pairs ", option, ")");
        found = name;
    }
    return found;
}

/// Gives a column the name that is read. What stood there under that name is kept as `source_NAME`.
inline void rename_column(nlohmann::json& record, std::string_view from, std::string_view to) {
    if (from.empty() || from == to) return;
    const nlohmann::json* const found = field_at(record, from);
    if (found == nullptr) return;
    nlohmann::json value = *found;
    if (record.contains(from)) record.erase(record.find(from)); // what is inside another column stays there, too
    if (record.contains(to)) record["source_" + std::string(to)] = record.at(std::string(to));
    record[std::string(to)] = std::move(value);
}

/// The record under the names that are read.
inline void name_columns(nlohmann::json& record, const record_columns& columns, std::optional<record_family> family) {
    const std::array named{std::pair(&columns.prompt, "prompt"),     std::pair(&columns.chosen, "chosen"),
                           std::pair(&columns.rejected, "rejected"), std::pair(&columns.responses, "responses"),
                           std::pair(&columns.scores, "scores"),     std::pair(&columns.completion, "completion"),
                           std::pair(&columns.label, "label"),       std::pair(&columns.margin, "margin")};
    for (const auto& [column, name] : named) rename_column(record, *column, name);
    const auto list = [](const nlohmann::json& value) { return value.is_array(); };
    if (columns.responses.empty() && (!family || family == record_family::responses))
        rename_column(record, only_one(record, response_lists, "--responses-field", list), "responses");
}

/// Gives the prompt its name where it has another usual one. \throws input_error where two columns may be it.
inline void name_prompt(nlohmann::json& record, const record_columns& columns) {
    const auto any = [](const nlohmann::json&) { return true; };
    if (columns.prompt.empty() && !is_there(record, "prompt")) {
        const std::string_view prompt = only_one(record, prompt_names, "--prompt-field", any);
        require<input_error>(prompt != "instruction" || !is_there(record, "input") || record.at("input") == "",
                             "the fields 'instruction' and 'input' both have content; write them into one prompt");
        rename_column(record, prompt, "prompt");
    }
}

/// What the record is. \throws input_error where it can be read in two ways, or in none.
inline record_family family_of(const nlohmann::json& record, const record_columns& columns) {
    const auto has = [&](std::string_view name) { return is_there(record, name); };
    std::vector<record_family> possible;
    if (has("chosen") || has("rejected") || !columns.first.empty()) possible.push_back(record_family::pairs);
    if (has("responses")) possible.push_back(record_family::responses);
    if (has("completion")) possible.push_back(record_family::singles);
    if (has("info") && has("summaries")) possible.push_back(record_family::tldr);
    if (possible.size() == 1) return possible.front();
    const json_field all{&record, ""};
    require<input_error>(!possible.empty(), "found ", all.names_of_members(),
                         ", expected chosen and rejected, prompt and responses, prompt and completion, or info and "
                         "summaries; other names are told to pairs (--chosen-field …)");
    throw input_error(message("can be read as ", name_of(possible[0]), " and as ", name_of(possible[1]), " (",
                              all.names_of_members(), "); say which (pairs --from)"));
}

} // namespace detail

} // namespace preflearn
