#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/report/figures/dot_plot.hpp>

using namespace preflearn;

TEST_CASE("a plot is a table of its numbers; columns of another length are refused") {
    dot_plot plot{.title = "t", .names = {"a", "b"}, .values = {1, 2}};
    CHECK(to_table(plot).columns.size() == 2);
    plot.low = {0, 1};
    CHECK_THROWS_AS(check(plot), argument_error);
    plot.high = {2, 3};
    const table numbers = to_table(plot);
    REQUIRE(numbers.columns.size() == 4);
    CHECK(std::get<double>(numbers.rows[1][3].content) == 3);
    plot.values.pop_back();
    CHECK_THROWS_AS(check(plot), argument_error);
    CHECK_THROWS_AS(check(dot_plot{.width = 10}), argument_error);
}
