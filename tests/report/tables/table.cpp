#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <preflearn/report/tables/table.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("what people write in a row becomes the cell they mean") {
    const auto holds = [](const table_cell& cell) { return cell.content.index(); };
    const auto is = []<class Kind>(const table_cell& cell, std::type_identity<Kind>) {
        return std::holds_alternative<Kind>(cell.content);
    };
    CHECK(holds("text") == holds(std::string("text")));
    CHECK(holds("text") == holds(std::string_view("text")));
    CHECK(is(3, std::type_identity<std::int64_t>{}));
    CHECK(is(std::size_t{3}, std::type_identity<std::uint64_t>{}));
    CHECK(is(0.5F, std::type_identity<double>{}));
    CHECK(is({}, std::type_identity<no_value>{}));
    CHECK(is(std::optional<double>(), std::type_identity<no_value>{}));
    CHECK(is(std::optional<double>(1.5), std::type_identity<double>{}));
    CHECK(is(with_error{.value = 1, .error = 2}, std::type_identity<with_error>{}));
    CHECK_FALSE(std::is_constructible_v<table_cell, bool>);
    CHECK(std::get<std::uint64_t>(table_cell(UINT64_MAX).content) == UINT64_MAX);
}

TEST_CASE("a table that is not one says where") {
    table results{.title = "T", .columns = {{.name = "a"}, {.name = "b"}}, .rows = {{1, 2}, {"x"}}};
    const auto complaint = [&] { return test::error_of([&] { check(results); }); };
    CHECK(complaint() == "table 'T', row 1: 1 cells, expected one for each of 2 columns");
    results.rows[1].push_back(no_value{});
    CHECK(complaint().empty());
    results.columns[1].name = "a";
    CHECK(test::contains(complaint(), "two columns are named 'a'"));
    results.columns[1] = {.name = "b", .digits = -1};
    CHECK(test::contains(complaint(), "column 'b': -1 digits"));
}
