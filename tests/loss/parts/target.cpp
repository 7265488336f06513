#include <initializer_list>

#include <doctest/doctest.h>

#include <preflearn/loss/parts/target.hpp>

using namespace preflearn;

static_assert(TargetPart<given_target, float> && TargetPart<given_target, double>);
static_assert(!TargetPart<decltype([](double q) { return q; }), double>);

TEST_CASE("a given target splits one unit of loss between the pair and the swapped pair") {
    for (const double q : {0.0, 0.125, 0.5, 1.0}) {
        const target_mixture<double> mixture = given_target{}(q);
        CHECK(mixture.as_labelled == q);
        CHECK(mixture.as_labelled + mixture.swapped == 1);
        CHECK(mixture.constant == 0);
    }
}

TEST_CASE("noise correction undoes the smoothing that noise is") {
    for (const double q : {0.0, 0.25, 1.0}) {
        const target_mixture<double> noisy = smoothed_target{.smoothing = 0.125}(q);
        CHECK(noisy.as_labelled + noisy.swapped == 1);
        const target_mixture<double> clean = noise_corrected_target{.smoothing = 0.125}(noisy.as_labelled);
        CHECK(clean.as_labelled == doctest::Approx(q));
        CHECK(clean.swapped == doctest::Approx(1 - q));
    }
}

TEST_CASE("a confident target leans to the model's own prediction") {
    const confident_target half{.alpha = 0.5, .threshold = 1};
    CHECK(half(0.25, 1.5).as_labelled == 0.625);
    CHECK(half(0.25, 0.5).as_labelled == 0.125);
    CHECK(half(0.25, 0.5).swapped == 0.875);
}

TEST_CASE("targets with ties: 1 is won, 1/2 tied, 0 lost") {
    const rao_kupper_ties rk{.log_tie = 3};
    CHECK(rk(1.0).as_labelled == 1);
    CHECK(rk(1.0).swapped == 0);
    CHECK(rk(0.5).as_labelled == 1);
    CHECK(rk(0.5).swapped == 1);
    CHECK(rk(0.5).constant == -3);
    CHECK(rk(0.0).swapped == 1);
    const davidson_ties d{.log_nu = 3};
    CHECK(d(0.5).as_labelled == 0.5);
    CHECK(d(0.5).constant == -3);
    CHECK(d(0.0).constant == 0);
}
