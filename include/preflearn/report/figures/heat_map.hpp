/// \file
/// A figure of a matrix with names for its rows and columns: agreement of teachers with each other, win rates. It is
/// only data; `heat_map_svg.hpp` draws it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/report/figures/plot_axis.hpp>
#include <preflearn/report/tables/table.hpp>

namespace preflearn {

struct heat_map {
    std::string title{};
    /// What rows and columns are.
    std::string row_label{}, column_label{};
    std::vector<std::string> row_names{}, column_names{};
    /// Row-major, row_names.size() × column_names.size(). A value that is not finite is an empty cell, shown as "–".
    std::vector<double> values{};
    /// What the values are, beside the scale of colours.
    std::string value_label{};
    /// The values of the lightest and the darkest colour; beyond them the colour stays. Absent: the data's.
    axis_limits limits{};
    /// Digits after the decimal point in the cells, not negative.
    int digits = 2;
};

/// \throws argument_error when there is not one value for every cell, or digits are negative.
inline void check(const heat_map& map) {
    require(map.values.size() == map.row_names.size() * map.column_names.size(), "heat map '", map.title,
            "': ", map.values.size(), " values, expected ", map.row_names.size(), " rows of ", map.column_names.size());
    require(map.digits >= 0, "heat map '", map.title, "': ", map.digits, " digits");
}

/// The matrix as a table whose first column holds the names of the rows. \throws argument_error as `check` does.
inline table to_table(const heat_map& map) {
    check(map);
    table matrix{.title = map.title, .columns = {{.name = map.row_label}}};
    for (const std::string& name : map.column_names) matrix.columns.push_back({.name = name, .digits = map.digits});
    for (std::size_t r = 0; r < map.row_names.size(); ++r) {
        matrix.rows.push_back({map.row_names[r]});
        for (std::size_t c = 0; c < map.column_names.size(); ++c) {
            matrix.rows.back().push_back(map.values[r * map.column_names.size() + c]);
        }
    }
    return matrix;
}

} // namespace preflearn
