#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/report/figures/line_plot_svg.hpp>

#include "../../numbers.hpp"
#include "../picture.hpp"

using namespace preflearn;

namespace {

/// The picture as a viewer sees it: the whole, and the inner viewport with bands and lines.
struct seen {
    test::element root;
    const test::element& axes() const { return *test::all(root, "svg").at(1); }
    /// Paths of lines (or of bands: those that are filled), by their corners relative to the axes' box.
    std::vector<std::vector<test::place>> paths(bool filled) const {
        std::vector<std::vector<test::place>> found;
        for (const test::element* path : test::all(axes(), "path")) {
            if ((path->attributes.at("fill") != "none") == filled)
                found.push_back(test::corners(path->attributes.at("d")));
        }
        return found;
    }
};

seen look(const line_plot& plot) {
    const std::string file = to_svg(plot);
    CHECK(file == to_svg(plot));
    CHECK(file.find("nan") == file.npos);
    CHECK(file.find("inf") == file.npos);
    return {test::read_xml(file)};
}

/// Every corner and every circle lies within the axes' box.
void check_inside(const seen& picture) {
    const test::element& axes = picture.axes();
    const double width = axes.number("width"), height = axes.number("height");
    const auto inside = [&](double x, double y) {
        CHECK(x >= 0);
        CHECK(x <= width);
        CHECK(y >= 0);
        CHECK(y <= height);
    };
    for (const bool filled : {false, true}) {
        for (const auto& path : picture.paths(filled)) {
            for (const test::place& corner : path) inside(corner.x, corner.y);
        }
    }
    for (const test::element* dot : test::all(axes, "circle")) inside(dot->number("cx"), dot->number("cy"));
}

/// The plot of one series without a name.
line_plot plot_of(plot_series series) { return {.series = {std::move(series)}}; }

} // namespace

TEST_CASE("points stand where their numbers say") {
    line_plot plot = plot_of({.x = {0, 5, 10}, .y = {0, 1, 0.5}});
    plot.x_limits = {.low = 0, .high = 10};
    plot.y_limits = {.low = 0, .high = 1};
    const seen picture = look(plot);
    check_inside(picture);
    const double width = picture.axes().number("width"), height = picture.axes().number("height");
    const auto lines = picture.paths(false);
    REQUIRE(lines.size() == 1);
    REQUIRE(lines[0].size() == 3);
    const double expected[][2] = {{0, height}, {width / 2, 0}, {width, height / 2}};
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(lines[0][i].x == doctest::Approx(expected[i][0]).epsilon(1e-4));
        CHECK(lines[0][i].y == doctest::Approx(expected[i][1]).epsilon(1e-4));
    }
}

TEST_CASE("data of any size stays inside the axes, in every style") {
    for (const auto style : {plot_style::line, plot_style::points, plot_style::line_and_points, plot_style::steps,
                             plot_style::reference}) {
        for (const double scale : {1e-320, 1e-30, 1.0, 1e9, 1e30, 1e299}) {
            for (const double shift : {0.0, 1.0}) {
                plot_series series{.style = style};
                for (int i = -5; i <= 5; ++i) {
                    series.x.push_back(i * scale);
                    series.y.push_back(shift + i * i * scale / 30);
                    series.low.push_back(series.y.back() - scale / 40);
                    series.high.push_back(series.y.back() + scale / 40);
                }
                const line_plot plot = plot_of(series);
                check_inside(look(plot));
            }
        }
    }
}

TEST_CASE("plots of next to nothing are pictures too") {
    for (const line_plot& plot :
         {line_plot{}, plot_of({}), plot_of({.name = "empty"}), plot_of({.x = {test::not_a_number}, .y = {1}}),
          plot_of({.x = {1, 2}, .y = {test::infinity, -test::infinity}}), plot_of({.x = {1, 2, 3}, .y = {7, 7, 7}}),
          plot_of({.x = {2, 2},
          .y = {0, 0},
          .low = {test::not_a_number, test::not_a_number},
          .high = {test::not_a_number, test::not_a_number}})}) {
        check_inside(look(plot));
    }
    look(plot_of({.x = {-1.7e308, 0}, .y = {0, 1}, .style = plot_style::line_and_points})); // one of them is outside
}

TEST_CASE("a gap parts the line and its band, and a lone point stays visible") {
    const seen picture = look(plot_of({.x = {0, 1, 2, 3, 4, 5},
                                       .y = {0, 1, test::not_a_number, 2, test::infinity, 3},
                                       .low = {0, 0, 0, test::not_a_number, 0, 0},
                                       .high = {1, 1, 1, 1, 1, 1}}));
    const auto lines = picture.paths(false);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].size() == 2);
    CHECK(test::all(picture.axes(), "circle").size() == 2);
    const auto bands = picture.paths(true);
    REQUIRE(bands.size() == 2);
    CHECK(bands[0].size() == 6);
    CHECK(bands[1].size() == 4);
}

TEST_CASE("steps hold their value to the next x") {
    const auto lines = look(plot_of({.x = {0, 1, 2}, .y = {0, 2, 1}, .style = plot_style::steps})).paths(false);
    REQUIRE(lines.size() == 1);
    REQUIRE(lines[0].size() == 5);
    for (std::size_t i = 1; i < 5; ++i) {
        if (i % 2 == 1) CHECK(lines[0][i].y == lines[0][i - 1].y);
        if (i % 2 == 0) CHECK(lines[0][i].x == lines[0][i - 1].x);
    }
}

