#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/ratings/unit_profile.hpp>

using namespace preflearn;

TEST_CASE("a profile counts each category of a unit, whoever gave it, and forgets the unit before") {
    detail::unit_profile profile;
    const std::vector<given_rating> first{{0, 2}, {1, 0}, {3, 2}, {7, 5}}, second{{4, 1}};
    profile.assign(first);
    CHECK(profile.ratings() == 4);
    const std::vector<std::pair<category, double>> counts{{0, 1}, {2, 2}, {5, 1}};
    CHECK(std::vector(profile.counts().begin(), profile.counts().end()) == counts);
    profile.assign(second);
    CHECK(profile.ratings() == 1);
    CHECK(profile.counts().size() == 1);
    profile.assign({});
    CHECK(profile.counts().empty());
}
