/// \file
/// Draws a `dot_plot` as SVG (Cleveland 1984): a dot and a bar for each name, on one axis with round ticks. A bar that
/// leaves the axis ends in an arrow.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <preflearn/report/figures/dot_plot.hpp>
#include <preflearn/report/figures/plot_axis.hpp>
#include <preflearn/report/figures/svg.hpp>

namespace preflearn {

namespace detail {

/// The values, and of each interval what lies within three times their spread: beyond it the dots would be one.
inline data_range range_of(const dot_plot& plot) {
    data_range values;
    values.include(plot.values);
    if (plot.low.empty() || !(values.low <= values.high)) return values;
    data_range range = values;
    double spread = values.high - values.low;
    if (spread == 0) { // one value: its own interval
        range.include(plot.low);
        range.include(plot.high);
        return range;
    }
    spread *= 3;
    for (std::size_t i = 0; i < plot.values.size(); ++i) {
        if (std::isfinite(plot.low[i])) range.include(std::max(plot.low[i], values.low - spread));
        if (std::isfinite(plot.high[i])) range.include(std::min(plot.high[i], values.high + spread));
    }
    return range;
}

/// Draws one plot; the members are where things stand, in pixels.
class dot_plot_drawing {
  public:
    explicit dot_plot_drawing(const dot_plot& plot) : plot_(plot) {
        check(plot);
        axis_ = axis_for(range_of(plot), plot.limits);
        for (int most = std::max(3, static_cast<int>(plot.width / 60)); most >= 2; --most) {
            axis_.ticks = nice_ticks(axis_.low, axis_.high, most);
            const double widest = widest_text(axis_.ticks, font, &axis_tick::label);
            if ((widest + 12) * static_cast<double>(axis_.ticks.size()) <= plot.width) break;
        }
        left_ = std::ceil(10 + widest_text(plot.names, font) + 10);
        top_ = plot.title.empty() ? 12 : 38;
        bottom_ = top_ + line_height * static_cast<double>(std::max<std::size_t>(plot.names.size(), 1)) + 6;
        const double last = widest_text(axis_.ticks, font, &axis_tick::label) / 2 + 6;
        width_ = left_ + std::max({plot.width + std::max(16.0, last), text_width(plot.title, 14) + 8,
                                   plot.width / 2 + text_width(plot.value_label, 11.5) / 2 + 8});
        height_ = bottom_ + 24 + (plot.value_label.empty() ? 4 : 20);
    }

    [[nodiscard]] std::string draw() const {
        svg_document svg(width_, height_, plot_.title);
        if (!plot_.title.empty()) svg.add_text(left_, 22, plot_.title, {{"font-size", 13.0}, {"font-weight", "bold"}});
        draw_axis(svg);
        for (std::size_t i = 0; i < plot_.names.size(); ++i) draw_line(svg, i);
        return std::move(svg).finish();
    }

  private:
    static constexpr double line_height = 20, font = 10.5, half_text = 3.7;
    static constexpr const char* colour = "#0072b2";

    [[nodiscard]] double place(double value) const {
        return left_ + std::clamp(axis_.share(value), 0.0, 1.0) * plot_.width;
    }

    void draw_axis(svg_document& svg) const {
        for (const axis_tick& tick : axis_.ticks) {
            const double x = place(tick.value);
            svg.add("line", {{"x1", x}, {"y1", top_}, {"x2", x}, {"y2", bottom_}, {"stroke", "#e6e6e6"}});
            svg.add("line", {{"x1", x}, {"y1", bottom_}, {"x2", x}, {"y2", bottom_ + 4}, {"stroke", "#444444"}});
            svg.add_text(x, bottom_ + 16, tick.label, {{"text-anchor", "middle"}, {"font-size", font}});
        }
        svg.add("line",
                {{"x1", left_}, {"y1", bottom_}, {"x2", left_ + plot_.width}, {"y2", bottom_}, {"stroke", "#444444"}});
        if (!plot_.value_label.empty())
            svg.add_text(left_ + plot_.width / 2, bottom_ + 36, plot_.value_label,
                         {{"text-anchor", "middle"}, {"font-size", 11.5}});
        if (plot_.reference && std::abs(axis_.share(*plot_.reference) - 0.5) <= 0.5)
            svg.add("line", {{"x1", place(*plot_.reference)},
                             {"y1", top_},
                             {"x2", place(*plot_.reference)},
                             {"y2", bottom_},
                             {"stroke", "#888888"},
                             {"stroke-dasharray", "4 3"}});
    }

    void draw_line(svg_document& svg, std::size_t i) const {
        const double y = top_ + line_height * (static_cast<double>(i) + 0.5) + 3;
        svg.add_text(left_ - 8, y + half_text, plot_.names[i], {{"text-anchor", "end"}, {"font-size", font}});
        if (!plot_.low.empty() && !std::isnan(plot_.low[i]) && !std::isnan(plot_.high[i])) {
            svg.add("line", {{"x1", place(plot_.low[i])},
                             {"y1", y},
                             {"x2", place(plot_.high[i])},
                             {"y2", y},
                             {"stroke", colour},
                             {"stroke-width", 1.7}});
            draw_end(svg, plot_.low[i], y, -1);
            draw_end(svg, plot_.high[i], y, 1);
        }
        if (std::isfinite(plot_.values[i]) && std::abs(axis_.share(plot_.values[i]) - 0.5) <= 0.5)
            svg.add("circle", {{"cx", place(plot_.values[i])}, {"cy", y}, {"r", 3.6}, {"fill", colour}});
    }

    /// A short stroke across the bar's end, or an arrow where the end is not in the picture.
    void draw_end(svg_document& svg, double value, double y, int direction) const {
        const double x = place(value), share = axis_.share(value);
        const bool inside = share >= -1e-9 && share <= 1 + 1e-9;
        const double back = inside ? 0 : -5.0 * direction;
        svg.add("path", {{"d", fmt::format("M{} {}L{} {}L{} {}", svg_number(x + back), svg_number(y - 4), svg_number(x),
                                           svg_number(y), svg_number(x + back), svg_number(y + 4))},
                         {"fill", "none"},
                         {"stroke", colour},
                         {"stroke-width", 1.4}});
    }

    const dot_plot& plot_;
    plot_axis axis_{};
    double left_ = 0, top_ = 0, bottom_ = 0, width_ = 0, height_ = 0;
};

} // namespace detail

/// The figure as an SVG file; the same plot gives the same bytes.
/// \throws argument_error as `check` does, and when limits are not in order.
inline std::string to_svg(const dot_plot& plot) { return detail::dot_plot_drawing(plot).draw(); }

} // namespace preflearn
