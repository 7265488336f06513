/// \file
/// Draws a `line_plot` as SVG, with round ticks and a legend above the axes, where it hides nothing. Colours are Okabe
/// and Ito's (2008), which people with any colour vision tell apart; dashes and the shapes of the points tell series
/// apart without colour.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <preflearn/report/figures/line_plot.hpp>
#include <preflearn/report/figures/plot_axis.hpp>
#include <preflearn/report/figures/svg.hpp>

namespace preflearn {

namespace detail {

struct point {
    double x = 0, y = 0;
};

/// Okabe and Ito's colours, those that stand out on white.
inline std::string_view series_colour(std::size_t index) {
    constexpr std::array<std::string_view, 7> colours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                         "#e69f00", "#56b4e9", "#000000"};
    return colours[index % colours.size()];
}

/// Dashes of the series that use a colour for the second time and later.
inline std::string_view series_dashes(std::size_t index) {
    constexpr std::array<std::string_view, 4> dashes = {"none", "6 2.5", "2 2", "7 2 2 2"};
    return dashes[index / 7 % dashes.size()];
}

/// Draws one plot; the members are where things stand, in pixels.
class line_plot_drawing {
  public:
    explicit line_plot_drawing(const line_plot& plot) : plot_(plot) {
        check(plot);
        lay_out();
    }

    [[nodiscard]] std::string draw() const {
        svg_document svg(total_width_, total_height_, plot_.title);
        draw_frame(svg);
        draw_legend(svg);
        // an inner viewport cuts off what lies outside the axes, without the ids that a clip path needs
        svg.open("svg", {{"x", left_}, {"y", top_}, {"width", width_}, {"height", height_}});
        for (std::size_t s = 0; s < plot_.series.size(); ++s) draw_band(svg, s);
        for (std::size_t s = 0; s < plot_.series.size(); ++s) draw_line(svg, s);
        svg.close();
        for (std::size_t s = 0; s < plot_.series.size(); ++s) draw_points(svg, s);
        return std::move(svg).finish();
    }

  private:
    static constexpr double legend_line = 17, sample_width = 22, font = 10.5, label_font = 11.5, title_font = 13,
                            title_line = 17;
    /// From a text's base line to its middle.
    static constexpr double half_text = 3.7;

    /// How a path gets from a point to the next one: straight, or holding the y of the one with the smaller x.
    enum class join { straight, steps, steps_backwards };

    void lay_out() {
        data_range xs, ys;
        std::size_t colour = 0;
        for (const plot_series& s : plot_.series) {
            xs.include(s.x);
            ys.include(s.y);
            ys.include(s.low);
            ys.include(s.high);
            colours_.push_back(s.style == plot_style::reference ? 0 : colour++);
        }
        x_ = axis_for(xs, plot_.x_limits);
        y_ = axis_for(ys, plot_.y_limits);

        y_.ticks = nice_ticks(y_.low, y_.high, std::max(3, static_cast<int>(plot_.height / 45)));
        left_ = std::ceil(8 + (plot_.y_label.empty() ? 0 : 19) + widest_text(y_.ticks, font, &axis_tick::label) + 8);
        const double right = 16, bottom = 24 + (plot_.x_label.empty() ? 0 : 18) + 6;
        width_ = std::max(80.0, plot_.width - left_ - right);
        // half the length of a label that stands in the middle of its axis, with some room
        const auto half = [](const std::string& label) { return text_width(label, label_font) / 2 + 6; };
        left_ = std::max(left_, std::ceil(half(plot_.x_label) - width_ / 2));
        // a long title goes on in the next line
        title_ = text_lines(plot_.title, width_ + right - 8, title_font, font_weight::bold);
        double title_width = 0;
        for (const std::string& line : title_)
            title_width = std::max(title_width, text_width(line, title_font, font_weight::bold));
        const double above = title_.empty() ? 0 : 24 + title_line * static_cast<double>(title_.size() - 1);
        lay_out_legend();
        const double legend = legend_.empty() ? 0 : legend_.back().y + legend_line + 4;
        legend_top_ = 8 + above;
        height_ = plot_.height - 10 - bottom;
        top_ = std::max(10 + above + legend, std::ceil(half(plot_.y_label) - height_ / 2));
        total_height_ = std::max(top_ + height_ + bottom, top_ + height_ / 2 + half(plot_.y_label));

        double widest = 0;
        for (int most = std::max(3, static_cast<int>(width_ / 50)); most >= 2; --most) {
            x_.ticks = nice_ticks(x_.low, x_.high, most);
            widest = widest_text(x_.ticks, font, &axis_tick::label);
            if ((widest + 12) * static_cast<double>(x_.ticks.size()) <= width_) break;
        }
        // a long title, name or last label makes the picture wider rather than being cut off
        double last = 0;
        if (!x_.ticks.empty()) last = x_.share(x_.ticks.back().value) * width_ + widest / 2 + 4;
        const double name = sample_width + 6 + widest_text(plot_.series, font, &plot_series::name) + 8;
        total_width_ =
            left_ + std::max({width_ + right, last, name, title_width + 8, width_ / 2 + half(plot_.x_label)});
    }

