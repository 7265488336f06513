#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/finite_number.hpp>

using namespace preflearn;

TEST_CASE("a number is the nearest double, also where that is zero or subnormal") {
    CHECK(finite_number("0.1") == 0.1);
    CHECK(finite_number(" +1.5e2\t") == 150);
    CHECK(finite_number("-.5") == -0.5);
    CHECK(finite_number("1e-310") == 1e-310);
    CHECK(finite_number("3e-324") == std::numeric_limits<double>::denorm_min());
    CHECK(finite_number("2e-324") == 0);
    CHECK(finite_number("1e-400") == 0);
    CHECK(std::signbit(finite_number("-1e-99999999999").value()));
    CHECK(finite_number("1.7976931348623157e308") == std::numeric_limits<double>::max());
}

TEST_CASE("what is no number, or none that a double can hold, is nothing") {
    for (const std::string text : {"", " ", "two", "1x", "0x1", "nan", "inf", "-infinity", "1e999", "-1e999", "--1",
                                   "+-1", "++1", "1,5", "1e-400x", "1 2", "1e"}) {
        CAPTURE(text);
        CHECK_FALSE(finite_number(text).has_value());
    }
}

TEST_CASE("numbers are printed in the shortest digits that read back the same") {
    for (const double value : {0.1, 1.0 / 3, -2.5e-300, 1e30, 5e-324})
        CHECK(std::strtod(shortest_digits(value).c_str(), nullptr) == value);
}
