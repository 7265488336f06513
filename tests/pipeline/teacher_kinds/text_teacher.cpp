#include <doctest/doctest.h>

#include <cmath>
#include <optional>

#include <preflearn/core/preference.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>

using namespace preflearn;

TEST_CASE("a judgement's margin is that of two scores, or of a verdict, which comes first") {
    CHECK(judgement{.scores = {1.5, 4}}.margin() == -2.5);
    CHECK(judgement{.scores = {3}}.margin() == std::nullopt);
    CHECK(judgement{.scores = {3, 2, 1}}.margin() == std::nullopt);
    CHECK(judgement{}.margin() == std::nullopt);
    CHECK(judgement{.scores = {1, 4}, .verdict = preference(0.5).with_margin(2)}.margin() == 2);
    CHECK(judgement{.scores = {1, 4}, .verdict = preference::abstention()}.margin() == std::nullopt);
}

TEST_CASE("a verdict without a margin has its log-odds, ties as half a win; a certain one has none") {
    CHECK(judgement{.verdict = preference(0.8)}.margin().value() == doctest::Approx(std::log(4.0)));
    CHECK(judgement{.verdict = preference(0.5, 0.2)}.margin().value() == doctest::Approx(std::log(1.5)));
    CHECK(judgement{.verdict = preference::tied()}.margin() == 0);
    for (const double p : {0.1, 0.4, 0.75}) {
        const judgement said{.verdict = preference(p, 0.1)}, mirrored{.verdict = said.verdict->mirrored()};
        CHECK(mirrored.margin().value() == doctest::Approx(-said.margin().value()));
        const preference of_margin = preference::from_margin(said.margin().value());
        CHECK(of_margin.first() == doctest::Approx(said.verdict->half_win()));
    }
    CHECK(judgement{.verdict = preference::for_first()}.margin() == std::nullopt);
    CHECK(judgement{.verdict = preference::for_second()}.margin() == std::nullopt);
    CHECK(judgement{.verdict = preference::for_first().with_margin(40)}.margin() == 40);
}
