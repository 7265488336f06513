#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <preflearn/loss/parts/score.hpp>

using namespace preflearn;

static_assert(ScorePart<log_ratio, float> && ScorePart<log_ratio, double>);
static_assert(ScorePart<reference_free, float> && ScorePart<reference_free, double>);
static_assert(log_ratio::uses_reference && !reference_free::uses_reference);
static_assert(!ScorePart<decltype([](double u, double) { return u; }), double>);

TEST_CASE("plain scores are the log-ratio itself, with slope one, whatever the length") {
    for (const double tokens : {0.0, 1.0, 2048.0}) {
        CHECK(log_ratio{}(-3.25, tokens).value == -3.25);
        CHECK(log_ratio{}(-3.25, tokens).derivative == 1);
        CHECK(reference_free{}(-3.25F, 2.0F).value == -3.25F);
    }
}

TEST_CASE_TEMPLATE("log-odds and their slopes are exact to the last bits for every probability, and finite next to 1",
                   Real, float, double) {
    using limits = std::numeric_limits<Real>;
    const Real tokens = 3;
    for (int exponent = limits::min_exponent - limits::digits; exponent < 9; ++exponent) {
        const Real u = -std::ldexp(tokens, exponent);
        const response_score<Real> one = mean_log_odds{}(u, tokens);
        const pair_score<Real> pair = mean_log_odds{}.pair(pair_point<Real>{u, -9, u, -9, u + 9, tokens, 1});
        CHECK(std::isfinite(one.value));
        CHECK(std::isfinite(one.derivative));
        CHECK(pair.chosen.value == one.value);
        CHECK(pair.chosen.derivative == one.derivative);
        if (exponent < limits::min_exponent) continue;
        const long double mean = -std::ldexp(1.0L, exponent), odds = mean - std::log(-std::expm1(mean)),
                          slope = -1 / (std::expm1(mean) * tokens), other = mean_log_odds{}(Real(-9), Real(1)).value;
        const long double ulp = limits::epsilon();
        CHECK(std::abs(one.value - odds) <= 4 * ulp * std::max(1.0L, std::abs(odds)));
        CHECK(std::abs(one.derivative - slope) <= 4 * ulp * slope);
        CHECK(std::abs(pair.difference - (odds - other)) <= 40 * ulp * std::max(1.0L, std::abs(odds)));
    }
    CHECK(mean_log_odds{}(Real(0), tokens).value == limits::infinity());
}

TEST_CASE(
    "where a response is certain the log-odds say what they tend to, and what is wrong where they tend to nothing") {
    const mean_log_odds odds;
    CHECK(odds.is_certain(0.0));
    CHECK(odds.is_certain(-0.0F));
    CHECK(!odds.is_certain(-5e-324));
    // e^{s(v) − s(u)} s'(u) next to the limit
    const double v = -6, near = -1e-12, other = odds(v, 3.0).value;
    const response_score<double> u = odds(near, 2.0);
    CHECK(std::exp(other - u.value) * u.derivative == doctest::Approx(odds.limit_slope(2.0, v, 3.0)).epsilon(1e-11));
    CHECK(odds.limit_slope(2.0, v, 3.0) == doctest::Approx(std::exp(-2.0) / (1 - std::exp(-2.0)) / 2).epsilon(1e-15));
    const auto refusal = [](double chosen, double rejected) {
        return mean_log_odds::refusal(pair_point<double>{.chosen = chosen,
                                                         .rejected = rejected,
                                                         .u = chosen,
                                                         .v = rejected,
                                                         .difference = chosen - rejected,
                                                         .chosen_tokens = 2,
                                                         .rejected_tokens = 3});
    };
    CHECK(refusal(-1, 2) == "rejected is 2: a log-probability is positive, at most 0 was expected");
    CHECK(refusal(3, 0) == "chosen is 3: a log-probability is positive, at most 0 was expected");
    CHECK(refusal(0, 0).find("not defined") != std::string::npos);
    CHECK(refusal(-1, 0).find("infinite") != std::string::npos);
    CHECK(refusal(-1, -2).empty());
}
