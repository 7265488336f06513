#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <variant>

#include <preflearn/programs/evaluating/panel_tables.hpp>

#include "evaluated_case.hpp"

using namespace preflearn;

TEST_CASE("an estimate is a number with its interval, a number where it has none, or a gap") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(std::holds_alternative<no_value>(estimate_cell(estimate::none(estimate_status::empty)).content));
    CHECK(std::holds_alternative<double>(estimate_cell({1, nan, {nan, nan}, 1, estimate_status::ok}).content));
    CHECK(std::holds_alternative<with_interval>(estimate_cell({1, 1, {0, 2}, 5, estimate_status::ok}).content));
}

TEST_CASE("evaluators stand against each other by name, and the worst of them is told") {
    const evaluation of = test::evaluated_case();
    const table panel = panel_table(of);
    REQUIRE(panel.rows.size() == 1);
    CHECK(std::get<std::string>(panel.rows[0][1].content) == "judge:2");
    const table worst = worst_case_table(of);
    CHECK(worst.rows.size() == 6);
    check(panel);
    check(worst);
}
