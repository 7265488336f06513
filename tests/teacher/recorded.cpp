#include <doctest/doctest.h>

#include <preflearn/teacher/recorded.hpp>

#include "domains.hpp"

using namespace preflearn;

static_assert(Teacher<recorded_labels, test::forum_pair> && Teacher<recorded_labels, test::item_pair>);
static_assert(Teacher<recorded_labels, token_comparison>);

TEST_CASE("recorded labels are found by id, on any domain") {
    const label_set given({{3, preference{0.75}}, {1001, preference::for_second()}});
    const recorded_labels humans{given};
    CHECK(humans(test::forum_pairs(4)[3]) == preference{0.75});
    CHECK(humans(test::item_pairs(2)[1]) == preference::for_second());
    CHECK(humans(token_comparison{.id = 3}) == preference{0.75});
}

TEST_CASE("they are about the pair as recorded: a swapped pair gets the same verdict") {
    const recorded_labels humans{label_set({{3, preference{0.75}}})};
    const auto c = test::forum_pairs(4)[3];
    CHECK(humans(test::swapped(c)) == humans(c));
}

TEST_CASE("a pair without a label is an error that names it, or an abstention when asked for") {
    const label_set given({{3, preference{0.75}}});
    const auto c = test::forum_pairs(3)[2];
    CHECK_THROWS_WITH_AS(recorded_labels{given}(c), doctest::Contains("pair 2 has no label"), argument_error);
    const recorded_labels lenient{.labels = given, .missing_abstains = true};
    CHECK(lenient(c).abstained());
    CHECK(lenient(test::forum_pairs(4)[3]) == preference{0.75});
}
