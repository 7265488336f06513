#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/supervised.hpp>

#include "toys.hpp"

using namespace preflearn;

TEST_CASE("supervised training reaches the maximum of the likelihood: the frequencies of the tokens") {
    const token_data data(40);
    unigram<double> policy(6, 5);
    const training_history history =
        train_supervised(policy, data.completions, {.rate = 0.05, .weight_decay = 0},
                         {.epochs = 1500, .batch_size = 40, .schedule = schedule::linear, .observer = {}});
    std::vector<double> counts(6);
    double total = 0;
    for (const auto& c : data.completions) {
        for (const auto token : c.response) {
            counts[static_cast<std::size_t>(token)] += 1;
            total += 1;
        }
    }
    double entropy = 0;
    for (std::size_t t = 0; t < 6; ++t) {
        CHECK(std::exp(policy.log_distribution()[t]) == doctest::Approx(counts[t] / total).epsilon(1e-3));
        entropy -= counts[t] / total * std::log(counts[t] / total);
    }
    CHECK(history.steps.back().loss == doctest::Approx(entropy).epsilon(1e-6)); // nats per token, not per sequence
    CHECK(history.steps.front().loss > history.steps.back().loss);
    CHECK(std::isnan(history.steps.back().rewards_accuracies));
}

TEST_CASE("the loss is the mean over tokens of the batch, whatever the micro-batches") {
    const token_data data(13);
    double log_prob = 0, tokens = 0;
    const unigram<double> start(6, 5);
    for (const auto& c : data.completions) {
        log_prob += start.log_prob({}, c.response);
        tokens += static_cast<double>(c.response.size());
    }
    for (const std::size_t micro : {0U, 1U, 4U, 13U, 50U}) {
        unigram<double> policy = start;
        const auto history = train_supervised(policy, data.completions, {},
                                              {.batch_size = 13, .micro_batch_size = micro, .observer = {}});
        CHECK(history.steps.at(0).loss == doctest::Approx(-log_prob / tokens).epsilon(1e-14));
    }
}

TEST_CASE("a log-prob that is not finite names the step and the example") {
    const token_data data(5);
    unigram<double> policy(6);
    policy.logits[2] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(train_supervised(policy, data.completions, {}, {.observer = {}}),
                         doctest::Contains("step 1 of 1: the log-prob of example "), numeric_error);
}
