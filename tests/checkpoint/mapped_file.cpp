#include <doctest/doctest.h>

#include <utility>

#include <preflearn/checkpoint/mapped_file.hpp>

#include "../files.hpp"

using namespace preflearn;

TEST_CASE("a mapped file shows the file's bytes, also after a move") {
    const test::folder folder;
    mapped_file first(folder.write("a", "content"));
    mapped_file second(std::move(first));
    CHECK(second.text() == "content");
    second = mapped_file(folder.write("b", "other"));
    CHECK(second.text() == "other");
    CHECK(second.path() == folder / "b");
}

TEST_CASE("a mapped file survives the replacement of its file by rename") {
    const test::folder folder;
    const mapped_file file(folder.write("a", "old"));
    std::filesystem::rename(folder.write("b", "new"), folder / "a");
    CHECK(file.text() == "old");
}

TEST_CASE("what cannot be mapped is an input_error that names the path and the reason") {
    const test::folder folder;
    const auto message_for = [](const std::filesystem::path& path) {
        return test::error_of([&] { mapped_file{path}; });
    };
    CHECK(test::contains(message_for(folder / "missing"),
                         (folder / "missing").string() + ": cannot be opened: No such file"));
    CHECK(test::contains(message_for(folder.path()), "is a folder"));
    CHECK(test::contains(message_for(folder.write("empty", "")), "is empty"));
    CHECK(test::contains(message_for("/dev/null"), "is not a regular file"));
    CHECK_THROWS_AS(mapped_file(folder / "missing"), input_error);
}
