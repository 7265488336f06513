/// \file
/// A table for people: aligned plain text with three rules, as books set tables, and Markdown.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include <preflearn/report/tables/table.hpp>
#include <preflearn/report/tables/unicode_text.hpp>

namespace preflearn {

/// A number with so many digits behind the point, as people read it. What rounds to zero has no sign.
inline std::string shown(double value, int digits, notation how = notation::fixed) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    // what digits of a huge number a double does not hold would only be noise
    const bool fixed = how == notation::fixed && std::abs(value) < 1e15;
    std::string text = how == notation::percent ? fmt::format("{:.{}f}%", 100 * value, digits)
                       : fixed                  ? fmt::format("{:.{}f}", value, digits)
                                                : fmt::format("{:.{}e}", value, digits);
    if (text.starts_with('-') && text.find_first_of("123456789") >= text.find('e')) text.erase(0, 1);
    return text;
}

/// A cell as its column shows it, on one line.
inline std::string shown(const table_cell& cell, const table_column& column) {
    const auto number = [&](double value, int digits) { return shown(value, digits, column.shown); };
    const auto show = [&](const auto& value) -> std::string {
        using content = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<content, no_value>) {
            return "–";
        } else if constexpr (std::is_same_v<content, std::string>) {
            return printable(value);
        } else if constexpr (std::is_same_v<content, double>) {
            return number(value, column.digits);
        } else if constexpr (std::is_same_v<content, with_digits>) {
            return number(value.value, std::max(0, value.digits));
        } else if constexpr (std::is_same_v<content, with_error>) {
            return number(value.value, column.digits) + " ± " + number(value.error, column.digits);
        } else if constexpr (std::is_same_v<content, with_interval>) {
            return number(value.value, column.digits) + " [" + number(value.low, column.digits) + ", " +
                   number(value.high, column.digits) + "]";
        } else {
            return fmt::format("{}", value);
        }
    };
    return std::visit(show, cell.content);
}

namespace detail {

/// Where the cells of column `c` stand: `automatic` resolved by what they hold.
inline alignment alignment_of(const table& results, std::size_t c) {
    if (results.columns[c].align != alignment::automatic) return results.columns[c].align;
    bool numbers = false;
    for (const auto& row : results.rows) {
        if (std::holds_alternative<std::string>(row[c].content)) return alignment::left;
        numbers = numbers || !std::holds_alternative<no_value>(row[c].content);
    }
    return numbers ? alignment::right : alignment::left;
}

inline std::string padded(std::string_view text, std::size_t width, alignment align) {
    const std::size_t room = width - std::min(width, display_width(text));
    const std::size_t before = align == alignment::right ? room : align == alignment::centre ? room / 2 : 0;
    return std::string(before, ' ') + std::string(text) + std::string(room - before, ' ');
}

/// In a column of numbers an error or an interval begins at one place, and so the numbers before it end at one.
inline void align_tails(std::vector<std::string>& texts) {
    const auto tail_of = [](const std::string& text) {
        return display_width(text.substr(std::min(text.find(' '), text.size())));
    };
    std::size_t longest = 0;
    for (const std::string& text : texts) longest = std::max(longest, tail_of(text));
    for (std::string& text : texts) text.append(longest - tail_of(text), ' ');
}

/// The heading and the rows as texts of equal width in each column.
inline std::vector<std::vector<std::string>> aligned(const table& results, std::string (*escape)(std::string_view)) {
    check(results);
    std::vector<std::vector<std::string>> lines(results.rows.size() + 1);
    for (std::size_t c = 0; c < results.columns.size(); ++c) {
        const table_column& column = results.columns[c];
        const alignment align = alignment_of(results, c);
        std::vector<std::string> texts;
        for (const auto& row : results.rows) texts.push_back(escape(shown(row[c], column)));
        if (column.align == alignment::automatic && align == alignment::right) align_tails(texts);
        texts.insert(texts.begin(), escape(printable(column.name)));
        std::size_t width = 0;
        for (const std::string& text : texts) width = std::max(width, display_width(text));
        for (std::size_t r = 0; r < texts.size(); ++r) lines[r].push_back(padded(texts[r], width, align));
    }
    return lines;
}

inline std::string joined_cells(const std::vector<std::string>& cells, std::string_view between) {
    return fmt::format("{}", fmt::join(cells, between));
}

/// The text in lines of at most `width` columns, broken at spaces; a longer word has a line of its own.
inline std::string wrapped(std::string_view text, std::size_t width) {
    std::string lines, current;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        if (!current.empty() && display_width(current) + 1 + display_width(word) > width) {
            lines += current + "\n";
            current.clear();
        }
        if (!current.empty()) current += ' ';
        current += word;
    }
    return lines + current + "\n";
}

/// Characters that mean something inside a Markdown table, each behind a backslash.
inline std::string escaped_for_markdown(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        if (std::string_view("\\`*_<|").find(c) != std::string_view::npos) safe.push_back('\\');
        safe.push_back(c);
    }
    return safe;
}

} // namespace detail

/// The table as aligned plain text, ending in a newline; the note is wrapped to its width. \throws argument_error as
/// `check` does.
inline std::string to_text(const table& results) {
    const auto lines = detail::aligned(results, [](std::string_view text) { return std::string(text); });
    const std::size_t width = std::max<std::size_t>(display_width(detail::joined_cells(lines[0], "  ")), 1);
    std::string rule;
    for (std::size_t i = 0; i < width; ++i) rule += "─";
    const auto line = [](std::string text) { return text.erase(text.find_last_not_of(' ') + 1) + "\n"; };
    std::string text = results.title.empty() ? "" : printable(results.title) + "\n";
    text += rule + "\n" + line(detail::joined_cells(lines[0], "  ")) + rule + "\n";
    for (std::size_t r = 1; r < lines.size(); ++r) text += line(detail::joined_cells(lines[r], "  "));
    text += rule + "\n";
    constexpr std::size_t narrowest = 60;
    return results.note.empty() ? text : text + detail::wrapped(printable(results.note), std::max(width, narrowest));
}

/// The table as GitHub-flavoured Markdown, readable as it stands. \throws argument_error as `check` does.
inline std::string to_markdown(const table& results) {
    const auto lines = detail::aligned(results, detail::escaped_for_markdown);
    std::string text =
        results.title.empty() ? "" : "**" + detail::escaped_for_markdown(printable(results.title)) + "**\n\n";
    std::string rule = "|";
    for (std::size_t c = 0; c < results.columns.size(); ++c) {
        const alignment align = detail::alignment_of(results, c);
        rule += align == alignment::centre ? ":" : "-";
        rule += std::string(std::max<std::size_t>(display_width(lines[0][c]), 1), '-');
        rule += align == alignment::left ? "-|" : ":|";
    }
    for (std::size_t r = 0; r < lines.size(); ++r) {
        text += "| " + detail::joined_cells(lines[r], " | ") + " |\n";
        if (r == 0) text += rule + "\n";
    }
    return results.note.empty() ? text : text + "\n" + detail::escaped_for_markdown(printable(results.note)) + "\n";
}

} // namespace preflearn
