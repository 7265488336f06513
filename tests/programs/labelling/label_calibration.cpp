#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include <preflearn/programs/labelling/label_calibration.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("the margin that is written is the log-odds of the probability, and finite, by any calibration") {
    const std::vector<double> margins{-2, -1, 0.5, 1, 2, 3}, outcomes{0, 1, 0, 1, 1, 1};
    for (const calibration_kind kind : {calibration_kind::temperature, calibration_kind::isotonic}) {
        const label_calibration by = calibrate_by(margins, outcomes, kind);
        for (const double margin : {-9.0, -0.75, 0.0, 0.25, 2.5, 50.0}) {
            const double p = by.probability(margin), written = by.written(margin);
            CHECK(std::isfinite(written));
            CHECK(1 / (1 + std::exp(-written)) == doctest::Approx(p));
        }
    }
    // six pairs make nobody surer than six right ones of six: 7 / 8
    CHECK(calibrate_by(margins, outcomes, calibration_kind::isotonic).probability(50) == 7.0 / 8);
}

TEST_CASE("a certain verdict is certain, a judged pair is as sure as its label would be") {
    const label_calibration by{.temperature = 2};
    CHECK(by.confidence({.margin = std::numeric_limits<double>::infinity()}) == 1);
    CHECK(by.confidence({.margin = -4}) == doctest::Approx(1 / (1 + std::exp(-2))));
}
