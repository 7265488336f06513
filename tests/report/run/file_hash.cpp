#include <doctest/doctest.h>

#include <string>

#include <preflearn/report/run/file_hash.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("FNV-1a of published test vectors, read from a file") {
    const test::folder folder;
    // Fowler, Noll & Vo's own list, 64 bits
    CHECK(hash_file(folder.write("empty", "")).hash == 0xcbf29ce484222325);
    CHECK(hash_file(folder.write("a", "a")).hash == 0xaf63dc4c8601ec8c);
    const input_file file = hash_file(folder.write("foobar", "foobar"));
    CHECK(file.hash == 0x85944171f73967e8);
    CHECK(file.bytes == 6);
    CHECK(file.path == (folder / "foobar").string());
}

TEST_CASE("blocks do not show in the hash, and every byte counts") {
    const test::folder folder;
    std::string content(200001, 'x');
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * i);
    const input_file whole = hash_file(folder.write("a", content));
    CHECK(whole.hash == hash_of(content));
    CHECK(whole.bytes == content.size());
    content.back() ^= 1;
    CHECK(hash_file(folder.write("b", content)).hash != whole.hash);
}

TEST_CASE("a folder is its files by name, without its subfolders") {
    const test::folder folder;
    folder.write("b", "foobar");
    folder.write("a", "a");
    std::filesystem::create_directory(folder / "c");
    const auto files = hash_files(folder.path());
    REQUIRE(files.size() == 2);
    CHECK(files[0].path == (folder / "a").string());
    CHECK(files[1].bytes == 6);
    CHECK(hash_files(folder / "b").size() == 1);
}

TEST_CASE("what cannot be read is named") {
    const test::folder folder;
    CHECK(test::error_of([&] { hash_files(folder / "no"); }) ==
          (folder / "no").string() + ": cannot be read as a file");
    CHECK(test::error_of([&] { hash_file(folder.path()); }) != "");
}

TEST_CASE("a hash is written with all its digits") {
    CHECK(hash_text(0x0123456789abcdef) == "fnv1a64:0123456789abcdef");
    CHECK(hash_text(10) == "fnv1a64:000000000000000a");
}
