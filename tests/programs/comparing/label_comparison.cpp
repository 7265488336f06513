#include <doctest/doctest.h>

#include <preflearn/programs/comparing/label_comparison.hpp>

#include "label_files.hpp"

using namespace preflearn;

TEST_CASE("a comparison has a card of each source, categories and repeats") {
    test::label_files f;
    f.add("x", test::labels_of("aabbaabb"));
    f.add("x", test::labels_of("aabbabab"), "x2.jsonl");
    f.gold(test::gold_of("aaaaabbb"));
    f.options.category = "kind";
    const label_comparison found = compare_sources(read_sources(f.options), f.options);
    REQUIRE(found.cards.size() == 2);
    CHECK(found.cards[0].shares.accuracy.value == doctest::Approx(5.0 / 8));
    CHECK(found.cards[0].by_category[0].name == "even");
    CHECK(found.consistency.front().second.repeats.self_agreement.value == doctest::Approx(6.0 / 8));
    CHECK(found.match + found.mismatch + found.undecided == 8);
    CHECK(has_result(found));
    f.options.category = "no such";
    CHECK(test::contains(test::error_of([&] { compare_sources(read_sources(f.options), f.options); }), "no such"));
}
