#include <doctest/doctest.h>

#include <preflearn/pipeline/teacher_card/teacher_card.hpp>

#include "card_subjects.hpp"

using namespace preflearn;

TEST_CASE("prompts that were learned from are counted once, their pairs each") {
    const card_subject subject = test::honest_subject(30); // prompts 0 to 9
    const prompt_overlap overlap = overlap_of(subject, {0, 3, 77});
    CHECK(overlap.prompts == 10);
    CHECK(overlap.shared_prompts == 2);
    CHECK(overlap.pairs_of_shared == 6);
    CHECK(card_of(subject).by_category.size() == 2);
}
