#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/report/tables/table_text.hpp>

#include "../../numbers.hpp"

using namespace preflearn;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

table agreement() {
    return {.title = "Agreement",
            .columns = {{.name = "labels"}, {.name = "share", .digits = 2}, {.name = "β"}, {.name = "pairs"}},
            .rows = {{"weak", with_interval{0.713, 0.68, 0.742}, 0.1, 200},
                     {"人間", with_interval{-0.5, -0.75, 0.25}, no_value{}, 12},
                     {"gold", 1.0, 12.25, no_value{}}},
            .note = "Wilson intervals"};
}

} // namespace

TEST_CASE("plain text as a reader sees it") {
    CHECK(to_text(agreement()) == "Agreement\n"
                                  "──────────────────────────────────────────\n"
                                  "labels                share       β  pairs\n"
                                  "──────────────────────────────────────────\n"
                                  "weak     0.71 [0.68, 0.74]    0.100    200\n"
                                  "人間    -0.50 [-0.75, 0.25]       –     12\n"
                                  "gold     1.00                12.250      –\n"
                                  "──────────────────────────────────────────\n"
                                  "Wilson intervals\n");
}

TEST_CASE("every row of a text table has its columns at the same places") {
    table results{.columns = {{.name = "名前"},
                              {.name = "n", .align = alignment::left},
                              {.name = "c", .align = alignment::centre}}};
    results.rows = {{"σ ± β", 1, "x"}, {"日本語のラベル", 12345, "middle"}, {"e\u0301", no_value{}, "yy"}};
    const auto lines = lines_of(to_text(results));
    REQUIRE(lines.size() == 7);
    const std::size_t second = display_width("日本語のラベル") + 2;
    for (const std::size_t row : {1U, 3U, 4U, 5U}) {
        // cut the line where the second column must begin
        std::string_view rest = lines[row];
        for (std::size_t column = 0; column < second;) column += display_width(take_code_point(rest));
        CHECK(rest.front() != ' ');
    }
    CHECK(lines[4].ends_with("12345  middle"));
    CHECK(lines[3].ends_with("1        x")); // centred above "middle"
    CHECK(display_width(lines[0]) == display_width(lines[4]));
}

TEST_CASE("numbers as their column shows them") {
    const auto show = [](const table_cell& cell, const table_column& column) { return shown(cell, column); };
    CHECK(show(0.12345, {}) == "0.123");
    CHECK(show(0.12345, {.digits = 1, .shown = notation::percent}) == "12.3%");
    CHECK(show(12345.678, {.digits = 2, .shown = notation::scientific}) == "1.23e+04");
    CHECK(show(with_digits{.value = 2.5, .digits = 0}, {}) == "2");
    CHECK(show(with_error{.value = 1, .error = 0.25}, {.digits = 2}) == "1.00 ± 0.25");
    CHECK(show(with_interval{.value = 0.5, .low = 0.25, .high = 0.75}, {.digits = 1, .shown = notation::percent}) ==
          "50.0% [25.0%, 75.0%]");
    CHECK(show(42, {}) == "42");
    CHECK(show(no_value{}, {}) == "–");
    CHECK(show(std::nan(""), {.shown = notation::percent}) == "NaN");
    CHECK(show(-test::infinity, {}) == "-inf");
    for (const double zero : {-0.0, -1e-9}) { // what rounds to zero has no sign
        CHECK(show(zero, {.digits = 4}) == "0.0000");
        CHECK(show(zero, {.digits = 0}) == "0");
        CHECK(show(zero, {.shown = notation::percent}) == "0.000%");
    }
    CHECK(show(-0.0, {.shown = notation::scientific}) == "0.000e+00");
    CHECK(show(-1e-9, {.shown = notation::scientific}) == "-1.000e-09");
    CHECK(show(-0.0006, {}) == "-0.001");
    CHECK(show(1e300, {}).size() < 12);
    CHECK(show("two\nlines", {}) == "two\\nlines");
}

TEST_CASE("Markdown has one cell per column whatever the texts hold") {
    table results = agreement();
    results.rows.push_back({"a|b\\|c\n`x`_y_", 1, 2, 3});
    const auto lines = lines_of(to_markdown(results));
    REQUIRE(lines.size() == 10);
    CHECK(lines[0] == "**Agreement**");
    for (std::size_t l = 2; l < 8; ++l) {
        std::size_t bars = 0;
        for (std::size_t i = 0; i < lines[l].size(); ++i) {
            if (lines[l][i] == '\\') {
                ++i;
            } else if (lines[l][i] == '|') {
                ++bars;
            }
        }
        CHECK(bars == 5);
        CHECK(display_width(lines[l]) == display_width(lines[2]));
    }
    CHECK(lines[3].starts_with("|--"));
    CHECK(lines[3].ends_with("-:|"));
    CHECK(lines[9] == "Wilson intervals");
}

TEST_CASE("tables without rows or columns are still tables") {
    CHECK(lines_of(to_text({.columns = {{.name = "a"}, {.name = "b"}}})).size() == 4);
    CHECK_NOTHROW(to_text(table{}));
    CHECK(to_markdown({.columns = {{.name = "a"}}}) == "| a |\n|---|\n");
    CHECK_THROWS_AS(to_text({.columns = {{.name = "a"}}, .rows = {{1, 2}}}), argument_error);
}
