#include <doctest/doctest.h>

#include <cmath>
#include <span>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/vocabulary/logit_transform.hpp>

#include "../../numbers.hpp"

using namespace preflearn;

namespace {

template <class Real>
std::vector<Real> applied(const logit_transform<Real>& transform, std::vector<Real> x, std::size_t first = 0) {
    transform.apply(x, first);
    return x;
}

} // namespace

TEST_CASE("bias, soft cap and temperature follow their formula, in this order") {
    const std::vector<double> bias = {0.5, -2, 40, 0.25, 1};
    const logit_transform<double> transform{.bias = bias, .soft_cap = 12.5, .temperature = 0.8};
    const std::vector<double> x = {1, -3, 7, 100, -1e-9};
    const auto z = applied(transform, x);
    for (std::size_t i = 0; i < x.size(); ++i)
        CHECK(z[i] == doctest::Approx(12.5 * std::tanh((x[i] + bias[i]) / 12.5) / 0.8).epsilon(1e-14));
    CHECK(applied(transform, {7, 100}, 2)[1] == z[3]); // a piece takes its own part of the bias
}

TEST_CASE("slopes are the derivative, accurate where the cap saturates") {
    const logit_transform<double> transform{.soft_cap = 3, .temperature = 2};
    const std::vector<double> x = {-2000, -90, -40, -4, -0.5, 0, 1e-9, 1, 6, 30, 80};
    std::vector<double> z = x, slopes(x.size());
    transform.apply(z, 0, slopes);
    CHECK(z == applied(transform, x));
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double hyperbolic = std::cosh(x[i] / 3);
        if (hyperbolic < 1e9) CHECK(slopes[i] == doctest::Approx(1 / (hyperbolic * hyperbolic) / 2).epsilon(1e-8));
        CHECK(slopes[i] >= 0);
        CHECK(std::abs(z[i]) <= 1.5);
    }
    // x = 40: 1 − tanh² = 4 e^{−80/3}, 2e-11 of the slope at 0
    CHECK(slopes[2] == doctest::Approx(2 * std::exp(-80.0 / 3)).epsilon(1e-4));
}

TEST_CASE("a cap that grows leaves the logits alone; defaults change nothing") {
    const std::vector<double> x = {-30, -1, 0, 2, 500};
    CHECK(logit_transform<double>{}.is_identity());
    CHECK(applied({}, x) == x);
    const auto nearly = applied({.soft_cap = 1e9}, x);
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(nearly[i] == doctest::Approx(x[i]).epsilon(1e-12));
    CHECK_FALSE(logit_transform<double>{.soft_cap = 1e9}.is_identity());
    CHECK_FALSE(logit_transform<double>{.temperature = 2}.is_identity());
}

TEST_CASE("infinities and NaN pass the cap") {
    const auto z = applied<double>({.soft_cap = 5}, {-test::infinity, test::infinity, std::nan(""), 1e308});
    CHECK(z[0] == -test::infinity);
    CHECK(z[1] == test::infinity);
    CHECK(std::isnan(z[2]));
    CHECK(z[3] == 5);
}

TEST_CASE("parameters out of range are refused by name") {
    const std::vector<double> bias(3);
    CHECK_THROWS_WITH_AS((logit_transform<double>{.soft_cap = 0}.check(3)),
                         "soft_cap is 0, a positive number was expected", argument_error);
    CHECK_THROWS_WITH_AS((logit_transform<double>{.temperature = -1}.check(3)),
                         "temperature is -1, a positive number was expected", argument_error);
    CHECK_THROWS_AS((logit_transform<double>{.temperature = test::infinity}.check(3)), argument_error);
    CHECK_THROWS_AS((logit_transform<double>{.soft_cap = std::nan("")}.check(3)), argument_error);
    CHECK_THROWS_WITH_AS((logit_transform<double>{.bias = bias}.check(4)), "bias has 3 entries for a vocabulary of 4",
                         argument_error);
    CHECK_NOTHROW((logit_transform<double>{.bias = bias}.check(3)));
}
