#include <cmath>
#include <concepts>
#include <limits>

#include <doctest/doctest.h>

#include <preflearn/core/random.hpp>
#include <preflearn/loss/elementary.hpp>

using namespace preflearn;

namespace {

/// The largest relative error against the C library in long double, on results in the normal range.
template <std::floating_point Real, class Ours, class Exact>
double largest_error(double low, double high, const Ours& ours, const Exact& exact) {
    generator random(7, "elementary");
    double worst = 0;
    for (int i = 0; i < 100'000; ++i) {
        // Half uniform, half spread over the orders of magnitude.
        const double u = random.uniform();
        const auto x = static_cast<Real>(i % 2 == 0 ? low + (high - low) * u : high * std::pow(10.0, -20 * u));
        const long double expected = exact(static_cast<long double>(x));
        if (expected < static_cast<long double>(std::numeric_limits<Real>::min())) continue;
        const long double error = std::abs((static_cast<long double>(ours(x)) - expected) / expected);
        worst = std::max(worst, static_cast<double>(error));
    }
    return worst;
}

} // namespace

TEST_CASE_TEMPLATE("e^{-x} and log(1 + t) are accurate to the last bits over their whole range", Real, float, double) {
    const double bound = std::same_as<Real, double> ? 4e-16 : 3e-7;
    CHECK(largest_error<Real>(0, 750, exp_of_minus<Real>, [](long double x) { return std::exp(-x); }) < bound);
    CHECK(largest_error<Real>(0, 110, exp_of_minus<Real>, [](long double x) { return std::exp(-x); }) < bound);
    CHECK(largest_error<Real>(0, 1, log_of_one_plus<Real>, [](long double t) { return std::log1p(t); }) < bound);
}

TEST_CASE_TEMPLATE("e^{-x} falls through the subnormal numbers to zero and stays there", Real, float, double) {
    const Real edge = -std::log(std::numeric_limits<Real>::min());
    Real before = exp_of_minus(edge - 1);
    for (Real x = edge; x < edge + 60; x += Real(0.5)) {
        const Real now = exp_of_minus(x);
        CHECK(now <= before);
        CHECK(std::abs(now - std::exp(-x)) <= 2 * std::numeric_limits<Real>::denorm_min() + Real(1e-6) * std::exp(-x));
        before = now;
    }
    CHECK(before == 0);
    CHECK(exp_of_minus(std::numeric_limits<Real>::max()) == 0);
    CHECK(exp_of_minus(std::numeric_limits<Real>::infinity()) == 0);
    CHECK(exp_of_minus(Real(0)) == 1);
    CHECK(log_of_one_plus(Real(0)) == 0);
}
