#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <preflearn/core/system/compiler.hpp>

// What happens under other options is tested by house/misuse.
TEST_CASE("this compiler keeps infinities, NaN and the order of sums") {
    volatile double large = 1e16, one = 1, infinite = std::numeric_limits<double>::infinity();
    CHECK((large + one) + one == large);
    CHECK(large + (one + one) > large);
    CHECK(std::isinf(infinite));
    CHECK(std::isnan(infinite - infinite));
}
