#include <doctest/doctest.h>

#include <preflearn/programs/comparing/compare_options.hpp>

using namespace preflearn;

TEST_CASE("names of files, and options that do not fit") {
    CHECK(named_file_of("weak=x/labels.jsonl").name == "weak");
    CHECK(named_file_of("x/labels.jsonl.gz").name == "labels");
    CHECK_THROWS_AS(named_file_of("=x"), argument_error);
    CHECK_THROWS_AS(pair_matching_named("guess"), argument_error);
    CHECK_THROWS_AS(check_options(compare_options{}), argument_error);
    CHECK_THROWS_AS(check_options({.sources = {{"human", "x"}}}), argument_error);
    CHECK_THROWS_AS(check_options({.sources = {{"a/b", "x"}}}), argument_error);
}
