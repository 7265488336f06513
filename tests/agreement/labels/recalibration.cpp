#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/labels/calibration.hpp>
#include <preflearn/agreement/labels/recalibration.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../close.hpp"
#include "../golden.hpp"

using namespace preflearn;

TEST_CASE("the temperature is scikit-learn's logistic regression without intercept") {
    const auto peer = golden("peers.json")["temperature"];
    const std::vector<double> m = numbers(peer["margin"]), y = numbers(peer["outcome"]);
    const temperature_fit fit = fit_temperature(m, y);
    CHECK(fit.status == estimate_status::ok);
    CHECK(close(fit.temperature, peer["temperature"], 1e-7)); // its optimiser stops there
    double slope = 0;
    for (std::size_t i = 0; i < m.size(); ++i) slope += m[i] * (sigmoid(m[i] / fit.temperature) - y[i]);
    CHECK(std::abs(slope) < 1e-9);
    std::vector<double> scaled = m;
    for (double& x : scaled) x *= 1e6;
    CHECK(close(fit_temperature(scaled, y).temperature, 1e6 * fit.temperature, 1e-10));
    CHECK(fit.loss <= margin_negative_log_likelihood(m, y).value);
}

TEST_CASE("the temperature of margins that were multiplied is that factor") {
    generator random(17, "temperature");
    std::vector<double> margins, outcomes;
    for (int i = 0; i < 50'000; ++i) {
        const double truth = 2 * random.normal();
        margins.push_back(3 * truth);
        outcomes.push_back(random.bernoulli(sigmoid(truth)));
    }
    CHECK(fit_temperature(margins, outcomes).temperature == doctest::Approx(3).epsilon(0.05));
}

TEST_CASE("temperatures that do not exist") {
    const std::vector<double> m{1, -2, 3}, right{1, 0, 1}, wrong{0, 1, 0}, zero{0, 0, 0}, half{0.5, 0.5, 0.5};
    CHECK(fit_temperature(m, right).status == estimate_status::unbounded);
    CHECK(fit_temperature(m, wrong).status == estimate_status::unbounded);
    CHECK(fit_temperature(m, half).status == estimate_status::unbounded);
    CHECK(fit_temperature(zero, right).status == estimate_status::constant_input);
    CHECK(fit_temperature({}, {}).status == estimate_status::empty);
    CHECK(std::isnan(fit_temperature(m, right).temperature));
    CHECK_THROWS_AS(fit_temperature(m, std::vector<double>{1}), argument_error);
    CHECK_THROWS_AS(fit_temperature(std::vector<double>{std::nan("")}, std::vector<double>{1}), numeric_error);
    CHECK_THROWS_AS(fit_temperature(std::vector<double>{1}, std::vector<double>{-1}), argument_error);
}

TEST_CASE("isotonic regression equals scikit-learn's, ties and weights included") {
    const auto peer = golden("peers.json")["isotonic"];
    const isotonic_fit fit = fit_isotonic(numbers(peer["x"]), numbers(peer["y"]), numbers(peer["weight"]));
    const std::vector<double> at = numbers(peer["at"]), value = numbers(peer["value"]);
    for (std::size_t i = 0; i < at.size(); ++i) CHECK(fit(at[i]) == doctest::Approx(value[i]).epsilon(1e-12));
}

TEST_CASE("an isotonic fit rises, keeps the mean, and leaves a rising input as it is") {
    generator random(5, "isotonic");
    std::vector<double> x(500), y(500);
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = random.normal();
        y[i] = x[i] + random.normal();
    }
    const isotonic_fit fit = fit_isotonic(x, y);
    CHECK(std::is_sorted(fit.values.begin(), fit.values.end()));
    double before = 0, after = 0;
    for (std::size_t i = 0; i < x.size(); ++i) before += y[i], after += fit(x[i]);
    CHECK(after == doctest::Approx(before));
    const std::vector<double> rising{1, 2, 3}, values{0, 5, 5.5};
    CHECK(fit_isotonic(rising, values).values == values);
    CHECK(fit_isotonic(rising, values)(1.5) == doctest::Approx(2.5));
    CHECK(std::isnan(fit_isotonic({}, {})(1)));
    CHECK_THROWS_AS(fit_isotonic(rising, values, std::vector<double>{1, 0, 1}), argument_error);
    CHECK_THROWS_AS(fit_isotonic(rising, std::vector<double>{0, 1, std::nan("")}), numeric_error);
    CHECK_THROWS_AS(fit_isotonic(std::vector<double>{std::nan(""), 1, 2}, values), numeric_error);
}

TEST_CASE("margins that balance but for rounding have no temperature") {
    const std::vector<double> margins{0.1, 0.2, -(0.1 + 0.2)}, right{1, 1, 1};
    CHECK(fit_temperature(margins, right).status == estimate_status::unbounded);
    const std::vector<double> rising{0.3, -0.2}, nearly{0.1 * 3 + 0.7, 1 - (0.1 * 3 + 0.7)}; // 1 and 0 but for rounding
    CHECK(fit_temperature(rising, nearly).status == estimate_status::unbounded);
}
