#include <cstddef>
#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

#include <preflearn/loss/coupled/reward_shift.hpp>
#include <preflearn/loss/named.hpp>

#include "../shards.hpp"

using namespace preflearn;

static_assert(CoupledPreferenceLoss<bco_pair_shifted, float> && CoupledPreferenceLoss<bco_pair_shifted, double>);

TEST_CASE("of pairs, the running mean counts a batch once, whatever its size") {
    const bco_pair_shifted paired{};
    auto one = paired.reduce(marginless(30, 1).scores()), two = paired.reduce(marginless(10, 2).scores());
    const double mean = (one.delta() + two.delta()) / 2;
    two.before = one.after();
    CHECK(two.after().count == 2);
    CHECK(two.delta() == doctest::Approx(mean).epsilon(1e-14));
    CHECK(bco_pair_shifted{}.reduce(pairs<double>{}.scores()).after() == running_mean{});
}

TEST_CASE("a fixed shift of zero is BCO without one; a fixed shift does not move") {
    pairs<double> p = marginless(100), q = p;
    const auto zero = reward_shift<true>::fixed(0);
    CHECK(bco_pair_shifted{}.map(p.scores(), zero, p.gradients()).loss == bco_pair{}(q.scores(), q.gradients()).loss);
    CHECK(p.d_chosen == q.d_chosen);
    auto fixed = reward_shift<true>::fixed(0.5);
    fixed += bco_pair_shifted{}.reduce(p.scores());
    CHECK(fixed.delta() == 0.5);
}

TEST_CASE("shards of pairs merge to the bits of the batch, and what is not finite is named") {
    check_merging(bco_pair_shifted{}, marginless(300), 0);
    check_threads(bco_pair_shifted{}, marginless(50'000));
    pairs<double> p = marginless(10);
    p.rejected[2] = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH_AS(bco_pair_shifted{}(p.scores(), p.gradients()), doctest::Contains("pair 2: rejected is inf"),
                         numeric_error);
}
