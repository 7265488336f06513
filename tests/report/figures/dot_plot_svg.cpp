#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/report/figures/dot_plot_svg.hpp>

#include "../picture.hpp"

using namespace preflearn;

namespace {

test::element look(const dot_plot& plot) {
    const std::string file = to_svg(plot);
    CHECK(file == to_svg(plot));
    CHECK(file.find("nan") == file.npos);
    CHECK(file.find("inf") == file.npos);
    return test::read_xml(file);
}

double number(const test::element& e, const char* name) { return std::stod(e.attributes.at(name)); }

} // namespace

TEST_CASE("dots stand in the order of their values, inside their bars, inside the picture") {
    const dot_plot plot{.title = "a title that is a good deal longer than the axis below it is wide, by far",
                        .value_label = "points",
                        .names = {"first", "second <&>", "third"},
                        .values = {3, 1, -2},
                        .low = {2, 0.5, -4},
                        .high = {4, 1.5, 0},
                        .reference = 0.0};
    const test::element picture = look(plot);
    const auto dots = test::all(picture, "circle");
    REQUIRE(dots.size() == 3);
    CHECK(number(*dots[0], "cx") > number(*dots[1], "cx"));
    CHECK(number(*dots[1], "cx") > number(*dots[2], "cx"));
    CHECK(number(*dots[0], "cy") < number(*dots[1], "cy"));
    for (const test::element* line : test::all(picture, "line"))
        for (const char* end : {"x1", "x2"}) {
            CHECK(number(*line, end) >= 0);
            CHECK(number(*line, end) <= number(picture, "width"));
        }
    CHECK(number(picture, "width") > text_width(plot.title, 13));
}

TEST_CASE("an interval without end keeps the dots apart, and nothing is drawn that is not known") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
    const test::element picture = look({.names = {"a", "b", "c", "d"},
                                        .values = {1, 2, nan, 1.5},
                                        .low = {-1e8, 1.5, nan, -infinity},
                                        .high = {1e8, 2.5, nan, nan}});
    const auto dots = test::all(picture, "circle");
    REQUIRE(dots.size() == 3);
    CHECK(number(*dots[1], "cx") - number(*dots[0], "cx") > 20);
    look({.names = {"only"}, .values = {1000}, .low = {1000}, .high = {1000}});
    look({});
}
