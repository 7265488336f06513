#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/reward/finite.hpp>

using namespace preflearn;

TEST_CASE("the first reward that is not finite is named") {
    CHECK_NOTHROW(check_finite_rewards(std::vector<double>{}));
    CHECK_NOTHROW(check_finite_rewards(std::vector<double>{0, -1e300, 5}));
    CHECK_THROWS_WITH_AS(check_finite_rewards(std::vector<double>{0, std::nan(""), INFINITY}),
                         doctest::Contains("completion 1: its reward is nan"), numeric_error);
}
