#include <doctest/doctest.h>

#include <filesystem>
#include <iterator>
#include <ostream>
#include <string>

#include <preflearn/core/system/new_file.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a file is written where there is none, left where it is the same, and any other is refused") {
    const test::folder folder;
    const auto write = [&](const std::string& content) {
        return test::error_of([&] { write_new(folder / "a", [&](std::ostream& out) { out << content; }); });
    };
    CHECK(write("content").empty());
    const auto made = std::filesystem::last_write_time(folder / "a");
    CHECK(write("content").empty());
    CHECK(std::filesystem::last_write_time(folder / "a") == made);
    for (const char* const other : {"contenT", "content and more", ""})
        CHECK(test::contains(write(other), (folder / "a").string() + ": is there already and holds something else"));
    CHECK(test::read(folder / "a") == "content");
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), std::filesystem::directory_iterator()) ==
          1);
    write_new("/dev/null", [](std::ostream& out) { out << "x"; });
}

TEST_CASE("a file that this time is not written may not be there, not even as a link to nothing") {
    const test::folder folder;
    require_no_file(folder / "a");
    folder.write("a", "");
    std::filesystem::create_symlink("nowhere", folder / "link");
    for (const char* const name : {"a", "link"})
        CHECK(test::contains(test::error_of([&] { require_no_file(folder / name); }), "is there already"));
}
