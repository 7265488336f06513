#include <doctest/doctest.h>

#include <preflearn/report/figures/heat_map.hpp>
#include <preflearn/report/tables/table_data.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("the matrix behind a map, with the rows' names first") {
    const heat_map map{
        .row_label = "truth", .row_names = {"a", "b"}, .column_names = {"x", "y", "z"}, .values = {1, 2, 3, 4, 5, 6}};
    CHECK(to_csv(to_table(map)) == "truth,x,y,z\na,1,2,3\nb,4,5,6\n");
}

TEST_CASE("a map needs a value for every cell") {
    CHECK(test::error_of([] {
              check(heat_map{.title = "T", .row_names = {"a", "b"}, .column_names = {"x"}, .values = {1}});
          }) == "heat map 'T': 1 values, expected 2 rows of 1");
    CHECK(test::error_of([] { check(heat_map{.digits = -1}); }) != "");
    CHECK(test::error_of([] { check(heat_map{}); }) == "");
}
