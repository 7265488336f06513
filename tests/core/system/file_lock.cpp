#include <doctest/doctest.h>

#include <filesystem>
#include <utility>

#include <preflearn/core/system/file_lock.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("one object holds a file or a folder, until it ends or is moved from") {
    const test::folder folder;
    for (const std::filesystem::path& path : {folder.write("a", "x"), folder.path()}) {
        file_lock first(path);
        CHECK(first.held());
        CHECK(file_lock(path).taken());
        CHECK_FALSE(file_lock(path).held());
        {
            const file_lock second = std::move(first);
            CHECK(second.is_at(path));
            CHECK(file_lock(path).taken());
        }
        CHECK(file_lock(path).held());
    }
}

TEST_CASE("a lock is of what was at the path, not of what is put there later") {
    const test::folder folder;
    const file_lock lock(folder.write("a", "x"));
    CHECK(lock.is_at(folder / "a"));
    std::filesystem::rename(folder.write("b", "y"), folder / "a");
    CHECK(lock.held());
    CHECK_FALSE(lock.is_at(folder / "a"));
    CHECK(file_lock(folder / "a").held());
}

TEST_CASE("what is not there, and a link, is neither held nor taken") {
    const test::folder folder;
    std::filesystem::create_symlink(folder.write("a", "x"), folder / "link");
    for (const char* const name : {"none", "link"}) {
        const file_lock lock(folder / name);
        CHECK_FALSE(lock.held());
        CHECK_FALSE(lock.taken());
        CHECK_FALSE(lock.is_at(folder / name));
    }
}
