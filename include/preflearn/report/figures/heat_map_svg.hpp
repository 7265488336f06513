/// \file
/// Draws a `heat_map` as SVG: coloured cells with their values printed in them and a scale of colours beside them. One
/// hue from white to dark blue (ColorBrewer's Blues), so that the order of colours is the order of values for any
/// colour vision, and in grey print.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <preflearn/report/figures/heat_map.hpp>
#include <preflearn/report/figures/plot_axis.hpp>
#include <preflearn/report/figures/svg.hpp>

namespace preflearn {

namespace detail {

/// The colour at a share in [0, 1] of the way from white to dark blue.
inline std::string blue(double share) {
    constexpr std::array<std::array<double, 3>, 5> stops = {
        {{247, 251, 255}, {198, 219, 239}, {107, 174, 214}, {33, 113, 181}, {8, 48, 107}}};
    const double at = share * 4;
    const auto stop = std::min<std::size_t>(3, static_cast<std::size_t>(at));
    const auto channel = [&](std::size_t c) {
        return std::lround(std::lerp(stops[stop][c], stops[stop + 1][c], at - static_cast<double>(stop)));
    };
    return fmt::format("#{:02x}{:02x}{:02x}", channel(0), channel(1), channel(2));
}

/// Draws one map; the members are where things stand, in pixels.
class heat_map_drawing {
  public:
    explicit heat_map_drawing(const heat_map& map) : map_(map) {
        check(map);
        lay_out();
    }

    [[nodiscard]] std::string draw() const {
        svg_document svg(total_width_, total_height_, map_.title);
        for (std::size_t i = 0; i < title_.size(); ++i)
            svg.add_text(left_, 22 + title_line * static_cast<double>(i), title_[i],
                         {{"font-size", title_font}, {"font-weight", "bold"}});
        for (std::size_t r = 0; r < map_.row_names.size(); ++r) {
            for (std::size_t c = 0; c < map_.column_names.size(); ++c) draw_cell(svg, r, c);
        }
        draw_names(svg);
        draw_scale(svg);
        return std::move(svg).finish();
    }

  private:
    static constexpr double cell_height = 28, scale_width = 11, scale_height = 84, font = 10.5, label_font = 11.5,
                            title_font = 13, title_line = 17;
    /// From a text's base line to its middle.
    static constexpr double half_text = 3.7;

    void lay_out() {
        data_range range;
        range.include(map_.values);
        scale_ = axis_for(range, map_.limits, 0);
        for (const double value : map_.values) {
            const bool long_one = std::abs(value) >= 1e6; // also for infinities, which are not shown
            texts_.push_back(!std::isfinite(value) ? "–"
                             : long_one            ? fmt::format("{:.{}e}", value, map_.digits)
                                                   : tick_number(value, map_.digits));
        }
        // short names fit below their column, long ones stand at a slant
        const double names = widest_text(map_.column_names, font);
        slanted_ = names > 60;
        cell_width_ = std::max({40.0, widest_text(texts_, font) + 12, slanted_ ? 0 : names + 6});
        const double width = cell_width_ * static_cast<double>(map_.column_names.size());
        const double height = cell_height * static_cast<double>(map_.row_names.size());
        scale_.ticks = nice_ticks(scale_.low, scale_.high, 5);

        const double slant =
            std::sqrt(0.5) * widest_text(map_.column_names, font); // room for names at 45 degrees, either way
        left_ = std::ceil(10 + (map_.row_label.empty() ? 0 : 19) + widest_text(map_.row_names, font) + 7);
        if (slanted_) left_ = std::max(left_, std::ceil(slant - cell_width_ / 2) + 8);
        // half the length of a label that stands in the middle of what it names, with some room
        const auto half = [](const std::string& label) { return text_width(label, label_font) / 2 + 6; };
        left_ = std::max(left_, std::ceil(half(map_.column_label) - width / 2));
        scale_left_ = left_ + width + 18;
        right_ = scale_left_ + scale_width + 8 + widest_text(scale_.ticks, font, &axis_tick::label) +
                 (map_.value_label.empty() ? 8 : 26);
        // a long title goes on in the next line, where the map is not wider
        title_ = text_lines(map_.title, std::max(right_ - left_ - 8, 300.0), title_font, font_weight::bold);
        double title_width = 0;
        for (const std::string& line : title_)
            title_width = std::max(title_width, text_width(line, title_font, font_weight::bold));
        total_width_ = std::max(
            {right_, left_ + (title_.empty() ? 0 : title_width + 8), left_ + width / 2 + half(map_.column_label)});

        top_ = title_.empty() ? 12 : 38 + title_line * static_cast<double>(title_.size() - 1);
        top_ +=
            std::ceil(std::max({0.0, half(map_.row_label) - height / 2, half(map_.value_label) - scale_height / 2}));
        bottom_ = top_ + height;
        const double below = slanted_ ? std::ceil(slant) + 16 : 20;
        total_height_ =
            std::max({bottom_ + below + (map_.column_label.empty() ? 4 : 22), top_ + scale_height + 12,
                      top_ + height / 2 + half(map_.row_label), top_ + scale_height / 2 + half(map_.value_label)});
    }

