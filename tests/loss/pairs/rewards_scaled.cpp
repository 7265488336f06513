#include <doctest/doctest.h>

#include <preflearn/loss/named/dpo.hpp>
#include <preflearn/loss/pairs/rewards_scaled.hpp>

#include "../pairs.hpp"

using namespace preflearn;

TEST_CASE("rewards are the loss's times beta, and nothing else changes") {
    pairs<double> a = random_pairs<double>(70), b = a;
    const pairwise<log_ratio, logistic> loss{.beta = 1};
    const loss_sums plain = loss(a.scores(), a.gradients());
    const loss_sums scaled = rewards_scaled<pairwise<log_ratio, logistic>>{0.25, loss}(b.scores(), b.gradients());
    CHECK(scaled.loss == plain.loss);
    CHECK(b.d_chosen == a.d_chosen);
    CHECK(scaled.chosen_rewards == 0.25 * plain.chosen_rewards);
    CHECK(scaled.rejected_rewards == 0.25 * plain.rejected_rewards);
    CHECK(scaled.correct == plain.correct);
    CHECK_THROWS_WITH_AS((rewards_scaled<pairwise<log_ratio, logistic>>{-1, loss}(b.scores(), b.gradients())),
                         "beta is -1, a positive number was expected", argument_error);
}
