#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/ratings/given_ratings.hpp>

using namespace preflearn;

TEST_CASE("of a table with gaps what was given is kept, unit by unit") {
    const std::vector<category> a{1, no_rating, no_rating, 0}, b{2, 0, no_rating, no_rating};
    const std::span<const category> columns[] = {a, b};
    const given_ratings given = given_in(columns);
    CHECK(given.units() == 4);
    CHECK(given.ratings == std::vector<given_rating>{{0, 1}, {1, 2}, {1, 0}, {0, 0}});
    CHECK(given.of(1)[0] == given_rating{1, 0});
    CHECK(given.of(2).empty());
    const std::span<const category> uneven[] = {a, std::span(b).first(3)};
    CHECK_THROWS_AS(given_in(uneven), argument_error);
    CHECK(given_ratings{}.units() == 0);
}
