/// \file
/// Ratings from a CSV file: wide (a row per unit, a column per rater) or long (a row per rating). An empty cell is
/// missing.
// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <preflearn/core/error.hpp>
#include <preflearn/data/csv.hpp>

namespace preflearn {

/// What one rater said of one unit, and the line it stands on; line 0: nothing was said.
struct rating_cell {
    std::string text{};
    std::size_t line = 0;
};

/// Units × raters, row by row.
struct rating_table {
    std::string name{};
    std::vector<std::string> units{}, raters{};
    std::vector<rating_cell> cells{};

    [[nodiscard]] const rating_cell& operator()(std::size_t unit, std::size_t rater) const {
        return cells.at(unit * raters.size() + rater);
    }
};

namespace detail {

inline std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t";
    const std::size_t begin = text.find_first_not_of(blank);
    return begin == std::string_view::npos ? std::string_view{}
                                           : text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

/// Numbers names in the order of their first appearance.
class name_index {
  public:
    std::size_t operator()(const std::string& name) {
        const auto [at, added] = numbers_.try_emplace(name, names.size());
        if (added) names.push_back(name);
        return at->second;
    }
    std::vector<std::string> names;

  private:
    std::unordered_map<std::string, std::size_t> numbers_;
};

} // namespace detail

/// Every column is a rater, but for `unit_column`, which names the units (empty: they are numbered by row from 1).
/// \throws input_error when the column is missing or no rater is left.
inline rating_table wide_ratings(const csv_table& file, std::string_view unit_column = {}) {
    rating_table table{.name = file.name};
    const std::size_t unit = unit_column.empty() ? file.columns.size() : file.column(unit_column);
    for (std::size_t c = 0; c < file.columns.size(); ++c)
        if (c != unit) table.raters.push_back(file.columns[c]);
    require<input_error>(!table.raters.empty(), file.name, ": no column of ratings is left");
    for (std::size_t r = 0; r < file.rows.size(); ++r) {
        table.units.push_back(unit < file.columns.size() ? file.rows[r][unit] : std::to_string(r + 1));
        for (std::size_t c = 0; c < file.columns.size(); ++c) {
            if (c == unit) continue;
            const std::string_view text = detail::trimmed(file.rows[r][c]);
            table.cells.push_back({std::string(text), text.empty() ? 0 : file.lines[r]});
        }
    }
    return table;
}

/// A row per rating: the unit's, the rater's and the value's column. Units and raters come in the order of their first
/// appearance; a rating whose value is empty is missing.
/// \throws input_error for a missing column, or naming both lines when a rater rates a unit twice.
inline rating_table long_ratings(const csv_table& file, std::string_view unit_column, std::string_view rater_column,
                                 std::string_view value_column) {
    const std::size_t unit = file.column(unit_column), rater = file.column(rater_column),
                      value = file.column(value_column);
    detail::name_index units, raters;
    std::vector<std::pair<std::size_t, std::size_t>> places;
    for (const auto& row : file.rows) {
        const std::size_t u = units(row[unit]);
        places.emplace_back(u, raters(row[rater]));
    }
    rating_table table{.name = file.name, .units = units.names, .raters = raters.names};
    constexpr std::size_t most = std::size_t{1} << 28;
    require<input_error>(table.raters.empty() || table.units.size() <= most / table.raters.size(), file.name, ": ",
                         table.units.size(), " units × ", table.raters.size(), " raters are too many for one table");
    table.cells.resize(table.units.size() * table.raters.size());
    for (std::size_t r = 0; r < file.rows.size(); ++r) {
        const std::string_view text = detail::trimmed(file.rows[r][value]);
        if (text.empty()) continue;
        rating_cell& cell = table.cells[places[r].first * table.raters.size() + places[r].second];
        if (cell.line > 0)
            throw input_error(message(file.place(r), ": rater '", file.rows[r][rater], "' has rated unit '",
                                      file.rows[r][unit], "' on line ", cell.line, " already"));
        cell = {std::string(text), file.lines[r]};
    }
    return table;
}

/// The table as numbers, row by row, NaN where missing. \throws input_error naming file, line, rater and text of what
/// is not a finite number.
inline std::vector<double> numbers_of(const rating_table& table) {
    std::vector<double> numbers;
    numbers.reserve(table.cells.size());
    for (std::size_t i = 0; i < table.cells.size(); ++i) {
        const rating_cell& cell = table.cells[i];
        double value = std::numeric_limits<double>::quiet_NaN();
        if (cell.line > 0) {
            std::string_view digits = cell.text;
            if (digits.starts_with('+')) digits.remove_prefix(1);
            const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
            require<input_error>(failure == std::errc() && end == digits.data() + digits.size() && std::isfinite(value),
                                 table.name, ":", cell.line, ": rater '", table.raters[i % table.raters.size()], "': '",
                                 cell.text, "' is not a finite number");
        }
        numbers.push_back(value);
    }
    return numbers;
}

} // namespace preflearn
