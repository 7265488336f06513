#include <list>
#include <ranges>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/ragged.hpp>

using namespace preflearn;

namespace {

template <class T> std::vector<T> copied(std::span<const T> row) { return {row.begin(), row.end()}; }

} // namespace

TEST_CASE("rows of any length, empty ones too, come back as they went in") {
    ragged<int> rows;
    CHECK(rows.empty());
    CHECK(rows.size() == 0);
    CHECK(copied(rows.offsets()) == std::vector<std::size_t>{0});
    CHECK(rows.push_back(std::vector{1, 2, 3}) == 0);
    CHECK(rows.push_back(std::list<int>{}) == 1);
    CHECK(rows.push_back(std::views::iota(7, 9)) == 2);
    REQUIRE(rows.size() == 3);
    CHECK(copied(std::as_const(rows)[0]) == std::vector{1, 2, 3});
    CHECK(rows[1].empty());
    CHECK(copied(rows.at(2)) == std::vector{7, 8});
    CHECK(copied(rows.values()) == std::vector{1, 2, 3, 7, 8});
    CHECK(copied(rows.offsets()) == std::vector<std::size_t>{0, 3, 3, 5});
}

TEST_CASE("a row can be written through, and its neighbours stay") {
    ragged<double> rows;
    rows.push_back(std::vector<double>(2));
    rows.push_back(std::vector<double>(2, 5));
    rows[0][1] = 3;
    CHECK(copied(rows.values()) == std::vector<double>{0, 3, 5, 5});
}

TEST_CASE("texts are rows of characters, and views of them survive a move of the array") {
    ragged<char> texts;
    texts.push_back(std::string("chosen"));
    texts.push_back(std::string("rejected"));
    const std::span<const char> view = std::as_const(texts)[1];
    const ragged<char> moved = std::move(texts);
    CHECK(std::string(view.begin(), view.end()) == "rejected");
    CHECK(moved[1].data() == view.data());
}

TEST_CASE("a row that is not there is refused by number") {
    ragged<int> rows;
    rows.push_back(std::vector{1});
    CHECK_THROWS_WITH_AS(static_cast<void>(rows.at(1)), "row 1 of a ragged array of 1 rows", argument_error);
}
