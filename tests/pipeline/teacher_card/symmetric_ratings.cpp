#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include <preflearn/agreement/raters/chance_corrected.hpp>
#include <preflearn/pipeline/teacher_card/symmetric_ratings.hpp>

using namespace preflearn;

TEST_CASE("ratings both ways round: kappa without ties is twice the agreement less one, with the error of the share") {
    rating_counts once(2, 3), doubled(2, 3);
    const preference a = preference::for_first(), b = preference::for_second();
    for (int i = 0; i < 7; ++i) detail::add_both_ways(once, doubled, std::array{a, a});
    for (int i = 0; i < 3; ++i) detail::add_both_ways(once, doubled, std::array{a, b});
    CHECK(once.units() == 10);
    CHECK(doubled.units() == 20);
    const estimate kappa = detail::of_doubled(cohen_kappa(doubled, identity_weights{}, 0.95).coefficient, 0.95);
    CHECK(kappa.value == doctest::Approx(0.4));
    CHECK(kappa.count == 10);
    // of the delta method, with 2 n units in the square root of the share's variance: close to 2 sqrt(p q / n)
    CHECK(kappa.standard_error == doctest::Approx(2 * std::sqrt(0.7 * 0.3 / 10)).epsilon(0.06));
}

TEST_CASE("a verdict as a category") {
    CHECK(detail::rating_of(preference(0.7)) == 0);
    CHECK(detail::rating_of(preference(0.3)) == 1);
    CHECK(detail::rating_of(preference::tied()) == 2);
    CHECK(detail::rating_of(preference::abstention()) == no_rating);
}