    /// Entries from left to right, and on the next line where the room ends.
    void lay_out_legend() {
        point at{0, 0};
        for (std::size_t s = 0; s < plot_.series.size(); ++s) {
            if (plot_.series[s].name.empty()) continue;
            const double room = sample_width + 6 + text_width(plot_.series[s].name, font);
            if (at.x > 0 && at.x + room > width_) at = {0, at.y + legend_line};
            legend_.push_back(at);
            at.x += room + 16;
        }
    }

    [[nodiscard]] bool inside(double x, double y) const {
        const double across = x_.share(x), up = y_.share(y); // false for NaN
        return across >= 0 && across <= 1 && up >= 0 && up <= 1;
    }
    /// A place inside the axes' box in pixels from its upper left corner; at most a hundred boxes away.
    [[nodiscard]] point place(double x, double y) const {
        const auto bounded = [](double share) { return std::clamp(share, -100.0, 100.0); };
        return {bounded(x_.share(x)) * width_, (1 - bounded(y_.share(y))) * height_};
    }

    void draw_frame(svg_document& svg) const {
        const double bottom = top_ + height_;
        for (std::size_t i = 0; i < title_.size(); ++i)
            svg.add_text(left_, 21 + title_line * static_cast<double>(i), title_[i],
                         {{"font-size", title_font}, {"font-weight", "bold"}});
        for (const axis_tick& tick : y_.ticks) {
            const double y = top_ + (1 - y_.share(tick.value)) * height_;
            svg.add("line", {{"x1", left_}, {"y1", y}, {"x2", left_ + width_}, {"y2", y}, {"stroke", "#e6e6e6"}});
            svg.add("line", {{"x1", left_ - 4}, {"y1", y}, {"x2", left_}, {"y2", y}, {"stroke", "#444444"}});
            svg.add_text(left_ - 7, y + half_text, tick.label, {{"text-anchor", "end"}, {"font-size", font}});
        }
        for (const axis_tick& tick : x_.ticks) {
            const double x = left_ + x_.share(tick.value) * width_;
            svg.add("line", {{"x1", x}, {"y1", bottom}, {"x2", x}, {"y2", bottom + 4}, {"stroke", "#444444"}});
            svg.add_text(x, bottom + 16, tick.label, {{"text-anchor", "middle"}, {"font-size", font}});
        }
        svg.add("path", {{"d", fmt::format("M{} {}V{}H{}", svg_number(left_), svg_number(top_), svg_number(bottom),
                                           svg_number(left_ + width_))},
                         {"fill", "none"},
                         {"stroke", "#444444"}});
        if (!plot_.x_label.empty()) {
            svg.add_text(left_ + width_ / 2, bottom + 36, plot_.x_label,
                         {{"text-anchor", "middle"}, {"font-size", label_font}});
        }
        if (!plot_.y_label.empty()) {
            const double x = 17, y = top_ + height_ / 2;
            svg.add_text(x, y, plot_.y_label,
                         {{"text-anchor", "middle"},
                          {"font-size", label_font},
                          {"transform", fmt::format("rotate(-90 {} {})", svg_number(x), svg_number(y))}});
        }
    }

