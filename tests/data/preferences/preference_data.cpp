#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/data/preferences/preference_data.hpp>

#include "../../files.hpp"

using namespace preflearn;

static_assert(Comparison<text_comparison>);
static_assert(!std::is_copy_constructible_v<preference_data> && std::is_nothrow_move_assignable_v<text_comparison>);

TEST_CASE("views hold while pairs are added and when the data set moves, short texts included") {
    preference_data data;
    data.add({.id = 7, .prompt = "p", .first = "a", .second = std::string(1000, 'b'), .label = 1.0});
    const text_comparison pair = data.comparisons()[0];
    for (std::uint64_t id = 100; id < 1100; ++id) data.add({.id = id, .prompt = "p", .first = "x", .second = "y"});
    preference_data moved = std::move(data);
    preference_data assigned;
    assigned = std::move(moved);
    CHECK(pair.prompt == "p");
    CHECK(pair.first == "a");
    CHECK(pair.second == std::string(1000, 'b'));
    CHECK(assigned.comparisons()[0].first.data() == pair.first.data());
    CHECK(assigned.comparisons()[1000].prompt.data() == pair.prompt.data()); // a prompt is stored once
    CHECK(assigned.size() == 1001);
    CHECK(assigned.labels().size() == 1);
}

TEST_CASE("labels, scores and margins are found by id, of the pairs that have them") {
    preference_data data;
    CHECK(data.empty());
    data.add({.id = 3, .label = preference::tied(), .scores = response_scores{1, 2}});
    data.add({.id = 2, .margin = -0.5});
    CHECK(data.labels().at(3) == preference::tied());
    CHECK(!data.labels().find(2));
    CHECK(data.scores(3) == response_scores{1, 2});
    CHECK(!data.scores(2));
    CHECK(data.margin(2) == -0.5);
    CHECK(!data.margin(3));
    CHECK(test::error_of([&] { data.add({.id = 2}); }) == "the id 2 is taken by another pair");
}
