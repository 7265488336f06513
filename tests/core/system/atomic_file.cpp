#include <doctest/doctest.h>

#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <preflearn/core/system/atomic_file.hpp>

#include "../../files.hpp"

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

TEST_CASE("a link is followed, a pipe is written to; both stay what they are") {
    const test::folder folder;
    folder.write("a", "old");
    std::filesystem::create_symlink("a", folder / "link");
    write_atomically(folder / "link", [](std::ostream& out) { out << "new"; });
    CHECK(std::filesystem::is_symlink(folder / "link"));
    CHECK(test::read(folder / "a") == "new");

    const std::filesystem::path pipe = folder / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    const int reader = ::open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(reader >= 0);
    write_atomically(pipe, [](std::ostream& out) { out << "text"; });
    char text[5] = {};
    CHECK(::read(reader, text, 4) == 4);
    CHECK(std::string(text) == "text");
    ::close(reader);
    CHECK(std::filesystem::is_fifo(pipe));
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

TEST_CASE("what a killed writer left is removed by the next, and what another is writing is not") {
    const test::folder folder;
    folder.write(".a.0.tmp", "left");
    write_atomically(folder / "a", [&](std::ostream& out) {
        out << "outer";
        out.flush();
        CHECK(test::read(folder / ".a.0.tmp") == "outer");
        write_atomically(folder / "a", [](std::ostream& inner) { inner << "inner"; });
        CHECK(test::read(folder / "a") == "inner");
        CHECK(test::read(folder / ".a.0.tmp") == "outer");
    });
    CHECK(test::read(folder / "a") == "outer");
    CHECK(entries(folder) == 1);
}

TEST_CASE("whether a file can be written is tried without leaving anything behind") {
    const test::folder folder;
    const auto tried = [](const std::filesystem::path& path) {
        return test::error_of([&] { check_can_be_written(path); });
    };
    CHECK(tried(folder / "new").empty());
    write_atomically(folder / "old", [](std::ostream& out) { out << "old"; });
    std::filesystem::create_symlink(folder / "old", folder / "link");
    CHECK(tried(folder / "link").empty());
    CHECK(test::read(folder / "old") == "old");
    CHECK(tried("/dev/null").empty());
    CHECK(test::contains(tried(folder / "no" / "a"), "a file cannot be made in this folder"));
    CHECK(test::contains(tried(folder.path()), "is a folder, a file was expected"));
    CHECK(test::contains(tried(""), "a file name was expected"));
    CHECK(entries(folder) == 2);
}

TEST_CASE("a folder is made with those it lies in, and one that is there is left alone") {
    const test::folder folder;
    make_folder(folder / "a" / "b");
    write_atomically(folder / "a" / "b" / "x", [](std::ostream& out) { out << "x"; });
    make_folder(folder / "a" / "b");
    CHECK(test::read(folder / "a" / "b" / "x") == "x");
    const std::string error = test::error_of([&] { make_folder(folder / "a" / "b" / "x" / "c"); });
    CHECK(test::contains(error, (folder / "a" / "b" / "x" / "c").string() + ": cannot be made: "));
}
