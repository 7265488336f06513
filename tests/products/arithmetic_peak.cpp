#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/products/arithmetic_peak.hpp>

using namespace preflearn;

TEST_CASE("the peak is a rate of this machine") {
    const double peak = arithmetic_peak(1);
    CHECK(std::isfinite(peak));
    CHECK(peak > 1e6);
    CHECK(peak < 1e15);
}
