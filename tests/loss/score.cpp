#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>

#include <doctest/doctest.h>

#include <preflearn/loss/score.hpp>

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
