#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include <preflearn/report/tables/unicode_text.hpp>

using namespace preflearn;

TEST_CASE("code points are taken one by one, and bad bytes one at a time") {
    const auto first = [](std::string_view text) {
        const char32_t code = take_code_point(text);
        return std::pair(code, std::string(text));
    };
    CHECK(first("a±") == std::pair(U'a', std::string("±")));
    CHECK(first("σb") == std::pair(U'σ', std::string("b")));
    CHECK(first("人") == std::pair(U'人', std::string()));
    CHECK(first("😀!") == std::pair(U'😀', std::string("!")));
    for (const char* const bad :
         {"\x80", "\xC0\xAF", "\xE2\x82", "\xED\xA0\x80", "\xE0\x80\x80", "\xF4\x90\x80\x80", "\xFF"}) {
        std::string_view rest = bad;
        const std::size_t before = rest.size();
        CHECK(take_code_point(rest) == U'\uFFFD');
        CHECK(rest.size() < before);
    }
}

TEST_CASE("display width counts columns of a terminal") {
    CHECK(display_width("") == 0);
    CHECK(display_width("0.71 ± 0.02") == 11);
    CHECK(display_width("σ–β") == 3);
    CHECK(display_width("日本語") == 6);
    CHECK(display_width("한글") == 4);
    CHECK(display_width("e\u0301") == 1); // e and a combining accent
    CHECK(display_width("😀") == 2);
    CHECK(display_width("\xFF\xFF") == 2);
}

TEST_CASE("printable text is one line of valid UTF-8, its control characters escaped") {
    CHECK(printable("β ≻ 人 e\u0301 😀") == "β ≻ 人 e\u0301 😀");
    CHECK(printable("a\r\n\tb\x1B[31m\x7F") == "a\\r\\n\\tb\\x1B[31m\\x7F");
    CHECK(printable("a\u0085b\u2028c\u202E\u2066") == "a\\x85b\\u2028c\\u202E\\u2066");
    CHECK(printable("a\xFF\xEF\xBF\xBE\xE2\x82") == "a\uFFFD\uFFFD\uFFFD");
    CHECK(printable(std::string_view("a\0b", 3)) == "a\\x00b");
}
