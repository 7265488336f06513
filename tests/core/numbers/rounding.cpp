#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/rounding.hpp>

using namespace preflearn;

TEST_CASE("a difference of rounding is 0, any other is itself") {
    CHECK(difference_of(0.1 + 0.2, 0.3) == 0);
    double tenths = 0;
    for (int i = 0; i < 100; ++i) tenths += 0.1;
    CHECK(tenths != 10);
    CHECK(difference_of(tenths, 10) == 0);
    CHECK(difference_of(1 + 1e-12, 1) == (1 + 1e-12) - 1);
    CHECK(difference_of(1e-300, 0) == 1e-300);
    constexpr double infinite = std::numeric_limits<double>::infinity();
    CHECK(difference_of(infinite, infinite) == 0);
    CHECK(difference_of(infinite, 1) == infinite);
    CHECK(std::isnan(difference_of(std::nan(""), 1)));
}

TEST_CASE("values are compared with the lowest and the highest, and NaN with nothing") {
    CHECK(equal_but_for_rounding(std::vector<double>{}));
    CHECK(equal_but_for_rounding(std::vector<double>{0.3, 0.1 + 0.2, 0.3}));
    std::vector<double> creeping;
    for (int i = 0; i < 100; ++i) creeping.push_back(1 + 1e-15 * i);
    CHECK_FALSE(equal_but_for_rounding(creeping));
    CHECK_FALSE(equal_but_for_rounding(std::vector<double>{1, std::nan("")}));
    CHECK_FALSE(equal_but_for_rounding(std::vector<double>{std::nan("")}));
}
