#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/coupled/normalised.hpp>
#include <preflearn/loss/coupled/weighted_sum.hpp>
#include <preflearn/loss/named.hpp>

#include "../shards.hpp"

using namespace preflearn;

static_assert(CoupledPreferenceLoss<confidence_weighted_dpo_normalised, float> &&
              CoupledPreferenceLoss<chosen_likelihood_token_mean, double> &&
              CoupledPreferenceLoss<mpo_token_mean, float>);

TEST_CASE("normalised confidence weights: the loss divided by the weights is Σ C l / Σ C") {
    pairs<double> p = random_pairs<double>(5000), q = p;
    const loss_sums plain = confidence_weighted_dpo{}(q.scores(), q.gradients());
    const loss_sums normalised = confidence_weighted_dpo_normalised{}(p.scores(), p.gradients());
    CHECK(normalised.weight == doctest::Approx(dpo{}(p.scores(), {}).weight).epsilon(1e-14));
    double confidence = 0;
    for (std::size_t i = 0; i < 5000; ++i) confidence += p.weight[i] * std::abs(2 * p.target[i] - 1);
    CHECK(normalised.loss / normalised.weight == doctest::Approx(plain.loss / confidence).epsilon(1e-13));
    const double factor = normalised.weight / confidence;
    for (std::size_t i = 0; i < 5000; ++i)
        CHECK(p.d_chosen[i] == doctest::Approx(factor * q.d_chosen[i]).epsilon(1e-13));
}

TEST_CASE("with one confidence for all pairs it is DPO, whatever the confidence") {
    pairs<double> p = random_pairs<double>(100), q = p;
    p.target.assign(100, 0.625);
    q.target.clear();
    CHECK(confidence_weighted_dpo_normalised{}(p.scores(), p.gradients()).loss ==
          doctest::Approx(dpo{}(q.scores(), q.gradients()).loss).epsilon(1e-13));
    for (std::size_t i = 0; i < 100; ++i) CHECK(p.d_chosen[i] == doctest::Approx(q.d_chosen[i]).epsilon(1e-13));
    p.target.assign(100, 0.5);
    CHECK(confidence_weighted_dpo_normalised{}(p.scores(), p.gradients()).loss == 0);
}

TEST_CASE("token mean: the sum of log-probs over the sum of tokens") {
    pairs<double> p = random_pairs<double>(777);
    p.weight.clear();
    p.target.clear();
    p.margin.clear();
    const loss_sums sums = chosen_likelihood_token_mean{}(p.scores(), p.gradients());
    double log_probs = 0, tokens = 0;
    for (std::size_t i = 0; i < 777; ++i) {
        log_probs += p.chosen[i];
        tokens += p.chosen_tokens[i];
    }
    CHECK(sums.loss / 777 == doctest::Approx(-log_probs / tokens).epsilon(1e-13));
    for (const double d : p.d_chosen) CHECK(d == doctest::Approx(-777 / tokens).epsilon(1e-14));
    for (const double d : p.d_rejected) CHECK(d == 0);
    // Equal lengths: the mean of means.
    p.chosen_tokens.assign(777, 12);
    CHECK(chosen_likelihood_token_mean{}(p.scores(), {}).loss ==
          doctest::Approx(chosen_likelihood{}(p.scores(), {}).loss).epsilon(1e-13));
}

TEST_CASE("MPO with a token mean is the sum of its three losses") {
    const mpo_token_mean whole{.beta = 0.3};
    const weighted_sum<dpo, bco_pair, chosen_likelihood_token_mean> parts{
        .losses = {dpo{.beta = 0.3}, bco_pair{.beta = 0.3}, {}}, .weights = {0.8, 0.2, 1}};
    pairs<double> p = random_pairs<double>(3000);
    p.margin.clear();
    pairs<double> q = p;
    const loss_sums sums = whole(p.scores(), p.gradients()), added = parts(q.scores(), q.gradients());
    CHECK(sums.loss == doctest::Approx(added.loss).epsilon(1e-13));
    CHECK(sums.weight == added.weight);
    CHECK(sums.chosen_rewards == doctest::Approx(added.chosen_rewards).epsilon(1e-12));
    for (std::size_t i = 0; i < 3000; ++i) {
        CHECK(p.d_chosen[i] == doctest::Approx(q.d_chosen[i]).epsilon(1e-13));
        CHECK(p.d_rejected[i] == doctest::Approx(q.d_rejected[i]).epsilon(1e-13));
    }
}

TEST_CASE("gradients agree with finite differences; merged shards are the batch to the bit") {
    pairs<double> p = random_pairs<double>(300);
    CHECK(batch_gradient_error(confidence_weighted_dpo_normalised{.beta = 0.4}, random_pairs<double>(30)) < 1e-8);
    check_merging(confidence_weighted_dpo_normalised{}, p, 0);
    check_threads(confidence_weighted_dpo_normalised{}, random_pairs<double>(40'000));
    p.margin.clear();
    check_merging(chosen_likelihood_token_mean{}, p, 0);
    check_merging(mpo_token_mean{}, p, 0);
    pairs<double> few = random_pairs<double>(30);
    few.margin.clear();
    CHECK(batch_gradient_error(chosen_likelihood_token_mean{}, few) < 1e-8);
    CHECK(batch_gradient_error(mpo_token_mean{.beta = 0.4}, few) < 1e-8);
}

TEST_CASE("what is missing or wrong is named") {
    pairs<double> p = random_pairs<double>(10);
    p.margin.clear();
    p.chosen_tokens.clear();
    CHECK_THROWS_WITH_AS(chosen_likelihood_token_mean{}(p.scores(), p.gradients()), doctest::Contains("chosen_tokens"),
                         argument_error);
    p = random_pairs<double>(10);
    p.target[3] = 2;
    CHECK_THROWS_WITH_AS(confidence_weighted_dpo_normalised{}(p.scores(), p.gradients()),
                         doctest::Contains("pair 3: target is 2"), argument_error);
    p = random_pairs<double>(10);
    p.chosen[4] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(confidence_weighted_dpo_normalised{}(p.scores(), p.gradients()),
                         doctest::Contains("pair 4: chosen is nan"), numeric_error);
    p = random_pairs<double>(10);
    p.weight.assign(10, 1e308);
    CHECK_THROWS_WITH_AS(confidence_weighted_dpo_normalised{}(p.scores(), p.gradients()),
                         doctest::Contains("weights add up to more than a number can hold"), numeric_error);
}
