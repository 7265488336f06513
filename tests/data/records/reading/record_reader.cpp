#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/data/records/reading/record_reader.hpp>

#include "../../../files.hpp"

using namespace preflearn;

TEST_CASE("lines and arrays are read alike; in an array a record's index is its own") {
    const test::folder folder;
    const std::string one = R"({"prompt": "p", "chosen": "a", "rejected": "b"})";
    folder.write("lines", "\xEF\xBB\xBF" + one + "\r\n\r\n" + one);
    folder.write("array", "[" + one + "," + one + "]");
    const record_options options;
    for (const char* const name : {"lines", "array"}) {
        seen_ids ids;
        record_reader reader(folder / name, options, ids);
        const auto first = reader.next(), second = reader.next();
        REQUIRE(second);
        CHECK(first->index == 0);
        CHECK(second->index == (name == std::string("lines") ? 2 : 1));
        CHECK(!reader.next());
    }
}

TEST_CASE("a bad line is named, or left out and counted; ids are seen once, over files too") {
    const test::folder folder;
    const std::string text = R"({"id": 1, "prompt": "p", "chosen": "a", "rejected": "b"}
5
{"id": 1, "prompt": "p", "chosen": "a", "rejected": "b"}
{"id": "1", "prompt": "p", "chosen": "a", "rejected": "b"}
)" + std::string(17U << 20, ' ') +
                             "x\n" + R"({"prompt": "p", "chosen": "a"})";
    const auto path = folder.write("pairs.jsonl", text);
    const record_options strict, skipping{.reading = {.skip_malformed = true}};
    seen_ids ids;
    record_reader first(path, strict, ids);
    first.next();
    CHECK(test::contains(test::error_of([&] { first.next(); }), "pairs.jsonl:2: holds a JSON number"));
    seen_ids others;
    record_reader reader(path, skipping, others);
    std::vector<std::size_t> lines;
    while (const auto record = reader.next()) lines.push_back(record->line);
    CHECK(lines == std::vector<std::size_t>{1, 4});
    REQUIRE(reader.skipped().size() == 4);
    CHECK(test::contains(reader.skipped().pairs()[1].message, "the id 1 was seen at "));
    CHECK(test::contains(reader.skipped().pairs()[2].message, "longer than the"));
    CHECK(reader.skipped().pairs()[3].name.line == 6);
    record_reader again(path, strict, others);
    CHECK(test::contains(test::error_of([&] { again.next(); }), "pairs.jsonl:1: the id 1 was seen at"));
}

TEST_CASE("files of columns are refused with the line that converts them") {
    const test::folder folder;
    folder.write("a.parquet", "PAR1\x15\x04");
    const record_options options;
    seen_ids ids;
    record_reader reader(folder / "a.parquet", options, ids);
    const std::string said = test::error_of([&] { reader.next(); });
    CHECK(test::contains(said, "a.parquet: is Parquet"));
    CHECK(test::contains(said, "pandas.read_parquet"));
}
