#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/loss/named/reward_model.hpp>

#include "../pairs.hpp"

using namespace preflearn;

TEST_CASE("the Bradley-Terry loss of rewards is log(1 + e^-difference), and smoothing lifts it") {
    CHECK(value_of(bradley_terry{}, 3, 1) == doctest::Approx(softplus(-2.0)));
    CHECK(value_of(smoothed_bradley_terry{}, 3, 1) >= value_of(bradley_terry{}, 3, 1));
}

TEST_CASE(
    "a classifier of both orders: each order alone is Bradley-Terry of its logit, and antisymmetric logits repeat") {
    const double both = value_of(pair_classifier{}, 1.5, -0.25);
    CHECK(both == doctest::Approx(value_of(bradley_terry{}, 1.5, 0) + value_of(bradley_terry{}, 0, -0.25)));
    CHECK(value_of(pair_classifier{}, 1.5, -1.5) == doctest::Approx(2 * value_of(bradley_terry{}, 1.5, 0)));
}
