#include <doctest/doctest.h>

#include <string>

#include <preflearn/text/characters/byte_alphabet.hpp>

using namespace preflearn;

TEST_CASE("the byte alphabet is GPT-2's") {
    std::string text;
    append_in_byte_alphabet(text, " \n\tA\xc3\xa9\x7f\xad");
    CHECK(text == "ĠĊĉAÃ©ġŃ");
}

TEST_CASE("every byte comes back from the alphabet, and foreign characters are told apart") {
    std::string all, text;
    for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
    append_in_byte_alphabet(text, all);
    CHECK(bytes_from_alphabet(text) == all);
    CHECK(bytes_from_alphabet("") == "");
    for (const char* const foreign : {" ", "a b", "▁", "\xff", "漢"}) CHECK(!bytes_from_alphabet(foreign));
}
