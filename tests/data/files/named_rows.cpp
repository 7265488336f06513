#include <string>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/named_rows.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a table and objects are rows alike: members of members, whole numbers without a point, nulls are empty") {
    const test::folder here;
    for (const auto& path :
         {here.write("t.csv", "b,a.x,c\nq,3,\nr,0.5,true\n"),
          here.write("t.jsonl",
                     "{\"b\":\"q\",\"a\":{\"x\":3.0},\"c\":null}\n{\"b\":\"r\",\"a\":{\"x\":0.5},\"c\":true}\n"),
          here.write("t.json", "[{\"b\":\"q\",\"a.x\":3,\"c\":null},{\"b\":\"r\",\"a\":{\"x\":0.5},\"c\":true}]")}) {
        CAPTURE(path.string());
        named_rows rows = named_rows::open(path);
        CHECK(rows.has("a.x"));
        CHECK(!rows.has("x"));
        const std::size_t x = rows.select("a.x"), c = rows.select("c"), b = rows.select("b");
        CHECK_THROWS_AS(rows.select("d"), input_error);
        REQUIRE(rows.next());
        CHECK(rows[x] == "3");
        CHECK(rows[c].empty());
        CHECK(rows[b] == "q");
        REQUIRE(rows.next());
        CHECK(rows[x] == "0.5");
        CHECK(rows[c] == "true");
        CHECK(!rows.next());
    }
    named_rows rows = named_rows::open(here.write("n.jsonl", "{\"a\":1}\n{\"a\":[1],\"w\":2}\n"));
    rows.select("a");
    REQUIRE(rows.next());
    CHECK(!rows.row_has("w"));
    CHECK(test::error_of([&] { rows.next(); }).find("n.jsonl:2: field 'a' holds a JSON array") != std::string::npos);
    CHECK(rows.row_has("w"));
    CHECK_THROWS_AS(named_rows::open(here.write("e.json", "[]")), input_error);
}
