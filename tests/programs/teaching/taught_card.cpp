#include <doctest/doctest.h>

#include <vector>

#include <preflearn/programs/teaching/taught_card.hpp>

using namespace preflearn;

TEST_CASE("the pairs of a taught teacher's card are as they were shown") {
    const std::vector<text_comparison> pairs{{1, "p", "long", "s"}, {2, "p", "a", "b"}};
    const std::vector<judgement> said{{.scores = {2, 1}}, {.unfit = left_out_pair{}}};
    const card_subject subject = card_subject_of("t", said, pairs, label_set({{1, 0.0}}));
    CHECK(subject.pairs[0].length_difference == 3);
    CHECK(subject.pairs[0].said.decision() == choice::first);
    CHECK(subject.pairs[0].gold.decision() == choice::second);
    CHECK(subject.pairs[1].said.abstained());
    CHECK(subject.pairs[0].prompt == subject.pairs[1].prompt);
}
