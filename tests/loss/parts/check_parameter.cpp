#include <limits>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/parts/check_parameter.hpp>

using namespace preflearn;

TEST_CASE("parameters out of range are refused by name, and NaN is in no range") {
    constexpr double infinite = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_NOTHROW(check_positive("beta", std::numeric_limits<double>::denorm_min()));
    for (const double wrong : {0.0, -1.0, infinite, nan})
        CHECK_THROWS_AS(check_positive("beta", wrong), argument_error);
    CHECK_THROWS_WITH_AS(check_positive("beta", -1), "beta is -1, a positive number was expected", argument_error);
    for (const double right : {0.0, 0.5, 1.0}) CHECK_NOTHROW(check_probability("q", right));
    for (const double wrong : {-1e-300, 1.5, infinite, nan})
        CHECK_THROWS_AS(check_probability("q", wrong), argument_error);
    CHECK_THROWS_WITH_AS(check_probability("q", 1.5), "q is 1.5, a probability was expected", argument_error);
}
