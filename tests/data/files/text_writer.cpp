#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include <preflearn/data/files/line_reader.hpp>
#include <preflearn/data/files/text_writer.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a name that ends in .gz makes text gzipped, any other leaves it as it is") {
    std::string made[2];
    for (const bool gzipped : {false, true}) {
        std::ostringstream out;
        text_writer writer(out, gzipped ? "a.jsonl.gz" : "a.gz.jsonl");
        writer.write("one\n");
        writer.write("two\n");
        writer.finish();
        made[gzipped] = out.str();
    }
    CHECK(made[0] == "one\ntwo\n");
    CHECK(made[1].starts_with("\x1F\x8B"));
    std::istringstream in(made[1]);
    line_reader lines(in, "written");
    CHECK(*lines.next() == "one");
    CHECK(*lines.next() == "two");
    CHECK(!lines.next());
}

TEST_CASE("files of columns are refused by what they begin with") {
    for (const char* const begin : {"PAR1\x15", "ARROW1"}) {
        std::istringstream in(begin);
        line_reader lines(in, "a.parquet");
        CHECK(test::contains(test::error_of([&] { lines.next(); }), "convert it: python3 -c 'import pandas"));
    }
}
