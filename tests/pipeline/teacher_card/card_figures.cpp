#include <doctest/doctest.h>

#include <preflearn/pipeline/teacher_card/card_figures.hpp>

#include "card_subjects.hpp"

using namespace preflearn;

TEST_CASE("pictures are of what there is, and the curve of risk ends at all labels") {
    const teacher_card card = card_of(test::honest_subject(900));
    const auto figures = card_figures(card);
    REQUIRE(figures.size() == 5);
    CHECK(figures[0].file == "reliability");
    const plot_series& risk = figures[1].plot.series.front();
    CHECK(risk.x.size() <= 402);
    CHECK(risk.x.back() == 1);
    CHECK(risk.y.back() == doctest::Approx(1 - card.shares.accuracy.value));
    CHECK(card_figures(card_of(card_subject{})).empty());
}
