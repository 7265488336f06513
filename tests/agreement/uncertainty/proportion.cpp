#include <cmath>

#include <doctest/doctest.h>

#include <preflearn/agreement/uncertainty/proportion.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../close.hpp"

using namespace preflearn;

TEST_CASE("Wilson and Clopper-Pearson intervals equal statsmodels'") {
    const interval seven = wilson_interval(7, 10);
    CHECK(close(seven.low, 0.3967781, 1e-6));
    CHECK(close(seven.high, 0.8922087, 1e-6));
    const interval none = wilson_interval(0, 10);
    CHECK(none.low == 0);
    CHECK(close(none.high, 0.2775328, 1e-6));
    const interval exact = clopper_pearson_interval(7, 10);
    CHECK(close(exact.low, 0.3475471499400027, 1e-12));
    CHECK(close(exact.high, 0.9332604888222655, 1e-12));
    CHECK(clopper_pearson_interval(0, 10).low == 0);
    CHECK(close(clopper_pearson_interval(0, 10).high, 1 - std::pow(0.025, 0.1), 1e-12));
    CHECK(clopper_pearson_interval(10, 10).high == 1);
}

TEST_CASE("a proportion of nothing is empty, not a number") {
    const estimate e = proportion(0, 0);
    CHECK(e.status == estimate_status::empty);
    CHECK(std::isnan(e.value));
    CHECK(std::isnan(e.bounds.low));
    CHECK(e.value_or(0.5) == 0.5);
    CHECK_THROWS_AS(proportion(3, 2), argument_error);
    CHECK_THROWS_AS(wilson_interval(1, 0), argument_error);
    CHECK_THROWS_AS(wilson_interval(1, 2, 1.0), argument_error);
}

TEST_CASE("the interval is the mirror image when successes and failures change places") {
    for (std::size_t k = 0; k <= 25; ++k) {
        const interval a = wilson_interval(static_cast<double>(k), 25),
                       b = wilson_interval(25.0 - static_cast<double>(k), 25);
        CHECK(a.low == doctest::Approx(1 - b.high).epsilon(1e-14));
        CHECK(a.contains(static_cast<double>(k) / 25));
    }
    const interval a = trinomial_interval({7, 5, 2}), b = trinomial_interval({2, 5, 7});
    CHECK(a.low == doctest::Approx(1 - b.high).epsilon(1e-12));
    CHECK(a.high == doctest::Approx(1 - b.low).epsilon(1e-12));
}

TEST_CASE("a tie rule decides what a tie is worth") {
    const outcomes o{6, 2, 2};
    CHECK(win_share(o, tie_rule::half).value == doctest::Approx(0.7));
    CHECK(win_share(o, tie_rule::wrong).value == doctest::Approx(0.6));
    CHECK(win_share(o, tie_rule::drop).value == doctest::Approx(0.75));
    CHECK(win_share(o, tie_rule::half).count == 10);
    CHECK(win_share(o, tie_rule::drop).count == 8);
    CHECK(win_share({0, 4, 0}, tie_rule::drop).status == estimate_status::empty);
    CHECK(std::isnan(win_share({1, 0, 0}, tie_rule::half).standard_error));
}

TEST_CASE("without ties the trinomial interval is Wilson's, and few ties move it little") {
    CHECK(trinomial_interval({7, 0, 3}) == wilson_interval(7, 10));
    const interval with = trinomial_interval({70'000, 1, 30'000}), without = wilson_interval(70'000, 100'000);
    CHECK(close(with.low, without.low, 1e-5));
    CHECK(close(with.high, without.high, 1e-5));
}

TEST_CASE("ties make the interval narrower than the binomial one, and all ties do not collapse it") {
    const interval ties = trinomial_interval({3, 4, 3}), binomial = wilson_interval(5, 10);
    CHECK(ties.high - ties.low < 0.9 * (binomial.high - binomial.low));
    const interval all = trinomial_interval({0, 10, 0});
    // Closed form: the score at μ <= ½ is (½ - μ)² = z²/n · μ(½ - μ).
    const double z = normal_critical(0.95);
    CHECK(close(all.low, 0.5 / (1 + z * z / 10), 1e-12));
    CHECK(all.high == doctest::Approx(1 - all.low).epsilon(1e-12));
}

TEST_CASE("the trinomial interval covers the true win rate about as often as it says") {
    const double win = 0.35, tie = 0.3, truth = win + tie / 2;
    std::size_t covered = 0;
    constexpr std::size_t trials = 4000;
    for (std::size_t t = 0; t < trials; ++t) {
        generator random(3, "coverage", t);
        outcomes o;
        for (int i = 0; i < 30; ++i) {
            const double u = random.uniform();
            ++(u < win ? o.wins : u < win + tie ? o.ties : o.losses);
        }
        covered += trinomial_interval(o).contains(truth);
    }
    CHECK(covered > 0.935 * trials);
    CHECK(covered < 0.965 * trials);
}

TEST_CASE("outcomes of shards add up; NaN is refused") {
    outcomes a, b, both;
    for (const double x : {1.0, -2.0, 0.0, 3.0}) a.add(x), both.add(x);
    for (const double x : {0.0, -1.0}) b.add(x), both.add(x);
    a += b;
    CHECK(a == both);
    CHECK(a == outcomes{2, 2, 2});
    CHECK_THROWS_AS(a.add(std::nan("")), numeric_error);
}
