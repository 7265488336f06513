#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/labels/selective.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

TEST_CASE("coverage, accuracy and area, by hand") {
    const std::vector<double> confidence{0.9, 0.6, 0.8, 0.7}, correct{1, 0, 1, 0};
    const auto curve = coverage_curve(confidence, correct);
    REQUIRE(curve.size() == 4);
    CHECK(curve[0].confidence == 0.9);
    CHECK(curve[2].coverage == doctest::Approx(0.75));
    CHECK(curve[2].accuracy == doctest::Approx(2.0 / 3));
    CHECK(selective_accuracy(curve, 0.5).value == 1);
    CHECK(selective_accuracy(curve, 0.5).count == 2);
    CHECK(selective_accuracy(curve, 1).value == doctest::Approx(0.5));
    CHECK(area_under_risk_coverage(curve).value == doctest::Approx((0 + 0 + 1.0 / 3 + 0.5) / 4));
}

TEST_CASE("equal confidences enter at their mean, so the order of the rows changes nothing") {
    generator random(3, "selective");
    std::vector<double> confidence(301), correct(301);
    for (std::size_t i = 0; i < confidence.size(); ++i) {
        confidence[i] = std::round(10 * random.uniform()) / 10;
        correct[i] = random.bernoulli(0.3 + 0.6 * confidence[i]);
    }
    const auto curve = coverage_curve(confidence, correct);
    std::vector<double> c2(confidence.rbegin(), confidence.rend()), r2(correct.rbegin(), correct.rend());
    const auto again = coverage_curve(c2, r2);
    CHECK(curve.size() == 11);
    CHECK(area_under_risk_coverage(curve).value == area_under_risk_coverage(again).value);
    CHECK(selective_accuracy(curve, 0.33).value == selective_accuracy(again, 0.33).value);
    // A constant confidence says nothing: every coverage has the overall accuracy.
    const auto flat = coverage_curve(std::vector<double>(301, 0.5), correct);
    CHECK(selective_accuracy(flat, 0.1).value == doctest::Approx(selective_accuracy(curve, 1).value));
    CHECK(area_under_risk_coverage(flat).value == doctest::Approx(1 - selective_accuracy(curve, 1).value));
}

TEST_CASE("bad input") {
    const std::vector<double> one{0.5}, two{1, 0}, bad{2}, nan{std::nan("")};
    CHECK(area_under_risk_coverage(coverage_curve({}, {})).status == estimate_status::empty);
    CHECK(selective_accuracy(coverage_curve({}, {}), 0.5).status == estimate_status::empty);
    CHECK_THROWS_AS(coverage_curve(one, two), argument_error);
    CHECK_THROWS_AS(coverage_curve(one, bad), argument_error);
    CHECK_THROWS_AS(coverage_curve(nan, one), numeric_error);
    CHECK_THROWS_AS(selective_accuracy(coverage_curve(one, one), 0), argument_error);
}
