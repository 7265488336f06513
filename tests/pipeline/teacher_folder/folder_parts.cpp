#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("parts of a folder lie in it: no absolute path, no climbing, no link that leads out") {
    const test::folder outer;
    const auto folder = outer / "teacher";
    std::filesystem::create_directories(folder / "policy");
    outer.write("secret", "s");
    outer.write("teacher/policy/a", "1");
    CHECK(part_of_folder(folder, "policy/a") == folder / "policy/a");
    const auto fault = [&](const std::string& name) { return test::error_of([&] { part_of_folder(folder, name); }); };
    CHECK(test::contains(fault((outer / "secret").string()), "relative to the folder was expected"));
    CHECK(test::contains(fault("../secret"), "climbs out"));
    CHECK(test::contains(fault("policy/../../secret"), "climbs out"));
    CHECK(test::contains(fault("none"), "the teacher needs it"));
    std::filesystem::create_symlink(outer / "secret", folder / "link");
    CHECK(test::contains(fault("link"), "leads out of the teacher's folder"));
    std::filesystem::create_symlink("policy", folder / "inner"); // which stays inside
    CHECK(part_of_folder(folder, "inner/a") == folder / "inner/a");

    const std::string before = part_hash(folder, "policy");
    CHECK(before.starts_with("fnv1a64:"));
    CHECK(part_hash(folder, "inner") == before);
    outer.write("teacher/policy/b", "2");
    CHECK(part_hash(folder, "policy") != before);
    std::filesystem::create_symlink(outer / "secret", folder / "policy/c");
    CHECK(test::contains(test::error_of([&] { part_hash(folder, "policy"); }), "leads out"));
}
