#include <cmath>
#include <concepts>
#include <limits>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/elementary.hpp>
#include <preflearn/core/numbers/random.hpp>

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
    const double bound = std::same_as<Real, double> ? 5e-16 : 3e-7;
    CHECK(largest_error<Real>(
              0, 750, [](Real x) { return exp_of_minus(x); }, [](long double x) { return std::exp(-x); }) < bound);
    CHECK(largest_error<Real>(
              0, 110, [](Real x) { return exp_of_minus(x); }, [](long double x) { return std::exp(-x); }) < bound);
    const double normal = bound < 1e-10 ? 708.39 : 87.33;
    CHECK(largest_error<Real>(
              0, normal, [](Real x) { return normal_exp_of_minus(x); }, [](long double x) { return std::exp(-x); }) <
          bound);
    const auto miss = [](long double x) { return -std::expm1(-x); };
    CHECK(largest_error<Real>(
              0, 60, [](Real x) { return one_minus_exp_of_minus(x); }, miss) < bound);
    CHECK(largest_error<Real>(
              0, 88, [](Real x) { return saturated_exp(x); }, [](long double x) { return std::exp(x); }) < bound);
    CHECK(largest_error<Real>(
              -700, 709.78 * (bound < 1e-10) + 1e-3, [](Real x) { return saturated_exp(x); },
              [](long double x) { return std::exp(x); }) < bound);
    CHECK(largest_error<Real>(
              0, 1, [](Real x) { return log_of_one_plus(x); }, [](long double t) { return std::log1p(t); }) < bound);
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
    for (Real x = edge - 2; x < edge + 60; x += Real(0.01)) {
        const Real now = normal_exp_of_minus(x);
        CHECK((now == 0 || now >= std::numeric_limits<Real>::min()));
        CHECK((now > 0) == (x < edge - Real(0.005)));
    }
    CHECK(normal_exp_of_minus(std::numeric_limits<Real>::max()) == 0);
    CHECK(normal_exp_of_minus(std::numeric_limits<Real>::infinity()) == 0);
    CHECK(normal_exp_of_minus(Real(0)) == 1);
    CHECK(log_of_one_plus(Real(0)) == 0);
}

TEST_CASE_TEMPLATE("the logarithm of any normal number, near 1 too", Real, float, double) {
    const double bound = std::same_as<Real, double> ? 4e-16 : 3e-7;
    for (int exponent = std::numeric_limits<Real>::min_exponent - 1; exponent < std::numeric_limits<Real>::max_exponent;
         ++exponent) {
        for (const double mantissa : {1.0, 1.1, 1.3, 1.41, 1.42, 1.5, 1.75, 1.99}) {
            const Real y = std::ldexp(static_cast<Real>(mantissa), exponent);
            const long double exact = std::log(static_cast<long double>(y));
            CHECK(std::abs(log_of(y) - exact) <= bound * std::abs(exact));
        }
    }
    for (Real x = Real(1e-6); x < Real(0.5); x *= 2) {
        CHECK(log_of(1 + x) == doctest::Approx(std::log(1 + x)).epsilon(bound));
        CHECK(log_of(1 - x) == doctest::Approx(std::log(1 - x)).epsilon(bound));
    }
}

TEST_CASE_TEMPLATE("e^x stays finite above the type's range and falls to zero below", Real, float, double) {
    const Real most = saturated_exp(std::numeric_limits<Real>::max());
    CHECK(std::isfinite(most));
    CHECK(most > std::numeric_limits<Real>::max() * Real(0.99));
    CHECK(saturated_exp(std::numeric_limits<Real>::infinity()) == most);
    CHECK(saturated_exp(-std::numeric_limits<Real>::max()) == 0);
    CHECK(saturated_exp(Real(0)) == 1);
}
