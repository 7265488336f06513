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
