/// \file
/// A table for programs: CSV (quoted as in RFC 4180, lines end with "\n") and JSON. Numbers are written in the
/// fewest digits that read back to the same double.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <preflearn/report/tables/json_number.hpp>
#include <preflearn/report/tables/table.hpp>

namespace preflearn {

/// A text as one CSV field: quoted where it holds a comma, a quote or a line's end, or begins or ends with a blank,
/// which some readers would take away.
inline std::string csv_field(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    if (text.find_first_of(",\"\r\n") == std::string_view::npos &&
        (text.empty() || (!blank(text.front()) && !blank(text.back()))))
        return std::string(text);
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

/// The table as CSV with a heading; the title and the note are left out. A gap is an empty field; NaN and infinities
/// are nan, inf, -inf. A column that holds errors or intervals is followed by `<name>_error`, or by `<name>_low` and
/// `<name>_high`. \throws argument_error as `check` does.
inline std::string to_csv(const table& results) {
    check(results);
    const auto real = [](double value) { return fmt::format("{}", value); };
    const auto value_of = [&](const auto& content) -> std::string {
        using kind = std::remove_cvref_t<decltype(content)>;
        if constexpr (std::is_same_v<kind, no_value>) {
            return "";
        } else if constexpr (std::is_same_v<kind, std::string>) {
            return csv_field(content);
        } else if constexpr (requires { content.value; }) {
            return real(content.value);
        } else {
            return fmt::format("{}", content);
        }
    };
    std::vector<std::string> lines(results.rows.size() + 1);
    const auto append = [&](std::size_t line, std::size_t column, const std::string& field) {
        lines[line] += (column == 0 ? "" : ",") + field;
    };
    for (std::size_t c = 0; c < results.columns.size(); ++c) {
        const auto holds = [c]<class Kind>(std::type_identity<Kind>) {
            return [c](const auto& row) { return std::holds_alternative<Kind>(row[c].content); };
        };
        const bool errors = std::ranges::any_of(results.rows, holds(std::type_identity<with_error>{}));
        const bool intervals = std::ranges::any_of(results.rows, holds(std::type_identity<with_interval>{}));
        const std::string& name = results.columns[c].name;
        append(0, c, csv_field(name));
        if (errors) append(0, 1, csv_field(name + "_error"));
        if (intervals) append(0, 1, csv_field(name + "_low") + "," + csv_field(name + "_high"));
        for (std::size_t r = 0; r < results.rows.size(); ++r) {
            const auto& content = results.rows[r][c].content;
            append(r + 1, c, std::visit(value_of, content));
            const auto* error = std::get_if<with_error>(&content);
            const auto* interval = std::get_if<with_interval>(&content);
            if (errors) append(r + 1, 1, error ? real(error->error) : "");
            if (intervals) append(r + 1, 1, interval ? real(interval->low) + "," + real(interval->high) : ",");
        }
    }
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
}

/// The table as a JSON array of objects, one a row, keyed by the columns' names in their order; the title and the note
/// are left out. A gap is null, and so is NaN; infinities are the texts "Infinity" and "-Infinity". A number with an
/// error is {"value", "error"}, with an interval {"value", "low", "high"}. \throws argument_error as `check` does.
inline nlohmann::ordered_json to_json(const table& results) {
    using namespace std::string_literals;
    check(results);
    const auto value_of = [](const auto& content) -> nlohmann::ordered_json {
        using kind = std::remove_cvref_t<decltype(content)>;
        if constexpr (std::is_same_v<kind, no_value>) {
            return nullptr;
        } else if constexpr (std::is_same_v<kind, with_digits>) {
            return json_number(content.value);
        } else if constexpr (std::is_same_v<kind, double>) {
            return json_number(content);
        } else if constexpr (std::is_same_v<kind, with_error>) {
            return {{"value"s, json_number(content.value)}, {"error"s, json_number(content.error)}};
        } else if constexpr (std::is_same_v<kind, with_interval>) {
            return {{"value"s, json_number(content.value)},
                    {"low"s, json_number(content.low)},
                    {"high"s, json_number(content.high)}};
        } else {
            return content;
        }
    };
    auto list = nlohmann::ordered_json::array();
    for (const auto& row : results.rows) {
        auto object = nlohmann::ordered_json::object();
        for (std::size_t c = 0; c < results.columns.size(); ++c) {
            object[results.columns[c].name] = std::visit(value_of, row[c].content);
        }
        list.push_back(std::move(object));
    }
    return list;
}

} // namespace preflearn
