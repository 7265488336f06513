#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/many.hpp>

#include "archetypes.hpp"

using namespace preflearn;
using namespace test;

namespace {

std::vector<least_comparison> four_pairs() {
    std::vector<least_comparison> pairs;
    for (int i = 0; i < 4; ++i)
        pairs.push_back({{static_cast<std::uint64_t>(10 + i)}, opaque(i), opaque(i % 2), opaque(1 - i % 2)});
    return pairs;
}

/// Counts how it is asked.
struct batched {
    int* batches;
    double log_prob(int, int) const { return -1; }
    double operator()(int, int) const { return 1; }
    double operator()(const comparison<int>&) const { return 1; }
    std::vector<double> log_probs(std::span<const completion<int>> all) const { return answer(all.size(), -2.0); }
    std::vector<double> rewards(std::span<const completion<int>> all) const { return answer(all.size(), 2.0); }
    std::vector<preference> preferences(std::span<const comparison<int>> all) const {
        return answer(all.size(), preference(0.25));
    }
    template <class T> std::vector<T> answer(std::size_t size, T value) const {
        ++*batches;
        return std::vector<T>(size, value);
    }
};

} // namespace

TEST_CASE("the least that models a concept is enough for every function over many") {
    const std::vector<least_comparison> pairs = four_pairs();
    const auto completions = completions_of(std::span(pairs));
    const std::span<const completion<opaque>> all(completions);

    const std::vector<double> scores = log_probs(least_policy{}, all);
    const std::vector<double> values = rewards(least_reward{}, all);
    const label_set labels = label_all(std::span(pairs), least_teacher{});
    REQUIRE(scores.size() == 8);
    REQUIRE(values.size() == 8);
    REQUIRE(labels.size() == 4);
    for (std::size_t i = 0; i < 8; ++i) {
        CHECK(scores[i] == -(completions[i].prompt.value + completions[i].response.value));
        CHECK(values[i] == completions[i].prompt.value * completions[i].response.value);
    }
    CHECK(labels.begin()->id == 10);
    CHECK(labels.at(10).first() == 0.125);
    CHECK(labels.at(11).first() == 0.75);
}

TEST_CASE("a type's own batch member is asked once instead of its scalar form") {
    int batches = 0;
    const batched model{&batches};
    const std::vector<comparison<int>> pairs{{1, 0, 1, 2}, {2, 0, 3, 4}};
    const auto completions = completions_of(std::span(pairs));
    CHECK(log_probs(model, std::span<const completion<int>>(completions)) == std::vector<double>(4, -2));
    CHECK(rewards(model, std::span<const completion<int>>(completions)) == std::vector<double>(4, 2));
    CHECK(label_all(std::span(pairs), model).at(2).first() == 0.25);
    CHECK(batches == 3);
}

TEST_CASE("an exception names the first failing pair, and duplicate ids are refused") {
    const std::vector<comparison<int>> pairs{{1, 0, 1, 2}, {2, 0, 3, 4}, {1, 0, 5, 6}};
    CHECK_THROWS_WITH_AS(label_all(std::span(pairs), [](const comparison<int>&) { return 0.5; }),
                         "pair 1 is labelled twice", argument_error);
    const auto impossible = [](const comparison<int>& c) { return static_cast<double>(c.first); };
    CHECK_THROWS_WITH_AS(preferences(impossible, std::span(pairs)), doctest::Contains("P(first) = 3"), argument_error);
    CHECK(label_all(std::span(pairs).first(0), impossible).empty());
}

TEST_CASE("samples come from generators of their own, so that order and threads change nothing") {
    struct {
        int sample(int prompt, const sampling_options& options, generator& random) const {
            return prompt + static_cast<int>(random.below(options.max_tokens));
        }
    } policy;
    const std::vector<int> prompts(50, 1000);
    const sampling_options options{.max_tokens = 1000};
    const std::vector<int> drawn = sample_all(policy, std::span(prompts), options, 1, "test");
    for (std::size_t i = 0; i < prompts.size(); ++i)
        CHECK(drawn[i] == 1000 + static_cast<int>(generator(1, "test", i).below(1000)));
    CHECK(sample_all(policy, std::span(prompts).first(7), options, 1, "test") ==
          std::vector<int>(drawn.begin(), drawn.begin() + 7));
    CHECK(drawn != sample_all(policy, std::span(prompts), options, 2, "test"));
}
