#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include <preflearn/pipeline/output/unfinished_folder.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("an unfinished folder stays with what a stopped run kept, is opened again, and goes when it is done") {
    const test::folder f;
    const auto out = f / "student";
    {
        const unfinished_folder at(out);
        CHECK(at.path() == f / "student.unfinished");
        std::ofstream(at.path() / "kept") << "1";
    }
    CHECK(test::read(f / "student.unfinished" / "kept") == "1");
    unfinished_folder again(f / "student/");
    CHECK(test::read(again.path() / "kept") == "1");
    again.remove();
    CHECK(std::filesystem::is_empty(f.path()));
    { const unfinished_folder nothing_kept(out); }
    CHECK(std::filesystem::is_empty(f.path()));
}

TEST_CASE("a folder that no run has made is never written into and never removed") {
    for (const bool has_content : {true, false}) {
        const test::folder f;
        std::filesystem::create_directory(f / "student.unfinished");
        if (has_content) std::ofstream(f / "student.unfinished" / "thesis.txt") << "ten years";
        CHECK(test::contains(test::error_of([&] { unfinished_folder(f / "student"); }),
                             (f / "student.unfinished").string() + ": is there already and not what an unfinished"));
        remove_unfinished(f / "student");
        CHECK(std::filesystem::exists(f / "student.unfinished"));
        CHECK(std::filesystem::exists(f / "student.unfinished" / "thesis.txt") == has_content);
        CHECK_FALSE(std::filesystem::exists(f / "student.unfinished" / "unfinished.txt"));
    }
    const test::folder f;
    f.write("student.unfinished", "a file");
    CHECK_THROWS_AS(unfinished_folder(f / "student"), input_error);
    CHECK(test::read(f / "student.unfinished") == "a file");
}

TEST_CASE("two runs at once do not make the same: the second is refused, and takes nothing from the first") {
    const test::folder f;
    {
        const unfinished_folder first(f / "t");
        std::ofstream(first.path() / "kept") << "1";
        CHECK(test::contains(test::error_of([&] { unfinished_folder(f / "t"); }), "another process is making"));
        CHECK(std::filesystem::exists(first.path() / "kept"));
    }
    remove_unfinished(f / "t"); // of a run that was stopped just before it removed it
    CHECK(std::filesystem::is_empty(f.path()));
    remove_unfinished(f / "t");
}