    void draw_legend(svg_document& svg) const {
        std::size_t entry = 0;
        for (std::size_t s = 0; s < plot_.series.size(); ++s) {
            const plot_series& series = plot_.series[s];
            if (series.name.empty()) continue;
            const double x = left_ + legend_[entry].x, y = legend_top_ + legend_[entry].y + 6;
            ++entry;
            if (has_band(series)) {
                svg.add("rect", {{"x", x},
                                 {"y", y - 5},
                                 {"width", sample_width},
                                 {"height", 10.0},
                                 {"fill", colour(s)},
                                 {"fill-opacity", "0.18"}});
            }
            if (series.style != plot_style::points) {
                stroke(svg, s, fmt::format("M{} {}H{}", svg_number(x), svg_number(y), svg_number(x + sample_width)));
            }
            if (has_points(series)) draw_point(svg, s, {x + sample_width / 2, y});
            svg.add_text(x + sample_width + 6, y + half_text, series.name, {{"font-size", font}});
        }
    }

    [[nodiscard]] static bool has_points(const plot_series& series) {
        return series.style == plot_style::points || series.style == plot_style::line_and_points;
    }
    [[nodiscard]] static bool has_band(const plot_series& series) {
        return !series.low.empty() && series.style != plot_style::points;
    }
    [[nodiscard]] std::string_view colour(std::size_t s) const {
        return plot_.series[s].style == plot_style::reference ? "#888888" : series_colour(colours_[s]);
    }

    void stroke(svg_document& svg, std::size_t s, const std::string& path) const {
        const bool reference = plot_.series[s].style == plot_style::reference;
        svg.add("path", {{"d", path},
                         {"fill", "none"},
                         {"stroke", colour(s)},
                         {"stroke-width", reference ? 1.0 : 1.7},
                         {"stroke-dasharray", reference ? "4 3" : series_dashes(colours_[s])},
                         {"stroke-linejoin", "round"}});
    }

    /// Calls `take(begin, end)` for every run of indices whose values are all finite.
    template <class Finite, class Take> static void runs(std::size_t size, Finite&& finite, Take&& take) {
        for (std::size_t begin = 0; begin < size;) {
            std::size_t end = begin;
            while (end < size && finite(end)) ++end;
            if (end > begin) take(begin, end);
            begin = end + 1;
        }
    }
    [[nodiscard]] static std::vector<std::size_t> indices(std::size_t begin, std::size_t end) {
        std::vector<std::size_t> order(end - begin);
        std::iota(order.begin(), order.end(), begin);
        return order;
    }
    [[nodiscard]] static auto drawable(const plot_series& series) {
        return [&series](std::size_t i) { return std::isfinite(series.x[i]) && std::isfinite(series.y[i]); };
    }

    void draw_band(svg_document& svg, std::size_t s) const {
        const plot_series& series = plot_.series[s];
        if (!has_band(series)) return;
        const auto finite = [&](std::size_t i) {
            return std::isfinite(series.x[i]) && std::isfinite(series.low[i]) && std::isfinite(series.high[i]);
        };
        runs(series.x.size(), finite, [&](std::size_t begin, std::size_t end) {
            const bool steps = series.style == plot_style::steps;
            auto order = indices(begin, end);
            std::string path = line_through(series.x, series.high, order, steps ? join::steps : join::straight);
            std::ranges::reverse(order);
            path += line_through(series.x, series.low, order, steps ? join::steps_backwards : join::straight)
                        .replace(0, 1, "L");
            svg.add("path", {{"d", path + "Z"}, {"fill", colour(s)}, {"fill-opacity", "0.18"}});
        });
    }

