#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <preflearn/data/files/text_encoding.hpp>

using namespace preflearn;
using namespace std::string_view_literals;

TEST_CASE("encodings are told by their mark or by where the zero bytes stand") {
    const auto encoding = [](std::string_view bytes) { return encoding_of({bytes.data(), bytes.size()}); };
    CHECK(encoding("\xFF\xFE"sv) == text_encoding::utf16_little);
    CHECK(encoding("\xFE\xFF\0a"sv) == text_encoding::utf16_big);
    CHECK(encoding("a\0,\0\xBA\x4E\n\0"sv) == text_encoding::utf16_little);
    CHECK(encoding("\0a\0,\x4E\xBA\0\n"sv) == text_encoding::utf16_big);
    CHECK(encoding("\xFF\xFE\0\0"sv) == text_encoding::utf32);
    CHECK(encoding("\0\0\xFE\xFF"sv) == text_encoding::utf32);
    CHECK(encoding("") == text_encoding::utf8);
    CHECK(encoding("a") == text_encoding::utf8);
    CHECK(encoding("\xEF\xBB\xBFunit,a\n") == text_encoding::utf8);
    // One stray zero byte in a long text is none.
    CHECK(encoding(std::string(1001, 'x') + '\0' + std::string(1000, 'x')) == text_encoding::utf8);
    // Nor are a few in a short one.
    CHECK(encoding("left,right,winner\nA\0,B,left\nB,A\0,left\n"sv) == text_encoding::utf8);
}

TEST_CASE("letters of an older encoding are not UTF-8, a character that is cut is") {
    const auto may_be = [](std::string_view bytes) { return may_be_utf8({bytes.data(), bytes.size()}); };
    const std::string text = "z\u00E9\u202C\U0001F600.";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) CHECK(may_be(text.substr(0, cut)));
    for (const char* bytes : {"Jos\xE9,B", "\xE9t\xE9", "\x80", "a\xFF", "\xC3(", "\xF0\x9F\x98."})
        CHECK_FALSE(may_be(bytes));
}

TEST_CASE("every character survives, cut anywhere") {
    const std::string_view bytes = "\xFF\xFEz\0\xE9\0\x2C\x20\x3D\xD8\x00\xDE\n\0"sv; // z é “ 😀
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        utf16_decoder decoder(text_encoding::utf16_little);
        std::string text;
        for (const std::string_view part : {bytes.substr(0, cut), bytes.substr(cut)}) {
            const auto some = decoder.decode({part.data(), part.size()}, "f");
            text.append(some.begin(), some.end());
        }
        decoder.finish("f");
        CHECK(text == "\xEF\xBB\xBFz\u00E9\u202C\U0001F600\n");
    }
    utf16_decoder half(text_encoding::utf16_big);
    half.decode({"\xD8\x3D", 2}, "f");
    CHECK_THROWS_WITH_AS(half.finish("f"), "f: is UTF-16 (big-endian) and ends inside a character", input_error);
}
