#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/coupled/filtered.hpp>
#include <preflearn/loss/named/dpo_relatives.hpp>

#include "../dual.hpp"
#include "../shards.hpp"

using namespace preflearn;

static_assert(CoupledPreferenceLoss<filtered_ropo, float> && CoupledPreferenceLoss<filtered_ropo, double>);

TEST_CASE("the pairs of the least loss keep the share of all weight, by hand") {
    const filtered_state four({3, 1, 2, 9}, {1, 1, 1, 1});
    CHECK(four.factors(1) == std::vector<double>(4, 1));
    CHECK(four.factors(0.5) == std::vector<double>{0, 2, 2, 0});
    const std::vector<double> border = four.factors(0.625); // two and a half of four
    CHECK(border[0] == doctest::Approx(0.5 / 0.625));
    CHECK(border[1] == doctest::Approx(1 / 0.625));
    CHECK(border[3] == 0);
    CHECK(filtered_state({1, 5, 5}, {2, 1, 1}).factors(0.75) ==
          std::vector<double>{1 / 0.75, 0.5 / 0.75, 0.5 / 0.75}); // equal ones share what is left
    CHECK(filtered_state().factors(0.5).empty());
}

TEST_CASE("filtered, the loss is the mean of ROPO's over the pairs that are kept") {
    pairs<double> p = random_pairs<double>(40);
    p.weight.clear();
    std::vector<double> losses(40);
    ropo{.beta = 0.5, .alpha = 6}(p.scores(), pair_gradients<double>{.values = losses});
    std::vector<double> sorted = losses;
    std::ranges::sort(sorted);
    double kept = 0;
    for (std::size_t i = 0; i < 30; ++i) kept += sorted[i] / 30;
    const filtered_ropo loss{.beta = 0.5, .alpha = 6, .filtered = 0.25};
    const loss_sums sums = loss(p.scores(), p.gradients());
    CHECK(sums.loss / sums.weight == doctest::Approx(kept).epsilon(1e-12));
    CHECK(sums.weight == 40);
    for (std::size_t i = 0; i < 40; ++i)
        if (losses[i] > sorted[30]) CHECK(p.d_chosen[i] == 0);
}

TEST_CASE("nothing filtered it is ROPO, and its gradient is that of finite differences") {
    pairs<double> p = random_pairs<double>(200), q = p;
    CHECK(filtered_ropo{.filtered = 0}(p.scores(), p.gradients()).loss == ropo{}(q.scores(), q.gradients()).loss);
    CHECK(p.d_chosen == q.d_chosen);
    CHECK(batch_gradient_error(filtered_ropo{.beta = 0.5, .filtered = 0.3}, random_pairs<double>(31)) < 1e-7);
}

TEST_CASE("told the rate of labels that were turned, it leaves out those that were") {
    // A model that is right about all pairs, of which every fifth has the wrong label.
    pairs<double> p = random_pairs<double>(50);
    p.weight.clear();
    p.target.clear();
    p.margin.clear();
    p.reference_chosen.assign(50, 0);
    p.reference_rejected.assign(50, 0);
    for (std::size_t i = 0; i < 50; ++i) {
        p.chosen[i] = i % 5 == 0 ? -20 - 0.1 * static_cast<double>(i) : -10;
        p.rejected[i] = i % 5 == 0 ? -10 : -20 - 0.1 * static_cast<double>(i);
    }
    filtered_ropo{.filtered = 0.2}(p.scores(), p.gradients());
    for (std::size_t i = 0; i < 50; ++i) CHECK((p.d_chosen[i] == 0) == (i % 5 == 0));
}

TEST_CASE("merged shards are the batch, and the threads change no bit") {
    check_merging(filtered_ropo{}, random_pairs<double>(300), 1e-14);
    check_threads(filtered_ropo{}, random_pairs<double>(20'000));
}

TEST_CASE("a share that is none is refused") {
    pairs<double> p = random_pairs<double>(4);
    CHECK_THROWS_AS(filtered_ropo{.filtered = 1}(p.scores(), {}), argument_error);
    CHECK_THROWS_AS(filtered_ropo{.filtered = -0.1}(p.scores(), {}), argument_error);
}