    void draw_line(svg_document& svg, std::size_t s) const {
        const plot_series& series = plot_.series[s];
        if (series.style == plot_style::points) return;
        runs(series.x.size(), drawable(series), [&](std::size_t begin, std::size_t end) {
            if (end - begin == 1) {
                // a line needs two points; one alone between gaps must not vanish
                const point at = place(series.x[begin], series.y[begin]);
                svg.add("circle", {{"cx", at.x}, {"cy", at.y}, {"r", 1.7}, {"fill", colour(s)}});
                return;
            }
            const join how = series.style == plot_style::steps ? join::steps : join::straight;
            stroke(svg, s, line_through(series.x, series.y, indices(begin, end), how));
        });
    }

    [[nodiscard]] std::string line_through(const std::vector<double>& x, const std::vector<double>& y,
                                           const std::vector<std::size_t>& order, join how) const {
        std::string path;
        for (const std::size_t i : order) {
            const point at = place(x[i], y[i]);
            const std::string across = svg_number(at.x), up = svg_number(at.y);
            if (path.empty()) {
                path = "M" + across + " " + up;
            } else if (how == join::straight) {
                path += "L" + across + " " + up;
            } else {
                path += how == join::steps ? "H" + across + "V" + up : "V" + up + "H" + across;
            }
        }
        return path;
    }

    void draw_points(svg_document& svg, std::size_t s) const {
        const plot_series& series = plot_.series[s];
        if (!has_points(series)) return;
        for (std::size_t i = 0; i < series.x.size(); ++i) {
            if (!drawable(series)(i) || !inside(series.x[i], series.y[i])) continue;
            const point at = place(series.x[i], series.y[i]);
            if (series.style == plot_style::points && !series.low.empty() && std::isfinite(series.low[i]) &&
                std::isfinite(series.high[i])) {
                const auto end = [&](double y) { return top_ + std::clamp(place(series.x[i], y).y, 0.0, height_); };
                const double x = left_ + at.x, low = end(series.low[i]), high = end(series.high[i]);
                svg.add("path",
                        {{"d", fmt::format("M{0} {2}H{1}M{0} {3}H{1}M{4} {2}V{3}", svg_number(x - 3), svg_number(x + 3),
                                           svg_number(low), svg_number(high), svg_number(x))},
                         {"fill", "none"},
                         {"stroke", colour(s)},
                         {"stroke-width", 1.2}});
            }
            draw_point(svg, s, {left_ + at.x, top_ + at.y});
        }
    }

    /// Circle, square, triangle or diamond, of about the same area.
    void draw_point(svg_document& svg, std::size_t s, point at) const {
        constexpr std::array<std::string_view, 3> shapes = {"m-2.7 -2.7h5.4v5.4h-5.4z", "m0 -3.9l3.7 6.4h-7.4z",
                                                            "m0 -3.9l3.9 3.9l-3.9 3.9l-3.9 -3.9z"};
        const std::size_t shape = colours_[s] % 4;
        if (shape == 0) {
            svg.add("circle", {{"cx", at.x}, {"cy", at.y}, {"r", 3.0}, {"fill", colour(s)}});
        } else {
            svg.add("path", {{"d", fmt::format("M{} {}{}", svg_number(at.x), svg_number(at.y), shapes[shape - 1])},
                             {"fill", colour(s)}});
        }
    }

    const line_plot& plot_;
    plot_axis x_{}, y_{};
    std::vector<std::size_t> colours_{};
    std::vector<point> legend_{};
    std::vector<std::string> title_{};
    double left_ = 0, top_ = 0, width_ = 0, height_ = 0, legend_top_ = 0, total_width_ = 0, total_height_ = 0;
};

} // namespace detail

/// The figure as an SVG file; the same plot gives the same bytes.
/// \throws argument_error as `check` does, and when limits are not in order.
inline std::string to_svg(const line_plot& plot) { return detail::line_plot_drawing(plot).draw(); }

} // namespace preflearn
