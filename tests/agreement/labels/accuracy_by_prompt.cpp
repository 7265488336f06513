#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/labels/accuracy_by_prompt.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

namespace {

/// Labels of `prompts` prompts with `pairs` pairs each, right with a probability that the prompt decides.
label_set noisy_labels(std::uint64_t prompts, std::uint64_t pairs, std::uint64_t seed) {
    generator random(seed, "noisy");
    label_set labels;
    for (std::uint64_t p = 0; p < prompts; ++p) {
        const double right = random.uniform() < 0.5 ? 0.95 : 0.25;
        for (std::uint64_t i = 0; i < pairs; ++i)
            labels.add({p * pairs + i, random.bernoulli(right) ? preference::for_first() : preference::for_second()});
    }
    return labels;
}

label_set all_first(std::uint64_t count) {
    label_set labels;
    for (std::uint64_t i = 0; i < count; ++i) labels.add({i, preference::for_first()});
    return labels;
}

} // namespace

TEST_CASE("pairs of one prompt tell less: the interval covers the truth as often as it says") {
    std::size_t covered = 0, plain = 0;
    constexpr std::size_t studies = 300;
    const label_set truth = all_first(240);
    for (std::uint64_t seed = 0; seed < studies; ++seed) {
        const label_set labels = noisy_labels(30, 8, seed);
        const auto by_prompt =
            label_accuracy_by_prompt(labels, truth, [](std::uint64_t pair) { return pair / 8; }).rate;
        const auto by_pair = label_accuracy(labels, truth).rate;
        CHECK(by_prompt.value == doctest::Approx(by_pair.value).epsilon(1e-14));
        covered += by_prompt.bounds.contains(0.6);
        plain += by_pair.bounds.contains(0.6);
        CHECK(by_prompt.count == 30);
    }
    CHECK(covered >= studies * 92 / 100);
    CHECK(covered <= studies * 98 / 100);
    CHECK(plain < studies * 75 / 100); // what pairs taken as independent say
}

TEST_CASE("the error is the clustered mean's; prompts may be texts; ties count as their rule says") {
    label_set labels({{0, preference::for_first()},
                      {1, preference::for_second()},
                      {2, preference::tied()},
                      {3, preference::for_first()},
                      {4, preference::abstention()},
                      {9, preference::for_first()}});
    const label_set truth = all_first(5);
    const std::vector<std::string> prompt{"a", "a", "b", "c", "a"};
    const auto prompt_of = [&](std::uint64_t pair) { return prompt.at(pair); };
    const label_accuracy_result half = label_accuracy_by_prompt(labels, truth, prompt_of);
    const std::vector<double> scores{1, 0, 0.5, 1};
    const std::vector<int> clusters{0, 0, 1, 2};
    const estimate expected = clustered_mean(std::span<const double>(scores), std::span<const int>(clusters));
    CHECK(half.rate.value == expected.value);
    CHECK(half.rate.standard_error == expected.standard_error);
    CHECK(half.counts == outcomes{2, 1, 1});
    CHECK(half.abstained == 1);
    CHECK(half.unmatched == 1);
    CHECK(label_accuracy_by_prompt(labels, truth, prompt_of, tie_rule::drop).rate.value == doctest::Approx(2.0 / 3));
    CHECK(label_accuracy_by_prompt(labels, truth, prompt_of, tie_rule::wrong).rate.value == doctest::Approx(0.5));
}

TEST_CASE("no shared prompt, one prompt, all right and nothing") {
    const label_set labels = noisy_labels(20, 1, 3), truth = all_first(20);
    const auto alone = label_accuracy_by_prompt(labels, truth, [](std::uint64_t pair) { return pair; });
    CHECK(alone.rate.bounds == label_accuracy(labels, truth).rate.bounds);
    const auto one = label_accuracy_by_prompt(labels, truth, [](std::uint64_t) { return 0; });
    CHECK(one.rate.defined());
    CHECK(std::isnan(one.rate.standard_error));
    const auto right = label_accuracy_by_prompt(truth, truth, [](std::uint64_t pair) { return pair / 4; });
    CHECK(right.rate.value == 1);
    CHECK(right.rate.bounds.low < wilson_interval(5, 5).low); // five prompts, and what is lost to so few
    CHECK(right.rate.bounds.high == 1);
    CHECK(label_accuracy_by_prompt({}, truth, [](std::uint64_t) { return 0; }).rate.status == estimate_status::empty);
}