    void draw_cell(svg_document& svg, std::size_t r, std::size_t c) const {
        const std::size_t at = r * map_.column_names.size() + c;
        const bool empty = !std::isfinite(map_.values[at]);
        const double share = empty ? 0 : std::clamp(scale_.share(map_.values[at]), 0.0, 1.0);
        const double x = left_ + cell_width_ * static_cast<double>(c), y = top_ + cell_height * static_cast<double>(r);
        svg.add("rect", {{"x", x},
                         {"y", y},
                         {"width", cell_width_},
                         {"height", cell_height},
                         {"fill", empty ? "#f0f0f0" : blue(share)},
                         {"stroke", "#ffffff"}});
        svg.add_text(x + cell_width_ / 2, y + cell_height / 2 + half_text, texts_[at],
                     {{"text-anchor", "middle"},
                      {"font-size", font},
                      {"fill", empty          ? "#888888"
                               : share > 0.55 ? "#ffffff"
                                              : "#222222"}});
    }

    static void add_rotated(svg_document& svg, double x, double y, const std::string& text, int degrees,
                            const char* anchor, double size) {
        svg.add_text(x, y, text,
                     {{"text-anchor", anchor},
                      {"font-size", size},
                      {"transform", fmt::format("rotate({} {} {})", degrees, svg_number(x), svg_number(y))}});
    }

    void draw_names(svg_document& svg) const {
        for (std::size_t r = 0; r < map_.row_names.size(); ++r) {
            const double y = top_ + cell_height * (static_cast<double>(r) + 0.5) + half_text;
            svg.add_text(left_ - 7, y, map_.row_names[r], {{"text-anchor", "end"}, {"font-size", font}});
        }
        for (std::size_t c = 0; c < map_.column_names.size(); ++c) {
            const double x = left_ + cell_width_ * (static_cast<double>(c) + 0.5);
            if (slanted_) {
                add_rotated(svg, x + 4, bottom_ + 12, map_.column_names[c], -45, "end", font);
            } else {
                svg.add_text(x, bottom_ + 15, map_.column_names[c], {{"text-anchor", "middle"}, {"font-size", font}});
            }
        }
        const double centre = (left_ + scale_left_ - 18) / 2;
        if (!map_.column_label.empty()) {
            svg.add_text(centre, total_height_ - 8, map_.column_label,
                         {{"text-anchor", "middle"}, {"font-size", label_font}});
        }
        if (!map_.row_label.empty()) {
            add_rotated(svg, 17, (top_ + bottom_) / 2, map_.row_label, -90, "middle", label_font);
        }
    }

    /// The scale of colours, dark end up, in slices instead of a gradient, which would need an id.
    void draw_scale(svg_document& svg) const {
        constexpr int slices = 42;
        constexpr double slice = scale_height / slices;
        for (int i = 0; i < slices; ++i) {
            svg.add("rect", {{"x", scale_left_},
                             {"y", top_ + slice * i},
                             {"width", scale_width},
                             {"height", slice},
                             {"fill", blue((slices - 0.5 - i) / slices)},
                             {"shape-rendering", "crispEdges"}});
        }
        for (const axis_tick& tick : scale_.ticks) {
            const double y = top_ + (1 - scale_.share(tick.value)) * scale_height;
            const double x = scale_left_ + scale_width;
            svg.add("line", {{"x1", x}, {"y1", y}, {"x2", x + 3}, {"y2", y}, {"stroke", "#444444"}});
            svg.add_text(x + 6, y + half_text, tick.label, {{"font-size", font}});
        }
        if (!map_.value_label.empty()) {
            add_rotated(svg, right_ - 16, top_ + scale_height / 2, map_.value_label, 90, "middle", label_font);
        }
    }

    const heat_map& map_;
    plot_axis scale_{};
    std::vector<std::string> texts_{}, title_{};
    double cell_width_ = 0, left_ = 0, top_ = 0, bottom_ = 0, scale_left_ = 0, right_ = 0;
    double total_width_ = 0, total_height_ = 0;
    bool slanted_ = false;
};

} // namespace detail

/// The figure as an SVG file; the same map gives the same bytes.
/// \throws argument_error as `check` does, and when limits are not in order.
inline std::string to_svg(const heat_map& map) { return detail::heat_map_drawing(map).draw(); }

} // namespace preflearn
