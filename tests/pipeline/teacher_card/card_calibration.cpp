#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <preflearn/pipeline/teacher_card/card_calibration.hpp>

#include "card_subjects.hpp"

using namespace preflearn;

TEST_CASE("margins that are honest at a temperature are found to be so") {
    const card_subject subject = test::honest_subject(3000, 2.5);
    const card_calibration found = calibration_of(subject.pairs);
    CHECK(found.from == forecast_source::margin);
    REQUIRE(found.temperature.status == estimate_status::ok);
    CHECK(found.temperature.temperature == doctest::Approx(2.5).epsilon(0.1));
    CHECK(found.by_temperature.calibration_error.value < found.as_given.calibration_error.value);
    CHECK(found.by_temperature.log_loss.value == doctest::Approx(found.temperature.loss));
    CHECK(found.by_isotonic.log_loss.value <= found.by_temperature.log_loss.value); // it may be any rising function
    CHECK(found.coverage.back().coverage == 1);
}

TEST_CASE("calibration by hand: four labels of one probability, one of them wrong") {
    std::vector<card_pair> pairs(4, {.said = preference(0.8), .gold = preference::for_first()});
    pairs[3].gold = preference::for_second();
    for (const bool turn : {false, true}) {
        CAPTURE(turn);
        if (turn) pairs[0] = test::turned(pairs[0]);
        const card_calibration found = calibration_of(pairs);
        CHECK(found.from == forecast_source::probability);
        CHECK(found.as_given.brier.value == doctest::Approx((3 * 0.04 + 0.64) / 4));
        CHECK(found.as_given.calibration_error.value == doctest::Approx(0.05));
        CHECK(found.as_given.log_loss.value == doctest::Approx(-(3 * std::log(0.8) + std::log(0.2)) / 4));
        CHECK(found.isotonic(2.0) == doctest::Approx(0.75));
        CHECK(found.isotonic(-2.0) == doctest::Approx(0.25));
        // ln(3) / T = ln(4): three of four
        CHECK(found.temperature.temperature == doctest::Approx(std::log(4.0) / std::log(3.0)));
        CHECK(found.risk_area.value == doctest::Approx(0.25));
    }
}

TEST_CASE("verdicts without probabilities have no calibration, and no pairs none of anything") {
    const std::vector<card_pair> pairs(3, {.said = preference::for_first(), .gold = preference::for_first()});
    const card_calibration found = calibration_of(pairs);
    CHECK(found.from == forecast_source::none);
    CHECK_FALSE(found.as_given.brier.defined());
    CHECK(found.coverage.empty());
    CHECK_FALSE(calibration_of({}).risk_area.defined());
}
