/// \file
/// A figure of named values with intervals, one a line: a ranking with its uncertainty. It is only data;
/// `dot_plot_svg.hpp` draws it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/report/figures/plot_axis.hpp>
#include <preflearn/report/tables/table.hpp>

namespace preflearn {

struct dot_plot {
    std::string title{};
    /// What the values are, below the axis.
    std::string value_label{};
    /// From top to bottom.
    std::vector<std::string> names{};
    /// One a name; what is not finite has no dot.
    std::vector<double> values{};
    /// Ends of an interval around each value, or none; an end that is not finite is not known.
    std::vector<double> low{}, high{};
    /// Where a thin dashed line stands, to compare with.
    std::optional<double> reference{};
    /// What lies outside is cut off, and an arrow says so. Absent: the values, and of their intervals as much as leaves
    /// the values apart.
    axis_limits limits{};
    /// Of the axis in pixels, at least 120.
    double width = 360;
};

/// \throws argument_error when columns differ in length or the size makes no sense.
inline void check(const dot_plot& plot) {
    const auto check_column = [&](const std::vector<double>& values, const char* column, bool may_be_empty) {
        require(values.size() == plot.names.size() || (may_be_empty && values.empty()), "plot '", plot.title,
                "': ", values.size(), " ", column, ", expected one for each of ", plot.names.size(), " names");
    };
    check_column(plot.values, "values", false);
    check_column(plot.low, "lower ends", true);
    check_column(plot.high, "upper ends", true);
    require(plot.low.empty() == plot.high.empty(), "plot '", plot.title, "': low and high come together");
    require(plot.width >= 120 && plot.width <= 1e5, "plot '", plot.title, "': an axis of ", plot.width,
            " pixels, expected 120 or more");
}

/// The numbers behind the figure, one row a name. \throws argument_error as `check` does.
inline table to_table(const dot_plot& plot) {
    check(plot);
    table rows{.title = plot.title, .columns = {{.name = "name"}, {.name = "value"}}};
    if (!plot.low.empty()) rows.columns.insert(rows.columns.end(), {{.name = "low"}, {.name = "high"}});
    for (std::size_t i = 0; i < plot.names.size(); ++i) {
        rows.rows.push_back({plot.names[i], plot.values[i]});
        if (plot.low.empty()) continue;
        rows.rows.back().push_back(plot.low[i]);
        rows.rows.back().push_back(plot.high[i]);
    }
    return rows;
}

} // namespace preflearn
