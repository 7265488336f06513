#include <limits>

#include <doctest/doctest.h>

#include <preflearn/loss/coupled/running_mean.hpp>

using namespace preflearn;

TEST_CASE("a running mean is the mean of what was added, by weight; adding nothing changes nothing") {
    running_mean mean;
    mean.add(3);
    CHECK(mean == running_mean{3, 1});
    mean.add(6, 2);
    CHECK(mean == running_mean{5, 3});
    mean.add(100, 0);
    CHECK(mean == running_mean{5, 3});
}

TEST_CASE("a mean of infinite count does not move") {
    running_mean mean{0.5, std::numeric_limits<double>::infinity()};
    mean.add(7, 1000);
    CHECK(mean.mean == 0.5);
}
