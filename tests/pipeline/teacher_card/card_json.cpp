#include <doctest/doctest.h>

#include <preflearn/pipeline/teacher_card/card_json.hpp>

#include "card_subjects.hpp"

using namespace preflearn;

TEST_CASE("a card as JSON has its parts, and none that are not known") {
    teacher_card card = card_of(test::honest_subject(60));
    const auto json = to_json(card);
    CHECK(json["accuracy"]["count"] == 20);
    CHECK(json["by_category"].size() == 2);
    CHECK(json["calibration"]["coverage"].size() == 10);
    CHECK_FALSE(json.contains("cost"));
    card.cost = teacher_cost{.parameters = 10, .training_tokens = 5, .judging_tokens = 7};
    CHECK(to_json(card)["cost"]["learning_parameters_times_tokens"] == 150);
    CHECK(to_json(card)["cost"]["judging_parameters_times_tokens"] == 70);
}
