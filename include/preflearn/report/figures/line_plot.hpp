/// \file
/// A figure of y against x: series as lines, steps or points, with confidence bands or error bars. It is only data;
/// `line_plot_svg.hpp` draws it.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/report/figures/plot_axis.hpp>
#include <preflearn/report/tables/table.hpp>

namespace preflearn {

/// How a series is drawn. Its uncertainty is a band around lines and steps, and bars at points.
enum class plot_style {
    line,
    points,
    line_and_points,
    /// y holds from its x to the next (empirical distributions, ROC).
    steps,
    /// A thin dashed grey line to compare with: chance, the diagonal of a reliability plot. It takes no colour.
    reference
};

/// One value of y for every x, joined in the order given. A value that is not finite is a gap in the line.
struct plot_series {
    /// For the legend; a series without a name is left out of it.
    std::string name{};
    std::vector<double> x{}, y{};
    /// Ends of an interval around y; as many as x, or none.
    std::vector<double> low{}, high{};
    plot_style style = plot_style::line;
};

struct line_plot {
    std::string title{};
    std::string x_label{}, y_label{};
    std::vector<plot_series> series{};
    /// What lies outside is cut off.
    axis_limits x_limits{}, y_limits{};
    /// Of the picture in pixels, without title and legend; at least 160 and 120.
    double width = 480, height = 300;
};

/// \throws argument_error when columns of a series differ in length or the size makes no sense.
inline void check(const line_plot& plot) {
    require(plot.width >= 160 && plot.height >= 120 && plot.width <= 1e5 && plot.height <= 1e5, "plot '", plot.title,
            "': ", plot.width, " x ", plot.height, " pixels, expected 160 x 120 or more");
    for (const plot_series& s : plot.series) {
        const auto check_column = [&](const std::vector<double>& values, const char* column, bool may_be_empty) {
            require(values.size() == s.x.size() || (may_be_empty && values.empty()), "plot '", plot.title,
                    "', series '", s.name, "': ", values.size(), " values of ", column, ", expected one for each of ",
                    s.x.size(), " values of x");
        };
        check_column(s.y, "y", false);
        check_column(s.low, "low", true);
        check_column(s.high, "high", true);
        require(s.low.empty() == s.high.empty(), "plot '", plot.title, "', series '", s.name,
                "': low and high come together");
    }
}

/// The numbers behind the figure, one row a point: series, x, y, and low and high where any series has them.
/// \throws argument_error as `check` does.
inline table to_table(const line_plot& plot) {
    check(plot);
    const bool intervals = std::ranges::any_of(plot.series, [](const plot_series& s) { return !s.low.empty(); });
    table points{.title = plot.title, .columns = {{.name = "series"}, {.name = "x"}, {.name = "y"}}};
    if (intervals) points.columns.insert(points.columns.end(), {{.name = "low"}, {.name = "high"}});
    for (const plot_series& s : plot.series) {
        for (std::size_t i = 0; i < s.x.size(); ++i) {
            points.rows.push_back({s.name, s.x[i], s.y[i]});
            if (!intervals) continue;
            points.rows.back().push_back(s.low.empty() ? table_cell() : s.low[i]);
            points.rows.back().push_back(s.high.empty() ? table_cell() : s.high[i]);
        }
    }
    return points;
}

} // namespace preflearn
