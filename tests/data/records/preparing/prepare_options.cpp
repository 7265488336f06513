#include <doctest/doctest.h>

#include <string>

#include <preflearn/data/records/preparing/prepare_options.hpp>
#include <preflearn/data/records/preparing/prepare_records.hpp>

#include "../../../files.hpp"

using namespace preflearn;

TEST_CASE("each record is looked at once, with its file's number; how many there are is told once it is known") {
    const test::folder folder;
    const auto a = folder.write("a.jsonl", R"({"prompt": "p", "chosen": "a", "rejected": "b"}
{"prompt": "q", "chosen": "a", "rejected": "a"})");
    const auto b = folder.write("b.jsonl", R"({"prompt": "r", "responses": ["c", "d"], "label": 0})");
    const prepare_options options{.inputs = {a, b}, .out = folder / "out.jsonl"};
    std::string looks, progress;
    const record_look look = [&](std::size_t file, const response_record& each) {
        looks += std::to_string(file) + each.prompt.get<std::string>() + " ";
    };
    prepare_records(options, look, [&](std::size_t done, std::size_t all) {
        progress += std::to_string(done) + "/" + std::to_string(all) + " ";
    });
    CHECK(looks == "0p 0q 1r "); // what is left out, too
    CHECK(progress == "1/0 2/0 3/0 1/3 2/3 3/3 ");
}

TEST_CASE("what became of files adds up: what was read is written or left out, part by part") {
    const test::folder folder;
    std::string lines;
    for (int i = 0; i < 20; ++i)
        lines += R"({"prompt": "p)" + std::to_string(i % 16) + R"(", "chosen": "a", "rejected": "b"})" + "\n";
    const auto a = folder.write("a.jsonl", lines);
    const auto b = folder.write("b.jsonl", R"({"prompt": "p1", "chosen": "a", "rejected": "b"}
{"prompt": "q", "chosen": "c", "rejected": "c"}
{"prompt": "r", "responses": ["c", "d"], "label": 0})");
    prepare_options options{.inputs = {a, b}, .out = folder / "out.jsonl"};
    options.parts = split_parts_of("test=4,train=0.5");
    const prepared_records prepared = prepare_records(options);
    std::size_t written = 0, lines_of_parts = 0;
    for (const prepared_file& file : prepared.files) {
        INFO(file.file);
        CHECK(file.written + file.left_out.size() == file.records);
        std::size_t read = 0;
        for (const std::size_t form : file.forms) read += form;
        CHECK(read == file.records);
        written += file.written;
    }
    for (const prepared_part& part : prepared.parts) lines_of_parts += part.lines;
    CHECK(written == prepared.written);
    CHECK(lines_of_parts == prepared.written);
    CHECK(prepared.files[0].records == 20);
    CHECK(prepared.files[0].left_out.count(left_out_reason::duplicate) == 4);
    CHECK(prepared.files[1].forms[static_cast<std::size_t>(record_form::responses)] == 1);
    REQUIRE(prepared.parts.size() == 2);
    CHECK((prepared.parts[0].name == "test" && prepared.parts[0].lines == 4));
    CHECK(prepared.files[0].left_out.count(left_out_reason::no_part) +
              prepared.files[1].left_out.count(left_out_reason::no_part) ==
          17 - prepared.written);
}
