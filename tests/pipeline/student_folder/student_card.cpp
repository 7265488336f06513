#include <doctest/doctest.h>

#include <string>

#include <preflearn/pipeline/student_folder/model_card.hpp>
#include <preflearn/pipeline/student_folder/student_card.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("what a card was not told it does not speak of") {
    const std::string card = model_card({.name = "S"}, {.name = "base"}, {}, "fnv1a64:00");
    for (const char* const unsaid : {"Training", "Results", "teacher", "Learned from", "```", " by ", "license:"})
        CHECK_MESSAGE(!test::contains(card, unsaid), unsaid);
    CHECK(test::contains(card, "do not say its licence"));
}
