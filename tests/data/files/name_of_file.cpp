#include <doctest/doctest.h>

#include <preflearn/data/files/name_of_file.hpp>

using namespace preflearn;

TEST_CASE("a file is called by its name without the endings of records, and other dots stay") {
    CHECK(name_of_file("x/S.v1.jsonl") == "S.v1");
    CHECK(name_of_file("S.v2.jsonl.gz") == "S.v2");
    CHECK(name_of_file("labels.json") == "labels");
    CHECK(name_of_file("a.json.jsonl") == "a.json");
    CHECK(name_of_file("lr-1e-5.0") == "lr-1e-5.0");
    CHECK(name_of_file("x.jsonl.gz.gz") == "x.jsonl.gz");
    CHECK(name_of_file(".jsonl") == ".jsonl");
}
