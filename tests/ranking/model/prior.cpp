#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/model/prior.hpp>

using namespace preflearn;

TEST_CASE("derivatives of the priors") {
    constexpr double h = 1e-5;
    const auto check = [](const auto& prior) {
        for (const double x : {-3.0, 0.0, 0.7}) {
            const prior_terms at = prior.terms(x), up = prior.terms(x + h), down = prior.terms(x - h);
            CHECK(at.slope == doctest::Approx((up.value - down.value) / (2 * h)).epsilon(1e-7));
            CHECK(at.curvature == doctest::Approx((down.slope - up.slope) / (2 * h)).epsilon(1e-7));
        }
    };
    check(gaussian_prior{.variance = 0.4});
    check(pseudo_games{.wins = 2, .losses = 0.3});
    check(no_prior{});
}

TEST_CASE("a prior says what it is") {
    CHECK(gaussian_prior{.variance = 0.25}.describe() == "gaussian(variance 0.25)");
    CHECK(pseudo_games{.wins = 0.5, .losses = 2}.describe() == "pseudo-games(0.5 wins, 2 losses)");
}
