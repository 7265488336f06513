#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/loss/named/dpo_relatives.hpp>

#include "../pairs.hpp"

using namespace preflearn;

TEST_CASE("relatives of DPO reduce to it") {
    CHECK(value_of(dpo_positive{.beta = 0.5, .lambda = 0}, 3, 1) == doctest::Approx(softplus(-1.0)));
    CHECK(value_of(odpo{.beta = 0.5}, 3, 1) == doctest::Approx(softplus(-1.0))); // no margin column
}
