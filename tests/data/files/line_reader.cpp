#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

#include <preflearn/data/files/line_reader.hpp>

#include "../../files.hpp"
#include "../gzip.hpp"

using namespace preflearn;

namespace {
std::vector<std::string> lines_of(const std::string& content) {
    std::istringstream stream(content);
    line_reader reader(stream, "stream");
    std::vector<std::string> lines;
    while (const auto line = reader.next()) lines.emplace_back(*line);
    CHECK(reader.line() == lines.size());
    return lines;
}
using texts = std::vector<std::string>;
} // namespace

TEST_CASE("lines end in LF or CRLF, the last one in either or nothing") {
    CHECK(lines_of("") == texts{});
    CHECK(lines_of("\n") == texts{""});
    CHECK(lines_of("a\nb") == texts{"a", "b"});
    CHECK(lines_of("a\r\n\r\nb\r\n") == texts{"a", "", "b"});
    CHECK(lines_of("a\rb\xE2\x80\xA8"
                   "c\n") == texts{"a\rb\xE2\x80\xA8"
                                   "c"}); // neither CR nor U+2028 ends a line
    CHECK(lines_of("\xEF\xBB\xBF"
                   "a\n\xEF\xBB\xBF"
                   "b") == texts{"a", "\xEF\xBB\xBF"
                                      "b"}); // a mark is left out once
}

TEST_CASE("lines longer than a block of the stream come whole") {
    const std::string a(200000, 'a'), b(65535, 'b'), c(65536, 'c');
    CHECK(lines_of(a + "\n" + b + "\n" + c + "\n\n" + a) == texts{a, b, c, "", a});
}

TEST_CASE("a line over the maximum is an error that names it, and the next line is read") {
    std::istringstream stream("12345\n123456\n" + std::string(300000, 'x') + "\n1\n");
    line_reader reader(stream, "pairs", 5);
    CHECK(reader.next() == "12345");
    CHECK(test::error_of([&] { reader.next(); }) == "pairs:2: the line is longer than the 5 bytes allowed");
    CHECK(test::contains(test::error_of([&] { reader.next(); }), "pairs:3:"));
    CHECK(reader.next() == "1");
    CHECK(!reader.next());
}

TEST_CASE("files are opened by path, gzipped or not whatever the name, and stay open across moves") {
    const test::folder folder;
    line_reader first(folder.write("plain.gz", "one\ntwo\n"));
    CHECK(first.next() == "one");
    line_reader second = std::move(first);
    CHECK(second.next() == "two");
    CHECK(message(second.place()) == (folder / "plain.gz").string() + ":2");
    CHECK(line_reader(folder.write("zipped", test::gzipped("one"))).next() == "one");
    CHECK(test::error_of([&] { line_reader(folder / "none"); }) == (folder / "none").string() + ": cannot be opened");
    CHECK(test::contains(test::error_of([&] { line_reader{folder.path()}; }), "is a folder"));
}

TEST_CASE("UTF-16 is read as UTF-8, with a mark or without, and however long; UTF-32 is refused") {
    const auto wide = [](const std::string& text, bool big) {
        std::string bytes;
        for (const char c : text) bytes += big ? std::string{'\0', c} : std::string{c, '\0'};
        return bytes;
    };
    const std::string a(100000, 'a');
    CHECK(lines_of("\xFF\xFE" + wide(a + "\r\nb\n", false)) == texts{a, "b"});
    CHECK(lines_of("\xFE\xFF" + wide(a + "\nb", true)) == texts{a, "b"});
    CHECK(lines_of(wide("{\"id\": 1}\n\n", false)) == texts{"{\"id\": 1}", ""});
    CHECK(test::contains(test::error_of([&] { lines_of("\xFF\xFE" + wide("a\n", false) + "b"); }),
                         "stream: is UTF-16 (little-endian) and ends inside a character"));
    CHECK(test::contains(test::error_of([] { lines_of(std::string("\xFF\xFE\0\0a\0\0\0", 8)); }), "UTF-32"));
}
