#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/named.hpp>
#include <preflearn/pipeline/learning/learning_steps.hpp>

#include "../toy_study.hpp"

using namespace preflearn;

TEST_CASE("a model learns pairs as align does, by the run's seed, and ends when held-out pairs say so") {
    const test::toy_data data(30);
    const test::toy_policy start(8);
    const training_options training{.epochs = 4, .seed = 1};
    const adamw numbers{.rate = 0.05};
    learning_run run{.seed = 9};
    reference_cache cache;
    using pair = std::remove_cvref_t<decltype(data.pairs[0])>;
    const std::span<const pair> pairs(data.pairs);
    const std::vector<double> references = score_pairs_of(start, pairs, cache, run, "reference");
    test::toy_policy policy = copy_of(start);
    const pair_lesson<pair> lesson{pairs, data.human, references};
    const training_history history = learn_pairs(policy, lesson, dpo{.beta = 0.5}, {numbers, training, run, "teacher"});
    training_options seeded = training;
    seeded.seed = 9;
    CHECK(policy.logits ==
          align(copy_of(start), start, data.pairs, data.human, dpo{.beta = 0.5}, numbers, seeded).model.logits);

    std::vector<std::string> told;
    test::toy_policy watched = copy_of(start);
    const training_history short_one =
        learn_pairs(watched, lesson, dpo{.beta = 0.5}, {numbers, training, run, "teacher"},
                    {.evaluate = [] { return held_out_result{.loss = 1}; },
                     .when = {.every = 1, .patience = 2},
                     .say = [&](const std::string& line) { told.push_back(line); }});
    CHECK(short_one.steps.size() == 3); // the first evaluation, and two that were no better
    CHECK(history.steps.size() > 3);
    CHECK(told.size() == 3);
}

TEST_CASE("demonstrations are learned in place") {
    const std::vector<token_id> response{3, 3, 5, 0};
    const std::vector<token_completion> demonstrations{{{}, response}};
    test::toy_policy model(8);
    const double before = model.log_prob({}, response);
    const adamw numbers{.rate = 0.1};
    const training_options training{.epochs = 20};
    const training_history history =
        learn_demonstrations(model, demonstrations, {numbers, training, {}, "fine-tuning"});
    CHECK(history.steps.size() == 20);
    CHECK(model.log_prob({}, response) > before + 1);
}
