#include <doctest/doctest.h>

#include <string>

#include <preflearn/text/characters/unicode.hpp>

using namespace preflearn;

TEST_CASE("every code point survives UTF-8, and only code points do") {
    int wrong = 0;
    for (char32_t code = 0; code <= 0x10FFFF; ++code) {
        std::string text;
        append_utf8(text, code);
        const character c = character_at(text, 0);
        const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
        wrong += surrogate ? c.valid : !c.valid || c.code != code || c.bytes != text.size();
    }
    CHECK(wrong == 0);
}

TEST_CASE("bytes that are not UTF-8 are characters of one byte") {
    for (const std::string text :
         {"\x80", "\xbf\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe2\x82", "\xe2\x28\xa1", "\xf0\x9f\x99"}) {
        const character c = character_at(text, 0);
        CHECK(!c.valid);
        CHECK(c.bytes == 1);
        CHECK(class_of(c) == character_class::other);
    }
}

TEST_CASE("classes follow Unicode's categories and White_Space") {
    using enum character_class;
    for (const char32_t code :
         {U'a', U'Z', U'é', U'ß', U'Ж', U'漢', U'ª', U'ǅ', U'ʰ', U'한', U'\U00010400', U'\U00031350', U'\U0001347D'}) {
        CHECK(class_of(code) == letter);
    }
    for (const char32_t code : {U'0', U'9', U'٣', U'४', U'Ⅷ', U'½', U'²', U'①', U'\U0001D7D9', U'\U0001CCF2'})
        CHECK(class_of(code) == number);
    for (const char32_t code : {U' ', U'\t', U'\n', U'\v', U'\f', U'\r', U'\u0085', U'\u00A0', U'\u1680', U'\u2003',
                                U'\u2028', U'\u202F', U'\u3000'}) {
        CHECK(class_of(code) == space);
    }
    for (const char32_t code : {U'!', U'_', U'\0', U'\x1c', U'\u0301', U'\u180E', U'\u200B', U'\u200D', U'\uFEFF',
                                U'🙂', U'€', U'\U0010FFFF', U'\u0378'}) {
        CHECK(class_of(code) == other);
    }
}

TEST_CASE("the last character of a text is found from its end") {
    CHECK(last_character("a") == 0);
    CHECK(last_character("aé") == 1);
    CHECK(last_character("a🙂") == 1);
    CHECK(last_character("a\x99") == 1);
    CHECK(last_character("\xf0\x9f\x99") == 2);
}

TEST_CASE("white space at either end is Unicode's") {
    CHECK(without_space_at_end("a \u3000\n") == "a");
    CHECK(without_space_at_start("\u00A0 a ") == "a ");
    CHECK(without_space_at_end(" \n").empty());
}
