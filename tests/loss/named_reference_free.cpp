#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/core/log_space.hpp>
#include <preflearn/loss/named_reference_free.hpp>

#include "pairs.hpp"

using namespace preflearn;

TEST_CASE("SimPO without a margin is the logistic loss of token means, and a longer margin costs more") {
    CHECK(value_of(simpo{.beta = 2, .simpo_gamma = 0}, -1, -2) == doctest::Approx(softplus(-2.0)));
    CHECK(value_of(simpo{.beta = 2, .simpo_gamma = 1}, -1, -2) > value_of(simpo{.beta = 2, .simpo_gamma = 0}, -1, -2));
}
