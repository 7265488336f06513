#include <doctest/doctest.h>

#include <preflearn/programs/comparing/comparison_tables.hpp>

#include "label_files.hpp"

using namespace preflearn;

TEST_CASE("tables of a comparison, also where a source has the name of a column") {
    test::label_files f;
    f.add("pairs", test::labels_of("aabb"));
    f.add("id", test::labels_of("abab"));
    f.gold(test::gold_of("aaab"));
    f.options.category = "kind";
    const label_comparison found = compare_sources(read_sources(f.options), f.options);
    CHECK(test::contains(to_text(found), "McNemar"));
}
