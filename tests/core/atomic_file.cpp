#include <doctest/doctest.h>

#include <iterator>
#include <stdexcept>
#include <thread>

#include <preflearn/core/atomic_file.hpp>

#include "../files.hpp"

using namespace preflearn;

namespace {
auto entries(const test::folder& folder) {
    return std::distance(std::filesystem::directory_iterator(folder.path()), std::filesystem::directory_iterator());
}
} // namespace

TEST_CASE("an atomic write makes and replaces a file and leaves nothing beside it") {
    const test::folder folder;
    for (const char* const content : {"first, and longer", "second"}) {
        write_atomically(folder / "a", [&](std::ostream& out) { out << content; });
        CHECK(test::read(folder / "a") == content);
    }
    CHECK(entries(folder) == 1);
}

TEST_CASE("when the writer throws, the old file stays and no temporary file is left") {
    const test::folder folder;
    folder.write("a", "old");
    CHECK_THROWS_AS(write_atomically(folder / "a",
                                     [](std::ostream& out) {
                                         out << std::string(100000, 'x');
                                         throw std::logic_error("half-way");
                                     }),
                    std::logic_error);
    CHECK(test::read(folder / "a") == "old");
    CHECK(entries(folder) == 1);
}

TEST_CASE("a stream that fails is an error, not half a file") {
    const test::folder folder;
    folder.write("a", "old");
    CHECK_THROWS_AS(write_atomically(folder / "a", [](std::ostream& out) { out.setstate(std::ios::badbit); }),
                    input_error);
    CHECK(test::read(folder / "a") == "old");
}

TEST_CASE("a missing folder, a folder in the file's place and an empty name are errors that name the path") {
    const test::folder folder;
    const auto write = [](const std::filesystem::path& path) {
        return test::error_of([&] { write_atomically(path, [](std::ostream& out) { out << "x"; }); });
    };
    CHECK(test::contains(write(folder / "no" / "a"), (folder / "no" / "a").string()));
    std::filesystem::create_directory(folder / "taken");
    CHECK(test::contains(write(folder / "taken"), "cannot be replaced"));
    CHECK(test::contains(write(""), "a file name was expected"));
    CHECK(entries(folder) == 1);
}

TEST_CASE("of several writers at once one wins whole") {
    const test::folder folder;
    std::vector<std::thread> writers;
    for (const char letter : {'a', 'b', 'c', 'd'}) {
        writers.emplace_back([&folder, letter] {
            for (int i = 0; i < 10; ++i) {
                write_atomically(folder / "x", [&](std::ostream& out) { out << std::string(20000, letter); });
            }
        });
    }
    for (auto& writer : writers) writer.join();
    const std::string content = test::read(folder / "x");
    CHECK(content == std::string(20000, content.at(0)));
    CHECK(entries(folder) == 1);
}
