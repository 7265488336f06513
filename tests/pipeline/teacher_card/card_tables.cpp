#include <doctest/doctest.h>

#include <preflearn/pipeline/teacher_card/card_tables.hpp>

#include "../../files.hpp"
#include "card_subjects.hpp"

using namespace preflearn;

TEST_CASE("tables of a card can be shown, and one without pairs has no groups") {
    for (const table& t : card_tables(card_of(test::honest_subject(60)))) CHECK_FALSE(to_text(t).empty());
    CHECK(test::contains(to_text(share_table(card_of(test::honest_subject(60)))), "accuracy of the longer response"));
    CHECK(card_tables(card_of(card_subject{})).size() == 1); // the shares, which say why there are none
}
