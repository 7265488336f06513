#include <doctest/doctest.h>

#include <preflearn/programs/comparing/compared_sources.hpp>

#include "label_files.hpp"

using namespace preflearn;

TEST_CASE("the column human is the truth, a source, or neither") {
    test::label_files f;
    f.add("x", test::labels_of("aab=", "abba"));
    CHECK(read_sources(f.options).gold->name == "human");
    CHECK(read_sources(f.options).sources[0].ties == 1);
    f.gold(test::gold_of("abab"));
    CHECK(read_sources(f.options).sources.back().name == "human");
    f.options.human_is_source = false;
    CHECK(read_sources(f.options).sources.size() == 1);
    f.options.gold = "none";
    CHECK_FALSE(read_sources(f.options).gold);
    f.add("x", test::labels_of("aab", "aaaa"), "again.jsonl");
    CHECK(read_sources(f.options).sources[1].name == "x#2");
    f.options.gold = "human";
    CHECK(test::contains(test::error_of([&] { read_sources(f.options); }), "the human prefers"));
}
