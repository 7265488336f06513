#include <doctest/doctest.h>

#include <preflearn/loss/weight.hpp>

using namespace preflearn;

static_assert(WeightPart<given_weight, float> && WeightPart<given_weight, double>);
static_assert(MarginPart<given_margin, float> && MarginPart<given_margin, double>);
static_assert(!WeightPart<given_margin, double> && !MarginPart<given_weight, double>);

TEST_CASE("the plain parts hand the columns through") {
    CHECK(given_weight{}(0.25, 0.9) == 0.25);
    CHECK(given_margin{}(-1.5F) == -1.5F);
}
