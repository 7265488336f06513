#include <initializer_list>

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
