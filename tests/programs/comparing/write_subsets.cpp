#include <doctest/doctest.h>

#include <preflearn/programs/comparing/write_subsets.hpp>

#include "../../json_lines.hpp"
#include "label_files.hpp"

using namespace preflearn;

TEST_CASE("lines where a teacher and people agree and where not, theirs with their choice first") {
    test::label_files f;
    f.add("x", test::labels_of("aabb", "abab"));
    write_subsets(compare_sources(read_sources(f.options), f.options), f.at / "s");
    CHECK(test::read(f.at / "s/match.ids.jsonl") == "0\n3\n");
    const auto mine = test::json_lines(f.at / "s/x/mismatch.jsonl"),
               theirs = test::json_lines(f.at / "s/human/mismatch.jsonl");
    REQUIRE(mine.size() == 2);
    REQUIRE(theirs.size() == 2);
    CHECK(mine[0]["chosen"] == theirs[0]["rejected"]);
    CHECK(theirs[0]["teacher"] == "human");
    CHECK(theirs[0]["probability"] == 1.0);
    CHECK(test::json_lines(f.at / "s/human/match.jsonl")[0]["chosen"] == "a0");
}
