#include <cmath>
#include <initializer_list>

#include <doctest/doctest.h>

#include <preflearn/ranking/model/link.hpp>

using namespace preflearn;

namespace {

bool near(double found, double expected, double tolerance) {
    return std::abs(found - expected) <= tolerance * std::max(1.0, std::abs(expected));
}

/// Derivatives against differences of what they are derivatives of.
template <class Link> void check_derivatives() {
    constexpr double h = 1e-5;
    for (const double x : {-12.0, -5.00001, -4.0, -1.0, 0.0, 0.3, 2.0, 6.0}) {
        CAPTURE(x);
        const log_cdf_terms at = Link::log_cdf(x), up = Link::log_cdf(x + h), down = Link::log_cdf(x - h);
        CHECK(near((up.value - down.value) / (2 * h), at.slope, 1e-7));
        CHECK(near((down.slope - up.slope) / (2 * h), at.curvature, 1e-7));
        CHECK(near(at.value, std::log(Link::probability(x)), 1e-12));
        for (const double width : {0.1, 1.0, 4.0}) {
            const double a = x + width, b = x;
            const interval_terms f = Link::log_between(a, b);
            CHECK(near(std::exp(f.value), Link::probability(a) - Link::probability(b), 1e-12));
            const interval_terms a_up = Link::log_between(a + h, b), a_down = Link::log_between(a - h, b);
            const interval_terms b_up = Link::log_between(a, b + h), b_down = Link::log_between(a, b - h);
            CHECK(near((a_up.value - a_down.value) / (2 * h), f.slope_a, 1e-6));
            CHECK(near((b_up.value - b_down.value) / (2 * h), f.slope_b, 1e-6));
            CHECK(near((a_down.slope_a - a_up.slope_a) / (2 * h), f.curvature_aa, 1e-5));
            CHECK(near((b_down.slope_a - b_up.slope_a) / (2 * h), f.curvature_ab, 1e-5));
            CHECK(near((b_down.slope_b - b_up.slope_b) / (2 * h), f.curvature_bb, 1e-5));
        }
    }
}

} // namespace

TEST_CASE("derivatives of the logit link") { check_derivatives<logit_choice>(); }
TEST_CASE("derivatives of the probit link") { check_derivatives<probit_choice>(); }

TEST_CASE("the normal tail is right where the distribution function underflows") {
    // Φ(−10) = 7.619853024160526e−24 (Abramowitz & Stegun, table 26.2); the logarithm goes on far beyond
    CHECK(near(probit_choice::log_cdf(-10).value, std::log(7.619853024160526e-24), 1e-13));
    const log_cdf_terms far = probit_choice::log_cdf(-100);
    CHECK(near(far.value, -100.0 * 100 / 2 - std::log(100 * std::sqrt(2 * 3.14159265358979323846)), 1e-7));
    CHECK(far.curvature == doctest::Approx(1).epsilon(1e-3));
    CHECK(near(probit_choice::log_cdf(8).value, -6.220960574271785e-16, 1e-12));
}
