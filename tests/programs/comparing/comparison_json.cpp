#include <doctest/doctest.h>

#include <preflearn/programs/comparing/comparison_json.hpp>

#include "label_files.hpp"

using namespace preflearn;

TEST_CASE("a comparison as JSON") {
    test::label_files f;
    f.add("x", test::labels_of("aabb", "abab"));
    f.gold(test::gold_of("aaab"));
    const auto json = to_json(compare_sources(read_sources(f.options), f.options));
    CHECK(json["sources"][1]["name"] == "human");
    CHECK(json["cards"][0]["worth"].contains("human_labels_a_label"));
    CHECK(json["source_pairs"][0]["against_gold"]["mcnemar_p"] == 1);
    CHECK(json["all"]["match"] == 2);
}
