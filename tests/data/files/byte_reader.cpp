#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/data/files/byte_reader.hpp>

#include "../../files.hpp"
#include "../gzip.hpp"

using namespace preflearn;

namespace {

std::string all_bytes(const std::string& content) {
    std::istringstream stream(content);
    byte_reader reader(stream, "stream");
    std::string text;
    for (auto block = reader.next(); !block.empty(); block = reader.next()) text.append(block.begin(), block.end());
    return text;
}

/// Text that gzip cannot shrink much, longer than several blocks.
std::string long_text() {
    std::string text;
    generator random(1, "text");
    while (text.size() < 300000) text += static_cast<char>(random() >> 56);
    return text;
}

} // namespace

TEST_CASE("plain bytes pass through, and gzip is recognised by its first bytes alone") {
    const std::string text = long_text();
    for (const std::string& content :
         {std::string(), std::string("a"), std::string("\x1F"), std::string("\x1F\x8A"), text}) {
        CHECK(all_bytes(content) == content);
    }
    for (const std::string& content : {std::string("a"), std::string("\n\0\n", 3), text, std::string(1000000, ' ')}) {
        CHECK(all_bytes(test::gzipped(content)) == content);
    }
    CHECK(all_bytes(test::gzipped("")).empty());
}

TEST_CASE("gzip members follow one another, empty ones and zero padding between them included") {
    const std::string text = long_text();
    CHECK(all_bytes(test::gzipped("one") + test::gzipped("") + test::gzipped(text) + test::gzipped("three")) ==
          "one" + text + "three");
    CHECK(all_bytes(test::gzipped("one") + std::string(100000, '\0') + test::gzipped("two") + std::string(3, '\0')) ==
          "onetwo");
}

TEST_CASE("gzip data cut short, followed by something else or damaged are errors that name the stream") {
    const std::string good = test::gzipped("some text, some text");
    for (std::size_t length = 2; length < good.size(); ++length) {
        CAPTURE(length);
        CHECK(test::contains(test::error_of([&] { all_bytes(good.substr(0, length)); }),
                             "stream: the gzip data end early"));
    }
    CHECK(test::contains(test::error_of([&] { all_bytes(good + "rest"); }), "stream: the gzip data are damaged"));
    std::string wrong_sum = good;
    wrong_sum[good.size() - 8] ^= 1;
    CHECK(test::contains(test::error_of([&] { all_bytes(wrong_sum); }), "incorrect data check"));
}

TEST_CASE("a stream that fails is an error, not an early end") {
    std::istringstream stream("text");
    stream.setstate(std::ios::badbit);
    byte_reader reader(stream, "socket");
    CHECK(test::contains(test::error_of([&] { reader.next(); }), "socket: reading failed"));
}
