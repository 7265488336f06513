#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include <preflearn/agreement/uncertainty/holm.hpp>
#include <preflearn/core/system/error.hpp>

using namespace preflearn;

TEST_CASE("Holm's correction by hand: the k-th smallest of m times m - k + 1, never below the one before") {
    const std::vector<double> p{0.01, 0.04, 0.03, 0.005};
    const std::vector<double> adjusted = holm_adjusted(p);
    CHECK(adjusted[3] == doctest::Approx(0.02)); // 4 x 0.005
    CHECK(adjusted[0] == doctest::Approx(0.03)); // 3 x 0.01
    CHECK(adjusted[2] == doctest::Approx(0.06)); // 2 x 0.03
    CHECK(adjusted[1] == doctest::Approx(0.06)); // 0.04, raised
    CHECK(holm_adjusted(std::vector{0.6, 0.7})[0] == 1);
    CHECK(holm_adjusted(std::vector<double>{}).empty());
    CHECK(holm_adjusted(std::vector{0.03})[0] == 0.03);
}

TEST_CASE("what is no test does not count, and what is no p-value is refused") {
    const double none = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> adjusted = holm_adjusted(std::vector{0.02, none, 0.5});
    CHECK(adjusted[0] == doctest::Approx(0.04));
    CHECK(std::isnan(adjusted[1]));
    CHECK(adjusted[2] == 0.5);
    CHECK_THROWS_AS(holm_adjusted(std::vector{1.5}), argument_error);
}
