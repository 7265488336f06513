#include <filesystem>

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/aligning/student_output.hpp>

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
