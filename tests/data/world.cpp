#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include <preflearn/data/world.hpp>

using namespace preflearn;

TEST_CASE("a drawn response has the promised length, words and end") {
    const generated_world world({.words = 10, .prompt_words = 3, .shortest = 2, .longest = 5}, 3);
    for (std::size_t i = 0; i < 200; ++i) {
        generator random(1, "test", i);
        const auto prompt = world.draw_prompt(random), response = world.draw_response(prompt, random);
        REQUIRE(prompt.size() == 4);
        CHECK(prompt.back() == world.separator());
        REQUIRE(response.size() >= 3);
        REQUIRE(response.size() <= 6);
        CHECK(response.back() == world.end_token());
        CHECK(prompt.size() + response.size() <= world.longest_sequence());
        for (std::size_t t = 0; t + 1 < response.size(); ++t) {
            CHECK(response[t] > world.separator());
            CHECK(static_cast<std::size_t>(response[t]) < world.vocabulary_size());
        }
    }
}

TEST_CASE("pairs and demonstrations follow from the seed and their number alone") {
    const generated_world world;
    const auto some = draw_comparisons(world, 5, 7), more = draw_comparisons(world, 9, 7),
               other = draw_comparisons(world, 5, 8);
    bool differs = false;
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(some.items[i].id == i);
        CHECK(std::ranges::equal(some.items[i].prompt, more.items[i].prompt));
        CHECK(std::ranges::equal(some.items[i].second, more.items[i].second));
        CHECK_FALSE(std::ranges::equal(some.items[i].first, some.items[i].second));
        differs = differs || !std::ranges::equal(some.items[i].first, other.items[i].first);
    }
    CHECK(differs);
    auto moved = draw_demonstrations(world, 4, 7);
    const auto kept = std::move(moved);
    CHECK(kept.items.size() == 4);
    CHECK(kept.items[3].response.back() == world.end_token());
}

TEST_CASE("the gold reward counts different words, and takes off repetitions and a missing end") {
    const generated_world world({.repetition_cost = 0.75, .unfinished_cost = 2}, 1);
    const std::vector<token_id> prompt{4, 9, 1};
    const auto reward = [&](std::vector<token_id> response) { return world.reward(prompt, response); };
    CHECK(reward({5, 6, 0}) == doctest::Approx(reward({5, 0}) + reward({6, 0})));
    CHECK(reward({5, 6, 0}) == doctest::Approx(reward({6, 5, 0})));
    CHECK(reward({5, 5, 0}) == doctest::Approx(reward({5, 0}) - 0.75));
    CHECK(reward({5, 6}) == doctest::Approx(reward({5, 6, 0}) - 2));
    CHECK(reward({5, 0, 6, 6}) == doctest::Approx(reward({5, 0}))); // what follows the end does not count
    CHECK(reward({-3, 5, 1000, 1, 0}) == doctest::Approx(reward({5, 0})));
    CHECK(reward({0}) == 0);
}

TEST_CASE("gold needs the prompt: without it no order of two responses is right much more often than not") {
    const generated_world world({}, 2);
    const auto data = draw_comparisons(world, 400, 5);
    // The best judge that never sees the prompt still errs about the prompts for which the order is reversed.
    double blind = 0;
    for (std::size_t i = 0; i < 100; ++i) {
        std::size_t first = 0;
        for (std::size_t j = 0; j < data.items.size(); ++j) {
            const auto prompt = data.items[j].prompt;
            first += world.reward(prompt, data.items[i].first) > world.reward(prompt, data.items[i].second);
        }
        const double share = static_cast<double>(first) / static_cast<double>(data.items.size());
        blind += std::max(share, 1 - share) / 100;
    }
    CHECK(blind < 0.75);
}

TEST_CASE("the generator of responses minds the prompt as much as focus says") {
    const auto mean_reward = [](double focus) {
        const generated_world world({.focus = focus}, 2);
        const auto data = draw_demonstrations(world, 500, 5);
        double sum = 0;
        for (const auto& c : data.items) sum += world.reward(c.prompt, c.response);
        return sum / 500;
    };
    CHECK(mean_reward(1) > mean_reward(0) + 0.5);
}

TEST_CASE("options out of range are named") {
    CHECK_THROWS_WITH_AS(generated_world({.words = 0}), doctest::Contains("words is 0"), argument_error);
    CHECK_THROWS_WITH_AS(generated_world({.shortest = 9, .longest = 8}), doctest::Contains("shortest is 9, 1 to 8"),
                         argument_error);
    CHECK_THROWS_WITH_AS(generated_world({.end_probability = 1.5}), doctest::Contains("end_probability is 1.5"),
                         argument_error);
    CHECK_THROWS_WITH_AS(generated_world({.focus = NAN}), doctest::Contains("finite"), argument_error);
}
