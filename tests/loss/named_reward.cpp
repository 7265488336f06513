#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/core/log_space.hpp>
#include <preflearn/loss/named_reward.hpp>

#include "pairs.hpp"

using namespace preflearn;

TEST_CASE("the Bradley-Terry loss of rewards is log(1 + e^-difference), and smoothing lifts it") {
    CHECK(value_of(bradley_terry{}, 3, 1) == doctest::Approx(softplus(-2.0)));
    CHECK(value_of(smoothed_bradley_terry{}, 3, 1) >= value_of(bradley_terry{}, 3, 1));
}
