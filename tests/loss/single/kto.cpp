#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/loss/single/kto.hpp>

#include "../completions.hpp"

using namespace preflearn;

static_assert(CoupledUnpairedLoss<kto<>, float> && CoupledUnpairedLoss<kto<class_mean_kl<>>, double> &&
              CoupledUnpairedLoss<kto<given_kl>, double> && UnpairedLoss<apo_zero_unpaired, float>);

TEST_CASE("at u = k both classes cost half and pull with a quarter of β") {
    completions<double> c;
    c.log_prob = {-3, -7};
    c.reference = {-5, -9};
    c.desirable = {1, 0};
    const kto<given_kl> loss{.beta = 0.4, .estimator = {2}};
    CHECK(loss(c.scores(), c.out()).loss == 1);
    CHECK(c.gradient == std::vector<double>{-0.1, 0.1});
}

TEST_CASE("the estimate is the clamped mean of the mismatched log-ratios, and each estimator is what it says") {
    completions<double> c = random_completions<double>(100), same = c;
    double mean = 0;
    for (const double x : c.mismatched) mean += x / 100;
    REQUIRE(mean > 0);
    CHECK(kto<>{}(c.scores(), c.out()).loss ==
          doctest::Approx(kto<given_kl>{.estimator = {mean}}(same.scores(), same.out()).loss));
    CHECK(kto<>{}(c.scores(), c.out()).baselines / 100 == doctest::Approx(mean));
    for (double& x : c.mismatched) x -= 10;
    CHECK(kto<>{}(c.scores(), c.out()).loss == apo_zero_unpaired{}(same.scores(), same.out()).loss);
    CHECK(kto<mismatched_kl<unclamped>>{}(c.scores(), c.out()).loss ==
          doctest::Approx(kto<given_kl>{.estimator = {mean - 10}}(same.scores(), same.out()).loss));
}

TEST_CASE("class means: each class is measured against the other") {
    completions<double> c;
    c.log_prob = {-1, -2, -3, -4};
    c.reference = {-3, -3, -4, -7};
    c.desirable = {1, 0, 0, 1}; // log-ratios 2, 1, 1, 3
    const kto<class_mean_kl<>> loss{.beta = 1};
    const double expected = sigmoid(-(2.0 - 1)) + sigmoid(-(3.0 - 1)) + 2 * sigmoid(-(2.5 - 1));
    CHECK(loss(c.scores(), c.out()).loss == doctest::Approx(expected).epsilon(1e-15));
    c.desirable = {1, 1, 1, 1};
    CHECK(loss(c.scores(), c.out()).loss == doctest::Approx(apo_zero_unpaired{.beta = 1}(c.scores(), c.out()).loss));
}

TEST_CASE("gradients agree with finite differences of the loss at the estimate") {
    const completions<double> c = random_completions<double>(60);
    CHECK(gradient_error_under(kto<>{.beta = 0.5, .desirable_weight = 1.3}, c) < 1e-9);
    CHECK(gradient_error_under(kto<class_mean_kl<unclamped>>{.beta = 0.2, .undesirable_weight = 2}, c) < 1e-9);
}

TEST_CASE("shards merge to the bits of the batch") {
    check_shards(kto<>{}, random_completions<double>(70'000));
    check_shards(kto<class_mean_kl<>>{}, random_completions<double>(701));
}

TEST_CASE("class weights scale their class alone") {
    completions<double> c = random_completions<double>(50), d = c;
    kto<>{}(c.scores(), c.out());
    kto<>{.desirable_weight = 4, .undesirable_weight = 0.5}(d.scores(), d.out());
    for (std::size_t i = 0; i < 50; ++i) CHECK(d.gradient[i] == (c.desirable[i] != 0 ? 4 : 0.5) * c.gradient[i]);
}

TEST_CASE_TEMPLATE("log-ratios to ±1e30 saturate; far on the right side the loss is relatively accurate", Real, float,
                   double) {
    const std::array<std::uint8_t, 4> desirable{1, 1, 0, 0};
    for (const Real size : {Real(1e4), Real(1e30)}) {
        const std::vector<Real> p{size, -size, size, -size};
        std::vector<Real> d(4);
        const unpaired_sums sums =
            kto<given_kl>{.beta = 1}({.log_prob = p, .desirable = desirable}, std::span<Real>(d));
        CHECK(sums.loss == 2);
        CHECK(d == std::vector<Real>(4, 0));
    }
    const std::vector<Real> far{50, 50, -50, -50};
    std::vector<Real> d(4);
    apo_zero_unpaired{.beta = 1}({.log_prob = far, .desirable = desirable}, std::span<Real>(d));
    CHECK(static_cast<double>(d[0]) == doctest::Approx(-std::exp(-50.0)).epsilon(1e-6));
    CHECK(static_cast<double>(d[2]) == doctest::Approx(std::exp(-50.0)).epsilon(1e-6));
}

TEST_CASE("a missing or broken estimate is named") {
    completions<double> c = random_completions<double>(10);
    c.mismatched[3] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH_AS(kto<>{}(c.scores(), c.out()), doctest::Contains("mismatched response 3: its log-ratio is nan"),
                         numeric_error);
    c.mismatched.clear();
    CHECK_THROWS_WITH_AS(kto<>{}(c.scores(), c.out()), doctest::Contains("needs the column mismatched"),
                         argument_error);
    c.log_prob[4] = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH_AS(kto<class_mean_kl<>>{}(c.scores(), c.out()),
                         doctest::Contains("completion 4: log_prob is inf"), numeric_error);
    const completions<double> none;
    CHECK(kto<>{}(none.scores(), std::span<double>()).loss == 0);
}
