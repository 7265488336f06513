#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/training/kinds/pair_numbers.hpp>

#include "../toys.hpp"

using namespace preflearn;

TEST_CASE("pairs in hand stand as their labels have it, with their references, and derivatives beside completions") {
    const std::vector<item_comparison> comparisons{{1, {}, 10, 11}, {2, {}, 20, 21}, {3, {}, 30, 31}};
    label_set labels;
    labels.add({1, preference::abstention()});
    labels.add({2, preference::for_second()});
    labels.add({3, preference{0.75}});
    const std::vector<double> references{-1, -2, -3, -4, -5, -6};
    const labelled_pairs all = orient(std::span(comparisons), labels, {});
    pair_numbers<double> pairs(all, references, {.chosen = {7, 8}}, 3); // one further completion of each pair
    CHECK(pairs.size() == 2);
    CHECK(pairs.abstained() == 1);

    const std::vector<std::size_t> both{1, 0};
    std::vector<item> order;
    std::vector<item_completion> completions;
    for (const std::size_t i : both) append_pair(completions, comparisons[pairs[i].index], pairs[i]);
    for (const item_completion& c : completions) order.push_back(c.response);
    CHECK(order == std::vector<item>{30, 31, 21, 20});

    pairs.gather(both);
    pairs.begin();
    pairs.take(std::vector<double>{1, 2, 3, 4, 5, 6}, both);
    const auto is = [](std::span<const double> found, const std::vector<double>& expected) {
        return std::vector<double>(found.begin(), found.end()) == expected;
    };
    const pair_scores<double> scores = pairs.scores();
    CHECK(is(scores.chosen, {1, 4}));
    CHECK(is(scores.rejected, {2, 5}));
    CHECK(is(scores.reference_chosen, {-5, -4}));
    CHECK(is(scores.reference_rejected, {-6, -3}));
    CHECK(is(scores.target, {0.75, 1}));
    CHECK(scores.weight.empty());
    CHECK(scores.chosen_tokens[0] == 8);
    CHECK(scores.rejected_tokens.empty());

    const pair_gradients<double> gradients = pairs.gradients();
    gradients.chosen[0] = 1, gradients.rejected[0] = 2, gradients.chosen[1] = 3, gradients.rejected[1] = 4;
    const std::span<double> derivatives = pairs.derivatives(10);
    derivatives[2] = derivatives[5] = 7;
    CHECK(is(derivatives, {10, 20, 7, 30, 40, 7}));

    training_step step;
    pairs.report(step, {.pairs = 2});
    CHECK(step.logps_chosen == 2.5);

    pairs.gather(std::span(both).first(1));
    CHECK_THROWS_WITH_AS(pairs.take(std::vector<double>{1, 2}, std::span(both).first(1)),
                         doctest::Contains("the model gave 2 scores for 3 completions"), argument_error);
}
