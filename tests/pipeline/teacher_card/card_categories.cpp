#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/teacher_card/card_categories.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("categories are the values of a column in the order of their names, pairs without one by themselves") {
    const pair_categories found = categories_named({"b", "", "a", "b"}, "kind");
    CHECK(found.names == std::vector<std::string>{"(none)", "a", "b"});
    CHECK(found.of_pair == std::vector<std::size_t>{2, 0, 1, 2});
    CHECK(test::contains(test::error_of([] { categories_named({"", ""}, "kind", " (there)"); }), "(there)"));
    std::vector<std::string> many;
    for (std::size_t i = 0; i < 1001; ++i) many.push_back(std::to_string(i));
    CHECK(test::contains(test::error_of([&] { categories_named(many, "id"); }), "has 1001 values"));
}

TEST_CASE("a category is named by a text, else as JSON writes the value") {
    const nlohmann::json text = "x", number = 3, nothing = nullptr;
    CHECK(category_of_value(&text) == "x");
    CHECK(category_of_value(&number) == "3");
    CHECK(category_of_value(&nothing).empty());
    CHECK(category_of_value(nullptr).empty());
}

TEST_CASE("a subject takes as many categories as it has pairs") {
    card_subject subject{.pairs = std::vector<card_pair>(2)};
    put_categories(subject, "kind", {{"a", "b"}, {1, 0}});
    CHECK(subject.category_field == "kind");
    CHECK(subject.pairs[0].category == 1);
    CHECK_THROWS_AS(put_categories(subject, "kind", {{"a"}, {0}}), argument_error);
}
