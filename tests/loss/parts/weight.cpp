#include <doctest/doctest.h>

#include <preflearn/loss/parts/margin.hpp>
#include <preflearn/loss/parts/weight.hpp>

using namespace preflearn;

static_assert(WeightPart<given_weight, float> && WeightPart<given_weight, double>);
static_assert(!WeightPart<given_margin, double>);

TEST_CASE("a confidence weighs by the distance of the label from one half, whichever side") {
    CHECK(given_weight{}(0.25, 0.9) == 0.25);
    CHECK(confidence_weight{}(2.0, 1.0) == 2);
    CHECK(confidence_weight{}(2.0, 0.5) == 0);
    CHECK(confidence_weight{}(2.0, 0.25) == confidence_weight{}(2.0, 0.75));
}
