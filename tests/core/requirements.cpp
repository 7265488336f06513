#include <doctest/doctest.h>

#include <preflearn/core/requirements.hpp>

#include "archetypes.hpp"

using namespace preflearn;
using namespace test;

// The sentences for types that fall short are read by tests/house/misuse; here, the least that models a concept passes.
TEST_CASE("no check stands in the way of a type that models its concept") {
    check_comparison<least_comparison>();
    check_teacher<least_teacher, least_comparison>();
    check_reward_model<least_reward, least_comparison>();
    check_policy<least_policy, least_comparison>();
    check_generative_policy<least_generative_policy, least_comparison>();
    check_trainable<least_trainable, batch_of_nothing>();
    check_preference_loss<least_loss, double>();
    check_backend<least_backend, float>();
    CHECK(Comparison<least_comparison>);
}
