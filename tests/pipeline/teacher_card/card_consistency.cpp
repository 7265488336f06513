#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <preflearn/pipeline/teacher_card/card_consistency.hpp>

using namespace preflearn;

TEST_CASE("consistency of three repeats by hand") {
    const preference a = preference::for_first().with_margin(2), b = preference::for_second().with_margin(-1);
    const std::vector<repeated_pair> pairs{{1, {a, a, a}}, {2, {a, a, b}}, {3, {b, preference::abstention(), b}}};
    const card_consistency found = consistency_of({"x", "y", "z"}, pairs);
    CHECK(found.pairs == 3);
    CHECK(found.repeats.majority_share.value == doctest::Approx((1 + 2.0 / 3 + 1) / 3));
    CHECK(found.repeats.ever_flipped.value == doctest::Approx(1.0 / 3));
    CHECK(found.entropy.value == doctest::Approx(0.9182958340544896 / 3)); // of 2 in 3
    CHECK(found.agreement[1].value == 1);
    CHECK(found.agreement[2].value == doctest::Approx(2.0 / 3));
    CHECK_THROWS_AS(consistency_of({"x"}, pairs), argument_error);
}

TEST_CASE("where the truth is known, every repeat has an accuracy, and these a mean and a deviation") {
    const preference a = preference::for_first(), b = preference::for_second();
    const std::vector<repeated_pair> pairs{
        {1, {a, a}, a}, {2, {a, b}, b}, {3, {b, b}, b}, {4, {a, b}, preference::abstention()}, {5, {b, a}, a}};
    const card_consistency found = consistency_of({"x", "y"}, pairs);
    REQUIRE(found.accuracy.size() == 2);
    CHECK(found.accuracy[0].value == 0.5);
    CHECK(found.accuracy[1].value == 1);
    CHECK(found.mean_accuracy.value == 0.75);
    CHECK(found.accuracy_deviation == doctest::Approx(0.5 / std::sqrt(2.0)));
}
