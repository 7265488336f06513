#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/loss/named/dpo.hpp>

#include "../pairs.hpp"

using namespace preflearn;

TEST_CASE("the losses of a score difference have their closed forms") {
    CHECK(value_of(dpo{.beta = 0.5}, 3, 1) == doctest::Approx(softplus(-1.0)));
    CHECK(value_of(hinge{.beta = 0.1}, 3, 1) == doctest::Approx(0.8));
    CHECK(value_of(ipo_sum{.beta = 0.5}, 3, 1) == doctest::Approx(1));
    CHECK(value_of(cdpo{.beta = 0.5, .label_smoothing = 0}, 3, 1) == doctest::Approx(value_of(dpo{.beta = 0.5}, 3, 1)));
}