TEST_CASE("a band around steps has the same steps above and below") {
    const auto bands =
        look(plot_of({.x = {0, 1, 2}, .y = {1, 3, 2}, .low = {0, 2, 1}, .high = {2, 4, 3}, .style = plot_style::steps}))
            .paths(true);
    REQUIRE(bands.size() == 1);
    REQUIRE(bands[0].size() == 10);
    for (std::size_t i = 0; i < 5; ++i) {
        const test::place above = bands[0][i], below = bands[0][9 - i];
        CHECK(above.x == below.x);
        CHECK(below.y - above.y == doctest::Approx(bands[0][9].y - bands[0][0].y).epsilon(1e-3));
    }
}

TEST_CASE("what limits cut off is drawn outside the inner viewport or not at all") {
    line_plot plot = plot_of(
        {.x = {0, 1, 2}, .y = {0.5, 1e30, -1e300}, .low = {0, 0, 0}, .high = {1, 1, 1}, .style = plot_style::points});
    plot.y_limits = {.low = 0, .high = 1};
    plot.series.push_back(plot.series[0]);
    plot.series[1].style = plot_style::line;
    const seen picture = look(plot);
    CHECK(test::all(picture.root, "circle").size() == 1); // the one point inside
    for (const auto& path : picture.paths(false)) {
        for (const test::place& corner : path) CHECK(std::abs(corner.y) < 1e5);
    }
}

TEST_CASE("title, labels and names are there and escaped; series without a name are not in the legend") {
    const seen picture = look({.title = "a < b & \"c\"",
                               .x_label = "|margin| in nats",
                               .y_label = "σ(β·margin)",
                               .series = {{.name = "<DPO>", .x = {0, 1}, .y = {0, 1}}, {.x = {0, 1}, .y = {1, 0}}}});
    const auto texts = test::texts(picture.root);
    for (const char* const text : {"a < b & \"c\"", "|margin| in nats", "σ(β·margin)", "<DPO>"}) {
        CHECK(std::ranges::count(texts, text) == 1);
    }
    CHECK(std::ranges::count(texts, "") == 0);
}

TEST_CASE("series differ in colour, in dashes when colours are used up, and references are grey") {
    line_plot plot;
    plot.series.push_back({.x = {0, 1}, .y = {0, 1}, .style = plot_style::reference});
    for (int i = 0; i < 20; ++i) plot.series.push_back({.x = {0, 1}, .y = {0.0, i * 1.0}});
    const seen picture = look(plot);
    std::vector<std::pair<std::string, std::string>> looks;
    for (const test::element* path : test::all(picture.axes(), "path")) {
        looks.emplace_back(path->attributes.at("stroke"), path->attributes.at("stroke-dasharray"));
    }
    REQUIRE(looks.size() == 21);
    CHECK(looks[0].first == "#888888");
    std::ranges::sort(looks);
    CHECK(std::ranges::adjacent_find(looks) == looks.end());
}

TEST_CASE("error bars span their interval at the point") {
    line_plot plot = plot_of(
        {.x = {0, 1}, .y = {0.5, 0.5}, .low = {0.25, test::not_a_number}, .high = {1, 1}, .style = plot_style::points});
    plot.y_limits = {.low = 0, .high = 1};
    const seen picture = look(plot);
    const double top = picture.axes().number("y"), height = picture.axes().number("height");
    std::vector<const test::element*> bars;
    for (const test::element* path : test::all(picture.root, "path")) {
        if (path->attributes.at("stroke") == "#0072b2") bars.push_back(path);
    }
    REQUIRE(bars.size() == 1); // the other one has no lower end
    double low = test::infinity, high = -test::infinity;
    for (const test::place& corner : test::corners(bars[0]->attributes.at("d"))) {
        low = std::min(low, corner.y);
        high = std::max(high, corner.y);
    }
    CHECK(low == doctest::Approx(top).epsilon(1e-3));
    CHECK(high == doctest::Approx(top + 0.75 * height).epsilon(1e-3));
}

TEST_CASE("no text leaves the picture, however long names and labels are") {
    const std::string long_name(80, 'n');
    const seen picture = look({.title = std::string(90, 'T'),
                               .series = {{.name = long_name, .x = {0, 1e300}, .y = {-1e-300, 1e-300}}, {.name = "b"}},
                               .x_limits = {.low = 0, .high = 1e300},
                               .width = 200});
    const double width = picture.root.number("width");
    for (const test::element* text : test::all(picture.root, "text")) {
        const double size = text->number("font-size"), room = text_width(text->text, size), x = text->number("x");
        const bool at_end = text->attributes.contains("text-anchor") && text->attributes.at("text-anchor") == "end";
        const bool middle = text->attributes.contains("text-anchor") && text->attributes.at("text-anchor") == "middle";
        CHECK(x - (at_end ? room : middle ? room / 2 : 0) >= 0);
        CHECK(x + (at_end ? 0 : middle ? room / 2 : room) <= width);
    }
}

TEST_CASE("no text of a plot runs out of the picture, however long") {
    const std::string words = "what the student learned from the labels of its weak teacher, pair by pair ";
    for (const double size : {160.0, 640.0}) {
        line_plot plot{.title = words + words + words,
                       .x_label = words + words,
                       .y_label = words,
                       .series = {{.name = words, .x = {1, 2}, .y = {1, 2}}},
                       .width = size,
                       .height = 150};
        CHECK(test::texts_outside(look(plot).root).empty());
    }
}
