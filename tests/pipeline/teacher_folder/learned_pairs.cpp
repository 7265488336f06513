#include <doctest/doctest.h>

#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/teacher_folder/learned_pairs.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a pair has one content, whichever response stands first") {
    CHECK(content_of_pair("p", "a", "b") == content_of_pair("p", "b", "a"));
    CHECK(content_of_pair("p", "a", "b") != content_of_pair("q", "a", "b"));
    CHECK(content_of_pair("p", "a", "b") != content_of_pair("p", "a", "c"));
    CHECK(content_of_pair("p", "a", "a") != content_of_pair("p", "b", "b"));
}

TEST_CASE("a folder lists the pairs that the teacher and its members learned from, an old one its file") {
    const test::folder folder;
    const std::vector<text_comparison> one{{1, "p", "a", "b"}}, other{{2, "q", "a", "b"}};
    for (const char* const name : {"members/0", "members/1", "members/2"})
        std::filesystem::create_directories(folder / name);
    folder.write("teacher.json", R"({"members":[{"path":"members/0"},{"path":"members/1"},{"path":"members/2"}]})");
    folder.write("members/0/teacher.json", "{}");
    folder.write("members/1/teacher.json", R"({"training":{"pairs":3,"pairs_hash":"x","data":"fnv1a64:1"}})");
    folder.write("members/2/teacher.json", R"({"training":{"pairs":0,"pairs_hash":"y","data":"fnv1a64:2"}})");
    write_learned_pairs(folder.path(), {});
    CHECK_FALSE(std::filesystem::exists(folder / learned_pairs_file));
    write_learned_pairs(folder / "members/0", one);
    const learned_pairs found = learned_pairs_of(folder.path());
    CHECK(found.has(content_of_pair("p", "b", "a")));
    CHECK_FALSE(found.has(content_of_pair(other[0])));
    CHECK(found.files == std::set<std::string>{"fnv1a64:1"});
    CHECK_FALSE(found.empty());
    folder.write("teacher.json", R"({"members":[{"path":"../x"}]})");
    CHECK(test::contains(test::error_of([&] { learned_pairs_of(folder.path()); }), "climbs out of the folder"));
}
