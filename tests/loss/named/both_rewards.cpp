#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/loss/named/both_rewards.hpp>

#include "../pairs.hpp"

using namespace preflearn;

TEST_CASE("losses of each response alone fall when the chosen one gains") {
    CHECK(value_of(nca{}, 2, 0) < value_of(nca{}, 1, 0));
    CHECK(value_of(bco_pair{}, 2, 0) < value_of(bco_pair{}, 1, 0));
    CHECK(value_of(apo_zero{.beta = 1}, 2, -1) == doctest::Approx(1 - sigmoid(2.0) + sigmoid(-1.0)));
    CHECK(value_of(sppo_hard{}, 2, 0) < value_of(sppo_hard{}, 1, 0));
}
