#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <preflearn/core/system/whole_folder.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a folder appears whole or not at all, and nothing is written over") {
    const test::folder f;
    const auto count = [&] {
        return std::distance(std::filesystem::directory_iterator(f.path()), std::filesystem::directory_iterator());
    };
    const auto fill = [](const std::filesystem::path& to) { std::ofstream(to / "a") << "1"; };
    CHECK_THROWS_AS(write_folder_whole(f / "t",
                                       [&](const std::filesystem::path& to) {
                                           fill(to);
                                           throw std::runtime_error("stop");
                                       }),
                    std::runtime_error);
    CHECK(count() == 0);
    write_folder_whole(f / "t/", fill);
    CHECK(test::read(f / "t/a") == "1");
    CHECK(count() == 1);
    CHECK(test::contains(test::error_of([&] { write_folder_whole(f / "t", fill); }), "is there already"));
    std::filesystem::create_directory(f / "empty");
    CHECK(test::contains(test::error_of([&] { write_folder_whole(f / "empty", fill); }), "is there already"));
    std::filesystem::create_symlink("nowhere", f / "link");
    CHECK(test::contains(test::error_of([&] { write_folder_whole(f / "link", fill); }), "is there already"));
    CHECK(test::contains(test::error_of([&] { write_folder_whole(f / "none/t", fill); }), "cannot be made"));
    CHECK(test::contains(test::error_of([&] {
                             write_folder_whole(f / "late", [&](const std::filesystem::path&) {
                                 std::filesystem::create_directory(f / "late"); // by somebody else, meanwhile
                             });
                         }),
                         "is there already"));
}

TEST_CASE("what a killed process left of a folder is removed by the next, and what another is making is not") {
    const test::folder f;
    std::filesystem::create_directories(f / ".t.0.tmp" / "deep");
    std::ofstream(f / ".t.0.tmp" / "deep" / "left") << "1";
    write_folder_whole(f / "t", [&](const std::filesystem::path& to) {
        CHECK(to == f / ".t.0.tmp");
        CHECK(std::filesystem::is_empty(to));
        const detail::temporary_folder other(f / "t");
        CHECK(other.path() == f / ".t.1.tmp");
        CHECK(std::filesystem::exists(to));
    });
    CHECK(std::distance(std::filesystem::directory_iterator(f.path()), std::filesystem::directory_iterator()) == 1);
}
