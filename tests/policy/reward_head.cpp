#include <cmath>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/many.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/policy/reward_head.hpp>
#include <preflearn/policy/transformer.hpp>
#include <preflearn/reward/linear.hpp>
#include <preflearn/training/kinds/pairs.hpp>

#include "../reward/differences.hpp"

using namespace preflearn;

namespace {

static_assert(RewardModel<scalar_head<transformer<float>>, token_comparison>);
static_assert(RewardModel<scalar_head<transformer<float>>, comparison<std::vector<token_id>>>);
static_assert(Trainable<scalar_head<transformer<float>>, batch_of<token_comparison>>);

const transformer_config tiny{.vocabulary_size = 9,
                              .hidden_size = 8,
                              .intermediate_size = 6,
                              .layers = 2,
                              .heads = 2,
                              .key_value_heads = 1,
                              .maximum_length = 32};

/// Sequences of random tokens, two responses to every prompt.
struct token_pairs {
    std::vector<std::vector<token_id>> sequences;
    std::vector<token_comparison> comparisons;
    explicit token_pairs(std::size_t pairs) {
        generator random(5, "tokens");
        for (std::size_t i = 0; i < 3 * pairs; ++i) {
            std::vector<token_id> sequence(1 + random.below(4));
            for (token_id& id : sequence) id = static_cast<token_id>(random.below(9));
            sequences.push_back(std::move(sequence));
        }
        for (std::size_t i = 0; i < pairs; ++i)
            comparisons.push_back({i, sequences[3 * i], sequences[3 * i + 1], sequences[3 * i + 2]});
    }
    token_pairs(const token_pairs&) = delete;
    token_pairs& operator=(const token_pairs&) = delete;
    [[nodiscard]] auto completions() const { return completions_of(std::span(comparisons)); }
};

scalar_head<transformer<double>> with_random_head() {
    scalar_head<transformer<double>> reward(transformer<double>(tiny, generator(1, "weights")));
    const auto v = test::normal_numbers(8, 3);
    std::ranges::copy(v, reward.head().begin());
    return reward;
}

} // namespace

TEST_CASE("the gradient of every parameter of model and head is the finite difference") {
    auto reward = with_random_head();
    const token_pairs data(3);
    const auto batch = data.completions();
    CHECK(test::gradient_error(reward, std::span<const token_completion>(batch)) < 1e-6);
}

TEST_CASE("the reward is the head times the hidden state of the last token, alone and in a batch") {
    const auto reward = with_random_head();
    const token_pairs data(4);
    const auto completions = data.completions();
    const std::span<const token_completion> batch(completions);
    const auto all = rewards(reward, batch);
    const auto pass = reward.forward(batch);
    const auto hidden = reward.model().last_hidden(batch);
    for (std::size_t i = 0; i < batch.size(); ++i) {
        double expected = 0;
        for (std::size_t j = 0; j < 8; ++j) expected += hidden.view()(i, j) * reward.head()[j];
        CHECK(all[i] == doctest::Approx(expected));
        CHECK(pass.scores()[i] == doctest::Approx(expected));
        CHECK(reward(batch[i].prompt, batch[i].response) == doctest::Approx(expected));
    }
}

TEST_CASE("a new head knows nothing and leaves the model as it was") {
    const transformer<double> lm(tiny, generator(1, "weights"));
    const scalar_head<transformer<double>> reward(lm);
    const token_pairs data(2);
    const auto batch = data.completions();
    CHECK(reward(batch[0].prompt, batch[0].response) == 0);
    CHECK(reward.model().log_probs(batch) == lm.log_probs(batch));
    CHECK(reward.parameters().size() == lm.parameters().size() + 8);
}

TEST_CASE("the head alone is a linear reward on hidden states: same rewards, same gradient") {
    auto reward = with_random_head();
    const token_pairs data(5);
    const auto batch = data.completions();
    const auto hidden = reward.model().last_hidden(batch);
    using hidden_completion = completion<no_prompt, std::span<const double>>;
    std::vector<hidden_completion> features;
    for (std::size_t i = 0; i < batch.size(); ++i) features.push_back({{}, {hidden.view().row(i), 8}});
    linear_reward<> alone(8);
    std::ranges::copy(reward.head(), alone.parameters().begin());

    const auto d = test::normal_numbers(batch.size(), 8);
    reward.backward(reward.forward(batch), d);
    alone.backward(alone.forward(std::span<const hidden_completion>(features)), d);
    const auto of_head = reward.gradients().last(8);
    for (std::size_t j = 0; j < 8; ++j) CHECK(of_head[j] == doctest::Approx(alone.gradients()[j]));
}

TEST_CASE("trained on a few pairs it tells what labels them, on pairs it has not seen") {
    const token_pairs data(200); // the response with the larger last token is better
    const auto verdict = [](const token_comparison& c) {
        if (c.first.back() == c.second.back()) return preference::abstention();
        return c.first.back() > c.second.back() ? preference::for_first() : preference::for_second();
    };
    const std::span<const token_comparison> all(data.comparisons);
    scalar_head<transformer<float>> reward(transformer<float>(tiny, generator(2, "weights")));
    const auto history = train_preferences(reward, all.first(120), label_all(all.first(120), verdict), {},
                                           bradley_terry{}, adamw{.rate = 0.01}, {.epochs = 12, .batch_size = 20});
    CHECK(history.steps.front().loss == doctest::Approx(std::log(2.0)));
    double right = 0, asked = 0;
    for (const token_comparison& c : all.subspan(120)) {
        if (verdict(c).abstained()) continue;
        ++asked;
        right += (reward(c.prompt, c.first) > reward(c.prompt, c.second)) == (verdict(c).first() == 1);
    }
    CHECK(right / asked > 0.9);
}

TEST_CASE("parameters that are not finite and derivatives that do not fit are refused") {
    auto reward = with_random_head();
    const token_pairs data(1);
    const auto batch = data.completions();
    CHECK_THROWS_AS(reward.backward(reward.forward(batch), std::vector<double>{1}), argument_error);
    reward.head()[0] = std::nan("");
    CHECK_THROWS_AS(rewards(reward, std::span<const token_completion>(batch)), numeric_error);
    CHECK_THROWS_AS(reward({}, batch[0].response), argument_error);
}
