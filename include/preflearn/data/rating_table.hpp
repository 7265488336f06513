/// \file
/// Ratings from a CSV file: wide (a row per unit, a column per rater) or long (a row per rating). An empty cell is
/// missing.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/error.hpp>
#include <preflearn/data/csv.hpp>
#include <preflearn/data/name_index.hpp>
#include <preflearn/data/number.hpp>

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

/// Every column is a rater, but for `unit_column`, which names the units (empty: they are numbered by row from 1).
/// \throws input_error when the column is missing or no rater is left.
inline rating_table wide_ratings(csv_file file, std::string_view unit_column = {}) {
    rating_table table{.name = file.name()};
    const std::size_t unit = unit_column.empty() ? file.columns().size() : file.column(unit_column);
    for (std::size_t c = 0; c < file.columns().size(); ++c)
        if (c != unit) table.raters.push_back(file.columns()[c]);
    require<input_error>(!table.raters.empty(), file.name(), ": no column of ratings is left");
    while (const auto row = file.next()) {
        table.units.push_back(unit < row->size() ? (*row)[unit] : std::to_string(table.units.size() + 1));
        for (std::size_t c = 0; c < row->size(); ++c)
            if (c != unit) table.cells.push_back({(*row)[c], (*row)[c].empty() ? 0 : file.line()});
    }
    return table;
}

/// A row per rating: the unit's, the rater's and the value's column. Units and raters come in the order of their first
/// appearance; a rating whose value is empty is missing.
/// \throws input_error for a missing column, or naming the line of a unit or a rater without a name, and both lines
/// when a rater rates a unit twice.
inline rating_table long_ratings(csv_file file, std::string_view unit_column, std::string_view rater_column,
                                 std::string_view value_column) {
    const std::size_t unit = file.column(unit_column), rater = file.column(rater_column),
                      value = file.column(value_column);
    struct long_row {
        std::size_t unit, rater;
        rating_cell cell;
    };
    name_index units, raters;
    std::vector<long_row> rows;
    while (const auto row = file.next()) {
        for (const std::size_t c : {unit, rater})
            require<input_error>(!(*row)[c].empty(), file.place(), ": column ", excerpt{file.columns()[c]},
                                 " is empty, a name was expected");
        rows.push_back({units((*row)[unit]), raters((*row)[rater]), {(*row)[value], file.line()}});
    }
    rating_table table{.name = file.name(), .units = std::move(units.names), .raters = std::move(raters.names)};
    constexpr std::size_t most = std::size_t{1} << 28;
    require<input_error>(table.raters.empty() || table.units.size() <= most / table.raters.size(), file.name(), ": ",
                         table.units.size(), " units × ", table.raters.size(), " raters are too many for one table");
    table.cells.resize(table.units.size() * table.raters.size());
    for (long_row& row : rows) {
        if (row.cell.text.empty()) continue;
        rating_cell& cell = table.cells[row.unit * table.raters.size() + row.rater];
        require<input_error>(cell.line == 0, file_line{table.name, row.cell.line}, ": rater ",
                             excerpt{table.raters[row.rater]}, " has rated unit ", excerpt{table.units[row.unit]},
                             " on line ", cell.line, " already");
        cell = std::move(row.cell);
    }
    return table;
}

/// The table as numbers, row by row, NaN where missing. \throws input_error naming file, line, rater and text of what
/// is not a finite number, or one below `least`.
inline std::vector<double> numbers_of(const rating_table& table, double least = std::numeric_limits<double>::lowest()) {
    std::vector<double> numbers;
    numbers.reserve(table.cells.size());
    for (std::size_t i = 0; i < table.cells.size(); ++i) {
        const rating_cell& cell = table.cells[i];
        const std::optional<double> value = finite_number(cell.text);
        require<input_error>(value || cell.line == 0, file_line{table.name, cell.line}, ": rater ",
                             excerpt{table.raters[i % table.raters.size()]}, ": ", excerpt{cell.text},
                             " is not a finite number");
        require<input_error>(!value || *value >= least, file_line{table.name, cell.line}, ": rater ",
                             excerpt{table.raters[i % table.raters.size()]}, ": ", cell.text, " is less than ", least);
        numbers.push_back(value.value_or(std::numeric_limits<double>::quiet_NaN()));
    }
    return numbers;
}

} // namespace preflearn
