/// \file
/// What stands between the fields of a table: comma, semicolon (spreadsheets where the comma is the decimal point) or
/// tab. Told by a program's user, or recognised from the first lines; where these can be read in two ways neither is
/// guessed.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Stands for a separator that is to be recognised.
inline constexpr char recognised_separator = '\0';

/// "comma", "semicolon", "tab", or one character that is neither a quote, a blank nor a line's end.
inline std::optional<char> separator_named(std::string_view text) {
    if (text == "comma") return ',';
    if (text == "semicolon") return ';';
    if (text == "tab" || text == "\\t" || text == "\t") return '\t';
    if (text.size() != 1 || std::string_view("\" \r\n").find(text[0]) != std::string_view::npos || text[0] <= 0)
        return std::nullopt;
    return text[0];
}

/// A separator as people read it.
inline std::string_view words_for_separator(char separator) {
    return separator == ','    ? "commas"
           : separator == ';'  ? "semicolons"
           : separator == '\t' ? "tabs"
                               : "the separator given";
}

namespace detail {

inline constexpr std::array<char, 3> known_separators{',', ';', '\t'};
using separator_counts = std::array<std::size_t, 3>;

/// How often each separator stands outside quotes in a record, for the records that `beginning` holds, at most 50. The
/// last is left out when it may go on behind the beginning and there are others. A tab beside another separator, a
/// blank or a line's end counts for `blank_tabs` of its record only.
struct counted_record {
    separator_counts counts{};
    std::size_t blank_tabs = 0;
    bool empty = true;
};

inline std::vector<counted_record> count_separators(std::span<const char> beginning, bool whole) {
    constexpr std::size_t most = 50;
    std::vector<counted_record> records(1);
    bool quoted = false;
    const auto blank_at = [&](std::size_t i) { // i may be -1
        return i >= beginning.size() || std::string_view(" \t,;\r\n").find(beginning[i]) != std::string_view::npos;
    };
    for (std::size_t i = 0; i < beginning.size() && records.size() <= most; ++i) {
        const char c = beginning[i];
        quoted = quoted != (c == '"');
        if (!quoted && c == '\n') {
            if (records.back().empty) records.pop_back();
            records.emplace_back();
            continue;
        }
        counted_record& record = records.back();
        record.empty = record.empty && (c == ' ' || c == '\t' || c == '\r');
        if (quoted) continue;
        const auto at = static_cast<std::size_t>(std::ranges::find(known_separators, c) - known_separators.begin());
        if (at == known_separators.size()) continue;
        ++record.counts[at];
        record.blank_tabs += c == '\t' && (blank_at(i - 1) || blank_at(i + 1));
    }
    if (records.back().empty || (!whole && records.size() > 1)) records.pop_back();
    return records;
}

} // namespace detail

/// The separator of a table that begins so: the one that stands in the line of column names; where several do, the one
/// that every line has as often as the first. A comma where none does. `whole`: the beginning is all there is.
/// \throws input_error naming the file where several would do.
inline char separator_of(std::span<const char> beginning, bool whole, std::string_view file) {
    auto records = detail::count_separators(beginning, whole);
    if (records.empty()) return ',';
    constexpr std::size_t tab = 2;
    if (records[0].counts[0] + records[0].counts[1] > 0) // tabs around separators are blanks
        for (detail::counted_record& record : records) record.counts[tab] -= record.blank_tabs;
    std::vector<char> there, everywhere;
    for (std::size_t s = 0; s < detail::known_separators.size(); ++s) {
        if (records[0].counts[s] == 0) continue;
        there.push_back(detail::known_separators[s]);
        if (std::ranges::all_of(records, [&](const auto& r) { return r.counts[s] == records[0].counts[s]; }))
            everywhere.push_back(there.back());
    }
    if (there.size() == 1) return there[0];
    require<input_error>(everywhere.size() < 2, file, ": the fields may be separated by ",
                         everywhere.empty() ? "" : words_for_separator(everywhere[0]), " or by ",
                         everywhere.size() < 2 ? "" : words_for_separator(everywhere[1]),
                         "; say which, as with --separator comma");
    return everywhere.empty() ? ',' : everywhere[0];
}

} // namespace preflearn
