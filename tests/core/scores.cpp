#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/scores.hpp>

using namespace preflearn;

TEST_CASE("columns that are not given are empty, and the pairs are counted by the chosen ones") {
    const std::vector<float> chosen{1, 2, 3}, rejected{0, 0, 0};
    const pair_scores<float> scores{.chosen = chosen, .rejected = rejected};
    CHECK(scores.size() == 3);
    CHECK(scores.reference_chosen.empty());
    CHECK(scores.chosen_tokens.empty());
    CHECK(scores.weight.empty());
    CHECK(scores.target.empty());
    CHECK(scores.margin.empty());
}

TEST_CASE("sums of shards add up in every field") {
    const loss_sums part{
        .loss = 1.5, .weight = 2, .pairs = 3, .chosen_rewards = 0.25, .rejected_rewards = -4, .correct = 2, .ties = 1};
    loss_sums sum = part;
    sum += part;
    sum += loss_sums{};
    CHECK(sum.loss == 3);
    CHECK(sum.weight == 4);
    CHECK(sum.pairs == 6);
    CHECK(sum.chosen_rewards == 0.5);
    CHECK(sum.rejected_rewards == -8);
    CHECK(sum.correct == 4);
    CHECK(sum.ties == 2);
}
