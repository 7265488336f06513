#include <doctest/doctest.h>

#include <cmath>

#include <preflearn/report/figures/line_plot.hpp>
#include <preflearn/report/tables/table_data.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("the numbers behind a plot, one row a point") {
    const line_plot plot{.series = {{.name = "a", .x = {1, 2}, .y = {3, std::nan("")}},
                                    {.name = "b", .x = {1}, .y = {5}, .low = {4}, .high = {6}}}};
    CHECK(to_csv(to_table(plot)) == "series,x,y,low,high\na,1,3,,\na,2,nan,,\nb,1,5,4,6\n");
    CHECK(to_csv(to_table(line_plot{.series = {{.name = "a", .x = {1}, .y = {3}}}})) == "series,x,y\na,1,3\n");
}

TEST_CASE("columns of different lengths are an error that names series and column") {
    const auto complaint = [](plot_series series) {
        return test::error_of([&] { to_table({.title = "T", .series = {std::move(series)}}); });
    };
    CHECK(complaint({.name = "a", .x = {1, 2}, .y = {1}}) ==
          "plot 'T', series 'a': 1 values of y, expected one for each of 2 values of x");
    CHECK(test::contains(complaint({.x = {1}, .y = {1}, .low = {1, 2}, .high = {1}}), "2 values of low"));
    CHECK(test::contains(complaint({.x = {1}, .y = {1}, .low = {1}}), "low and high come together"));
    CHECK(test::error_of([] { check(line_plot{.width = 10}); }) != "");
    CHECK(test::error_of([] { check(line_plot{.height = std::nan("")}); }) != "");
}
