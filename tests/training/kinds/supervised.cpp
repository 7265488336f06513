#include <cmath>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/kinds/supervised.hpp>

#include "../toys.hpp"

using namespace preflearn;

TEST_CASE("supervised training reaches the maximum of the likelihood: the frequencies of the tokens") {
    const token_data data(40);
    token_model<double> policy(6, 5);
    const training_history history = train_supervised(policy, data.completions, {.rate = 0.05, .weight_decay = 0},
                                                      {.epochs = 1500, .batch_size = 40, .schedule = schedule::linear});
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
    const token_model<double> start(6, 5);
    for (const auto& c : data.completions) {
        log_prob += start.log_prob({}, c.response);
        tokens += static_cast<double>(c.response.size());
    }
    for (const std::size_t micro : {0U, 1U, 4U, 13U, 50U}) {
        token_model<double> policy = start;
        const auto history =
            train_supervised(policy, data.completions, {}, {.batch_size = 13, .micro_batch_size = micro});
        CHECK(history.steps.at(0).loss == doctest::Approx(-log_prob / tokens).epsilon(1e-14));
    }
}

namespace {

/// A policy over text that gives each of its tokens, words of two letters, the log-prob of one number.
struct word_policy {
    using real = double;
    struct pass {
        std::vector<double> values;
        [[nodiscard]] std::span<const double> scores() const { return values; }
    };
    std::vector<double> parameter{-2}, gradient{0};
    [[nodiscard]] static std::string_view response_tokens(std::string_view response) {
        return response.substr(response.size() / 2);
    }
    [[nodiscard]] pass forward(std::span<const completion<std::string_view>> batch) const {
        pass p;
        for (const auto& c : batch)
            p.values.push_back(parameter[0] * static_cast<double>(response_tokens(c.response).size()));
        return p;
    }
    void backward(pass&&, std::span<const double>) {}
    std::span<double> parameters() { return parameter; }
    std::span<double> gradients() { return gradient; }
};

} // namespace

TEST_CASE("the length of a text is counted in the model's tokens, not in letters") {
    word_policy policy;
    const std::vector<completion<std::string_view>> texts{{"p", "aabbcc"}, {"p", "dd"}};
    CHECK(train_supervised(policy, texts, {}, {}).steps[0].loss == 2);
}

TEST_CASE("a log-prob that is not finite names the step and the example") {
    const token_data data(5);
    token_model<double> policy(6);
    policy.logits[2] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(train_supervised(policy, data.completions, {}, {}),
                         doctest::Contains("step 1 of 1: the log-prob of example "), numeric_error);
}
