#include <doctest/doctest.h>

#include <preflearn/text/characters/character_set.hpp>

using namespace preflearn;

TEST_CASE("sets are joined, cut and turned round") {
    character_set some{{U'a', U'f'}, {U'0', U'9'}};
    CHECK((some.contains(U'a') && some.contains(U'9') && !some.contains(U'g') && !some.contains(no_character)));
    CHECK((some.complement().contains(U'g') && some.complement().contains(no_character)));
    CHECK(some.complement().complement().contains(U'f'));
    some &= character_set(U'c', U'z');
    CHECK((!some.contains(U'b') && some.contains(U'c') && some.contains(U'f') && !some.contains(U'z')));
    CHECK(character_set(U'a', U'c') == character_set(U'a', U'c'));
}

TEST_CASE("named sets agree with the classes of unicode.hpp on every code point") {
    const character_set letters = *named_set("L"), numbers = *named_set("N"), spaces = space_set();
    int wrong = 0;
    for (char32_t code = 0; code < 0x30000; ++code) {
        const character_class kind = class_of(code);
        const unsigned category = category_of(code);
        wrong += letters.contains(code, category) != (kind == character_class::letter);
        wrong += numbers.contains(code, category) != (kind == character_class::number);
        wrong += spaces.contains(code, category) != (kind == character_class::space);
    }
    CHECK(wrong == 0);
    CHECK(!named_set("Greek"));
    CHECK(named_set("Han")->contains(U'漢'));
}
