#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/loss/coupled/reward_shift.hpp>
#include <preflearn/loss/single/bco.hpp>

#include "../completions.hpp"
#include "../shards.hpp"

using namespace preflearn;

static_assert(CoupledUnpairedLoss<bco, float> && CoupledUnpairedLoss<bco, double>);

TEST_CASE("the loss is that of a classifier whose threshold is the mean reward") {
    completions<double> c = random_completions<double>(200);
    c.weight.clear();
    double delta = 0, expected = 0;
    for (std::size_t i = 0; i < 200; ++i) delta += 0.1 * (c.log_prob[i] - c.reference[i]) / 200;
    for (std::size_t i = 0; i < 200; ++i) {
        const double x = 0.1 * (c.log_prob[i] - c.reference[i]) - delta;
        expected += softplus(c.desirable[i] != 0 ? -x : x);
    }
    const unpaired_sums sums = bco{}(c.scores(), c.out());
    CHECK(sums.loss == doctest::Approx(expected).epsilon(1e-13));
    CHECK(sums.baselines / 200 == doctest::Approx(delta / 0.1).epsilon(1e-13));
}

TEST_CASE("the running mean goes on where it stood, over rewards") {
    const completions<double> a = random_completions<double>(30, 1), b = random_completions<double>(10, 2);
    const bco loss{};
    auto first = loss.reduce(a.scores()), second = loss.reduce(b.scores()), both = first;
    both += second;
    second.before = first.after();
    CHECK(second.after().count == 40);
    CHECK(second.delta() == doctest::Approx(both.delta()).epsilon(1e-14));
}

TEST_CASE("at the delta that the batch would have, a given delta is BCO") {
    completions<double> c = random_completions<double>(40), d = c;
    const double delta = bco{.beta = 0.2}.reduce(c.scores()).delta();
    CHECK(bco_given_delta{.beta = 0.2, .delta = delta}(c.scores(), c.out()).loss ==
          bco{.beta = 0.2}(d.scores(), d.out()).loss);
    CHECK(c.gradient == d.gradient);
}

TEST_CASE("a pair is a desirable and an undesirable completion") {
    const pairs<double> p = marginless(64);
    completions<double> c;
    for (std::size_t i = 0; i < 64; ++i) {
        for (const bool good : {true, false}) {
            c.log_prob.push_back(good ? p.chosen[i] : p.rejected[i]);
            c.reference.push_back(good ? p.reference_chosen[i] : p.reference_rejected[i]);
            c.weight.push_back(p.weight[i]);
            c.desirable.push_back(good ? 1 : 0);
        }
    }
    pairs<double> hard = p;
    hard.target.clear();
    const loss_sums paired = bco_pair_shifted{}(hard.scores(), hard.gradients());
    CHECK(bco{}(c.scores(), c.out()).loss == doctest::Approx(paired.loss).epsilon(1e-13));
    for (std::size_t i = 0; i < 64; ++i) {
        CHECK(c.gradient[2 * i] == doctest::Approx(hard.d_chosen[i]).epsilon(1e-12));
        CHECK(c.gradient[2 * i + 1] == doctest::Approx(hard.d_rejected[i]).epsilon(1e-12));
    }
}

TEST_CASE("weights are density ratios: they scale a completion's share and not the shift") {
    completions<double> c = random_completions<double>(40), d = c;
    c.weight.assign(40, 1);
    for (std::size_t i = 0; i < 40; ++i) d.weight[i] = c.desirable[i] != 0 ? 1 : 0.5;
    bco{}(c.scores(), c.out());
    bco{}(d.scores(), d.out());
    for (std::size_t i = 0; i < 40; ++i) CHECK(d.gradient[i] == d.weight[i] * c.gradient[i]);
}

TEST_CASE("gradients agree with finite differences at the shift; shards merge to the bits of the batch") {
    CHECK(gradient_error_under(bco{.beta = 0.3}, random_completions<double>(50)) < 1e-9);
    check_shards(bco{}, random_completions<double>(20'011));
}

TEST_CASE("what is not finite is named") {
    completions<double> c = random_completions<double>(10);
    c.reference[6] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(bco{}(c.scores(), c.out()), doctest::Contains("completion 6: reference is nan"),
                         numeric_error);
}
