#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/interval.hpp>

using namespace preflearn;

TEST_CASE("an interval holds its ends; one that does not exist holds nothing") {
    CHECK(interval{-1, 2}.contains(-1));
    CHECK(interval{-1, 2}.contains(2));
    CHECK_FALSE(interval{-1, 2}.contains(2.5));
    CHECK(std::isnan(interval{}.low));
    CHECK_FALSE(interval{}.contains(0));
    CHECK(interval{0, 1} == interval{.low = 0, .high = 1});
}
