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

TEST_CASE("what has no pair in common has no result, in words") {
    const auto told = [](const test::label_files& f) {
        return undefined_results(compare_sources(read_sources(f.options), f.options));
    };
    test::label_files f;
    f.add("x", test::labels_of("aabb----"));
    f.options.gold = "none";
    REQUIRE(told(f).size() == 1);
    CHECK(test::contains(told(f)[0], "one file"));
    f.add("y", test::labels_of("----abab"));
    REQUIRE(told(f).size() == 1);
    CHECK(test::contains(told(f)[0], "no two of the files"));
    f.gold(test::gold_of("aabbabab")); // accuracies there are, and nothing of the two together
    CHECK(told(f).size() == 1);
    f.add("z", test::labels_of("--bbab--"));
    CHECK(told(f).empty());
    f.options.gold =
        f.at.write("other.jsonl", "{\"prompt\": \"q\", \"chosen\": \"a\", \"rejected\": \"b\"}\n").string();
    f.options.matching = pair_matching::by_texts;
    REQUIRE(told(f).size() == 1);
    CHECK(test::contains(told(f)[0], "no accuracy"));
}

TEST_CASE("people's verdicts on both files are not what these have in common") {
    test::label_files f;
    f.add("x", test::labels_of("aabb----", "abab----"));
    f.add("y", test::labels_of("----abab", "----abab"));
    f.options.gold = "none";
    CHECK(undefined_results(compare_sources(read_sources(f.options), f.options)).size() == 1);
    f.options.sources.pop_back();
    CHECK(has_result(compare_sources(read_sources(f.options), f.options)));
}
