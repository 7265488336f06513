#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <preflearn/pipeline/teacher_kinds/judge_answers.hpp>

using namespace preflearn;

TEST_CASE("the margin of both orders is the log-odds of their mean probability, and turns with the responses") {
    const double p = (sigmoid(-1.0 + 2.5) + sigmoid(-0.5 + 3.0)) / 2;
    CHECK(margin_of_both_orders(-1, -2.5, -3, -0.5) == doctest::Approx(std::log(p / (1 - p))));
    CHECK(margin_of_both_orders(-3, -0.5, -1, -2.5) == -margin_of_both_orders(-1, -2.5, -3, -0.5));
    CHECK(margin_of_both_orders(-800, 0, 0, -800) == doctest::Approx(-800)); // sure both times
}

TEST_CASE("the expected score weighs 1 to 10; what goes on to 10 is no 1") {
    const std::vector<double> sure{-50, -60, -60, -60, -60, -60, -60, -60, -60, -50};
    CHECK(expected_score(sure, true) == doctest::Approx(10).epsilon(1e-3)); // every 1 goes on to 10
    CHECK(expected_score(sure, false) == doctest::Approx(5.5).epsilon(1e-3));
    std::vector<double> two = sure;
    two.insert(two.end(), {-1, -70, -70, -70, -70, -70, -70, -70, -70, -70});
    const judgement said = rated(two, false);
    REQUIRE(said.scores.size() == 2);
    CHECK(said.scores[1] == doctest::Approx(1));
    CHECK_FALSE(said.verdict.has_value());
}

TEST_CASE("of two responses there is a verdict with both orders, of three a score each that add to nothing") {
    const judgement two = compared(std::vector<double>{-1, -2, -3, -1.5}, 2);
    CHECK((*two.orders)[0] == doctest::Approx(sigmoid(1.0)));
    CHECK((*two.orders)[1] == doctest::Approx(sigmoid(1.5)));
    CHECK(two.scores.empty());
    const std::vector<double> logs{-1, -2, -3, -1.5, -1, -4, -4, -1, -2, -2, -1, -1};
    const judgement three = compared(logs, 3);
    REQUIRE(three.scores.size() == 3);
    CHECK(three.scores[0] + three.scores[1] + three.scores[2] == doctest::Approx(0));
    CHECK(three.scores[0] == doctest::Approx((margin_of_both_orders(-1, -2, -3, -1.5) + 3) / 3));
    CHECK_FALSE(three.verdict.has_value());
}
