#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <string>

#include <preflearn/programs/evaluating/evaluation_figures.hpp>

#include "../../files.hpp"
#include "evaluated_case.hpp"

using namespace preflearn;

TEST_CASE("pictures show rewards beside SFT's, best of k, and who wins against whom") {
    const evaluation of = test::evaluated_case();
    const dot_plot rewards = reward_plot(of, of.evaluators[0]);
    CHECK(rewards.reference == 0.5);
    CHECK(rewards.values.size() == 3);
    const line_plot curves = best_of_plot(of, of.evaluators[0]);
    CHECK(curves.series.size() == 4);
    CHECK(curves.series[0].x.back() == 2);
    const heat_map wins = win_map(of, of.evaluators[0]);
    CHECK(std::isnan(wins.values[0]));
    CHECK(wins.values[1 * 3 + 0] == doctest::Approx(1));
    CHECK(wins.values[0 * 3 + 1] == doctest::Approx(0));
    CHECK(panel_map(of).values.size() == 4);
}

TEST_CASE("a report is a page and its pictures, in a folder that is made") {
    const test::folder f;
    const std::filesystem::path folder = f / "a/report";
    write_report(test::evaluated_case(), folder);
    CHECK(test::contains(test::read(folder / "evaluation.md"), "| student"));
    CHECK(test::contains(test::read(folder / "wins-2.svg"), "<svg"));
    CHECK(std::filesystem::exists(folder / "evaluators.svg"));
    CHECK_FALSE(std::filesystem::exists(folder / "rewards-2.svg"));
    f.write("file", "");
    CHECK(
        test::contains(test::error_of([&] { write_report(test::evaluated_case(), f / "file/x"); }), "cannot be made"));
}
