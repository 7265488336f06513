#include <filesystem>

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <preflearn/programs/aligning/student_output.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a student was made before where its own manifest says so; anything else is left alone") {
    const test::folder folder;
    CHECK_FALSE(student_made_before(folder / "new", "k"));
    std::filesystem::create_directory(folder / "S");
    CHECK(test::contains(test::error_of([&] { student_made_before(folder / "S", "k"); }), "nothing is written over"));
    folder.write("S/manifest.json", R"({"settings": {"key": "k"}})");
    CHECK(student_made_before(folder / "S", "k"));
    CHECK(student_made_before(folder / "S/", "k"));
    CHECK_THROWS_AS(student_made_before(folder / "S", "other"), input_error);
}

TEST_CASE("what is left out of two files is told with the file of the second") {
    align_data data;
    data.file.left_out.add({.name = {.id = "a", .line = 3}});
    data.held_out_file.names = pair_names("held.jsonl");
    data.held_out_file.left_out.add({.name = {.id = "b", .line = 2}});
    const auto files = detail::student_files({}, {}, data);
    const auto named = [&](std::string_view name) {
        for (const auto& [own, content] : files)
            if (own == name) return content;
        return std::string();
    };
    CHECK(test::contains(named("left-out.jsonl"), R"("file":"held.jsonl")"));
    CHECK_FALSE(named("results.json").empty());
    CHECK(named("loss.svg").empty()); // no steps
}

TEST_CASE("what stands beside a GGUF student is its own, or nothing is written") {
    const test::folder folder;
    const detail::named_files files{{"manifest.json", R"({"program": "align"})"}, {"results.json", "{}\n"}};
    detail::write_beside(folder / "s.gguf", files);
    CHECK(test::read(folder / "s.results.json") == "{}\n");
    detail::write_beside(folder / "s.gguf", files); // stopped before the model was written
    folder.write("s.manifest.json", R"({"program": "label"})");
    CHECK(test::contains(test::error_of([&] { detail::write_beside(folder / "s.gguf", files); }),
                         "nothing is written over"));
    folder.write("t.results.json", "mine");
    CHECK_THROWS_AS(detail::write_beside(folder / "t.gguf", files), input_error);
    CHECK(test::read(folder / "t.results.json") == "mine");
}
