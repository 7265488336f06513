#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/policies/length_control.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../close.hpp"
#include "../golden.hpp"

using namespace preflearn;

TEST_CASE("coefficients and sandwich errors equal statsmodels' binomial GLM") {
    const auto peer = golden("peers.json")["length_control"];
    const length_control_result r = length_controlled_win_rate(numbers(peer["outcome"]), numbers(peer["length"]));
    REQUIRE(r.win_rate.defined());
    CHECK(close(r.intercept, peer["coefficients"][0], 1e-9));
    CHECK(close(r.length, peer["coefficients"][1], 1e-9));
    CHECK(close(r.intercept_error, peer["hc0"][0], 1e-8));
    CHECK(close(r.length_error, peer["hc0"][1], 1e-8));
    CHECK(close(r.win_rate.value, sigmoid(r.intercept), 1e-12));
    CHECK(r.win_rate.bounds.contains(r.win_rate.value));
}

TEST_CASE("a judge that only likes length is seen through") {
    generator random(2, "length");
    std::vector<double> outcomes, lengths, units, difficulties;
    for (int i = 0; i < 4000; ++i) {
        const double length = 150 + 100 * random.normal(); // ours are longer
        lengths.push_back(length);
        units.push_back(1000 * length);
        difficulties.push_back(random.normal());
        outcomes.push_back(random.bernoulli(sigmoid(2 * std::tanh(length / 100) + 0.5 * difficulties.back())));
    }
    double raw = 0;
    for (const double y : outcomes) raw += y / 4000;
    const length_control_result r = length_controlled_win_rate(outcomes, lengths, difficulties);
    CHECK(raw > 0.7);
    CHECK(r.win_rate.bounds.contains(0.5));
    CHECK(r.length == doctest::Approx(2).epsilon(0.15));
    CHECK(r.difficulty == doctest::Approx(0.5).epsilon(0.2));
    CHECK(close(length_controlled_win_rate(outcomes, units, difficulties).win_rate.value, r.win_rate.value, 1e-9));
    // The other side of the same verdicts.
    for (double& y : outcomes) y = 1 - y;
    for (double& l : lengths) l = -l;
    CHECK(
        close(length_controlled_win_rate(outcomes, lengths, difficulties).win_rate.value, 1 - r.win_rate.value, 1e-9));
}

TEST_CASE("fits that do not exist") {
    const std::vector<double> lengths{-3, -2, -1, 1, 2, 3}, same(6, 5.0), up{0, 0, 0, 1, 1, 1}, all(6, 1.0),
        mixed{0, 1, 0, 1, 0, 1};
    CHECK(length_controlled_win_rate(up, lengths).win_rate.status == estimate_status::unbounded);
    CHECK(length_controlled_win_rate(all, lengths).win_rate.status == estimate_status::unbounded);
    CHECK(length_controlled_win_rate(mixed, same).win_rate.status == estimate_status::constant_input);
    CHECK(length_controlled_win_rate(mixed, lengths, same).win_rate.status == estimate_status::constant_input);
    CHECK(length_controlled_win_rate({}, {}).win_rate.status == estimate_status::empty);
    CHECK(length_controlled_win_rate(std::vector<double>{1, 0}, std::vector<double>{1, 2}).win_rate.status ==
          estimate_status::too_few);
    CHECK_THROWS_AS(length_controlled_win_rate(mixed, std::vector<double>{1}), argument_error);
    CHECK_THROWS_AS(length_controlled_win_rate(lengths, lengths), argument_error);
    std::vector<double> bad = lengths;
    bad[2] = std::nan("");
    CHECK_THROWS_AS(length_controlled_win_rate(mixed, bad), numeric_error);
}

TEST_CASE("lengths that differ by rounding do not differ") {
    const std::vector<double> outcomes{1, 0, 1, 1, 0, 1}, lengths{0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2, 0.3, 0.3};
    CHECK(length_controlled_win_rate(outcomes, lengths).win_rate.status == estimate_status::constant_input);
}
