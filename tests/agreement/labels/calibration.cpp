#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/labels/calibration.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../close.hpp"
#include "../golden.hpp"

using namespace preflearn;

TEST_CASE("Brier score and negative log-likelihood equal scikit-learn's") {
    const auto peer = golden("peers.json")["probability"];
    const std::vector<double> p = numbers(peer["p"]), y = numbers(peer["outcome"]);
    CHECK(close(brier_score(p, y).value, peer["brier"], 1e-12));
    CHECK(close(negative_log_likelihood(p, y).value, peer["nll"], 1e-12));
    std::vector<double> margins;
    for (const double x : p) margins.push_back(logit(x));
    CHECK(close(margin_negative_log_likelihood(margins, y).value, peer["nll"], 1e-12));
}

TEST_CASE("an impossible event that happened costs infinitely much; a certain one that happened nothing") {
    const std::vector<double> certain{1, 0}, right{1, 0}, wrong{0, 0};
    CHECK(negative_log_likelihood(certain, right).value == 0);
    CHECK(std::isinf(negative_log_likelihood(certain, wrong).value));
    CHECK(std::isnan(negative_log_likelihood(certain, wrong).standard_error));
    CHECK(margin_negative_log_likelihood(std::vector<double>{-800}, std::vector<double>{1}).value ==
          doctest::Approx(800));
}

TEST_CASE("bins are right-closed, the first one holds 0") {
    reliability_table table(10);
    for (const double p : {0.0, 0.1, 0.05, 0.1000001, 0.7, 1.0}) table.add(p, 1);
    CHECK(table.bins()[0].count == 3);
    CHECK(table.bins()[1].count == 1);
    CHECK(table.bins()[6].count == 1);
    CHECK(table.bins()[9].count == 1);
    CHECK(std::isnan(table.bins()[4].mean_outcome()));
}

TEST_CASE("the error is the weighted gap of the bins, by hand") {
    reliability_table table(2);
    table.add(0.2, 0);
    table.add(0.4, 1);
    table.add(0.9, 1);
    // lower bin: outcomes .5 against .3, weight 2/3; upper: 1 against .9, weight 1/3
    CHECK(expected_calibration_error(table).value == doctest::Approx(0.2 * 2 / 3 + 0.1 / 3));
    CHECK(maximum_calibration_error(table).value == doctest::Approx(0.2));
}

TEST_CASE("a calibrated forecaster has a small error, an overconfident one a large one; shards add up") {
    generator random(3, "calibration");
    reliability_table honest, bold, left, right;
    for (int i = 0; i < 20'000; ++i) {
        const double p = random.uniform(), y = random.bernoulli(p);
        honest.add(p, y);
        (i % 3 == 0 ? left : right).add(p, y);
        bold.add(p > 0.5 ? 0.99 : 0.01, y);
    }
    CHECK(expected_calibration_error(honest).value < 0.02);
    CHECK(expected_calibration_error(bold).value == doctest::Approx(0.24).epsilon(0.05));
    left += right;
    CHECK(expected_calibration_error(left).value ==
          doctest::Approx(expected_calibration_error(honest).value).epsilon(1e-9));
    CHECK_THROWS_AS(left += reliability_table(5), argument_error);
}

TEST_CASE("bad probabilities and outcomes are named; nothing is empty") {
    const std::vector<double> p{0.5, 1.5}, nan{0.5, std::nan("")}, y{1, 0}, bad{1, 2};
    CHECK_THROWS_WITH_AS(brier_score(p, y), doctest::Contains("probability 1 is 1.5"), argument_error);
    CHECK_THROWS_WITH_AS(negative_log_likelihood(nan, y), doctest::Contains("probability 1"), argument_error);
    CHECK_THROWS_WITH_AS(brier_score(y, bad), doctest::Contains("outcome 1 is 2"), argument_error);
    CHECK_THROWS_AS(brier_score(y, std::vector<double>{1}), argument_error);
    CHECK_THROWS_WITH_AS(margin_negative_log_likelihood(nan, y), doctest::Contains("margin 1"), numeric_error);
    CHECK(brier_score({}, {}).status == estimate_status::empty);
    CHECK(expected_calibration_error(reliability_table()).status == estimate_status::empty);
    CHECK_THROWS_AS(reliability_table(0), argument_error);
}
