#include <doctest/doctest.h>

#include <string>
#include <variant>

#include <preflearn/programs/comparing/comparison_rows.hpp>
#include <preflearn/report/tables/table_text.hpp>

#include "label_files.hpp"

using namespace preflearn;

TEST_CASE("a row a pair, also where a source has the name of a column") {
    test::label_files f;
    f.add("pairs", test::labels_of("aabb"));
    f.add("id", test::labels_of("abab"));
    f.gold(test::gold_of("aaab"));
    f.options.category = "kind";
    const table rows = row_table(compare_sources(read_sources(f.options), f.options));
    CHECK(rows.rows.size() == 4);
    CHECK(test::contains(to_text(rows), "match"));
    CHECK(rows.columns[10].name == "id'");
}
