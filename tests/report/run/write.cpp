#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include <preflearn/report.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("every report is written as what it converts to") {
    const test::folder folder;
    const table results{.columns = {{.name = "a"}}, .rows = {{1}}};
    write_text(results, folder / "t.txt");
    write_markdown(results, folder / "t.md");
    write_csv(results, folder / "t.csv");
    write_json(results, folder / "t.json");
    CHECK(test::read(folder / "t.txt") == to_text(results));
    CHECK(test::read(folder / "t.md") == to_markdown(results));
    CHECK(test::read(folder / "t.csv") == "a\n1\n");
    CHECK(test::read(folder / "t.json") == "[\n  {\n    \"a\": 1\n  }\n]\n");
    write_svg(line_plot{}, folder / "p.svg");
    write_svg(heat_map{}, folder / "h.svg");
    CHECK(test::read(folder / "p.svg") == to_svg(line_plot{}));
    CHECK(test::read(folder / "h.svg") == to_svg(heat_map{}));
    write_json(manifest{.seed = 3}, folder / "manifest.json");
    CHECK(nlohmann::json::parse(test::read(folder / "manifest.json"))["seed"] == 3);
    write_json(nlohmann::ordered_json{{"x", std::nan("")}, {"bad", "\xFF"}}, folder / "x.json");
    CHECK(nlohmann::json::parse(test::read(folder / "x.json")) == nlohmann::json{{"x", nullptr}, {"bad", "\uFFFD"}});
}

TEST_CASE("a report that fails leaves the old file") {
    const test::folder folder;
    folder.write("t.csv", "old");
    const table broken{.columns = {{.name = "a"}}, .rows = {{1, 2}}};
    CHECK_THROWS_AS(write_csv(broken, folder / "t.csv"), argument_error);
    CHECK(test::read(folder / "t.csv") == "old");
    CHECK_THROWS_AS(write_csv(table{}, folder / "no" / "t.csv"), input_error);
}
