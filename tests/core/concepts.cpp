#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/concepts.hpp>

#include "archetypes.hpp"

using namespace preflearn;
using namespace test;

static_assert(Comparison<least_comparison>);

static_assert(Teacher<least_teacher, least_comparison>);
static_assert(!Teacher<teacher_not_const, least_comparison> && !Teacher<teacher_of_texts, least_comparison>);
static_assert(!Teacher<least_teacher, comparison<int>>, "a teacher of another domain");
static_assert(!Teacher<least_teacher, opaque>, "what is judged is a Comparison");

static_assert(RewardModel<least_reward, least_comparison>);
static_assert(!RewardModel<reward_of_pairs, least_comparison> && !RewardModel<least_reward, comparison<std::string>>);
static_assert(!RewardModel<least_teacher, least_comparison> && !Teacher<least_reward, least_comparison>);

static_assert(Policy<least_policy, least_comparison>);
static_assert(!Policy<policy_of_integers, least_comparison> && !Policy<policy_not_const, least_comparison>);
static_assert(!Policy<least_reward, least_comparison>, "a score one calls is no log-probability");

static_assert(GenerativePolicy<least_generative_policy, least_comparison>);
static_assert(!GenerativePolicy<least_policy, least_comparison> &&
              !GenerativePolicy<policy_that_cannot_score, least_comparison> &&
              !GenerativePolicy<policy_with_hidden_randomness, least_comparison>);

static_assert(Trainable<least_trainable, batch_of_nothing>);
static_assert(!Trainable<trainable_of_two_types, batch_of_nothing> &&
              !Trainable<trainable_that_changes, batch_of_nothing> &&
              !Trainable<trainable_without_real, batch_of_nothing> && !Trainable<least_trainable, int>);

static_assert(PreferenceLoss<least_loss, double>);
static_assert(!PreferenceLoss<least_loss, float>, "a loss of another precision");
static_assert(!PreferenceLoss<loss_of_a_number, double> && !PreferenceLoss<loss_without_gradient, double> &&
              !PreferenceLoss<least_loss, int>);

static_assert(Backend<least_backend, float>);
static_assert(!Backend<least_backend, double>, "a product of another precision");
static_assert(!Backend<backend_without_product, float> && !Backend<backend_without_name, float>);

TEST_CASE("lambdas are teachers and reward models; a probability, a verdict and a choice between two all do") {
    using pair = comparison<std::string>;
    const auto by_length = [](const pair& c) { return c.first.size() > c.second.size(); };
    const auto soft = [](const pair&) { return 0.25F; };
    const auto undecided = [](const auto&) { return preference::abstention(); };
    const auto length = [](const std::string&, const std::string& response) { return response.size(); };
    static_assert(Teacher<decltype(by_length), pair> && Teacher<decltype(soft), pair>);
    static_assert(Teacher<decltype(undecided), pair> && Teacher<decltype(undecided), least_comparison>);
    static_assert(RewardModel<decltype(length), pair>);
    const preference verdict = by_length(pair{1, "?", "long", "no"});
    CHECK(verdict == preference::for_first());
}
