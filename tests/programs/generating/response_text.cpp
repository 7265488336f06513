#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/programs/generating/response_text.hpp>
#include <preflearn/text/files/load.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

/// Bytes of a euro sign are tokens of their own: "€" is the ids 4 5 6.
struct response_texts {
    test::folder folder;
    encoded_texts texts{loaded()};

    tokenizer loaded() {
        folder.write("tokenizer.json",
                     R"({"added_tokens":[{"id":7,"content":"</s>","special":true},{"id":8,"content":"<t>",)"
                     R"("special":false}],"decoder":{"type":"ByteLevel"},"pre_tokenizer":{"type":"ByteLevel",)"
                     R"("add_prefix_space":false},"model":{"type":"BPE","vocab":{"a":0,"b":1,"c":2,"ab":3,"â":4,"Ĥ":5,)"
                     R"("¬":6,"</s>":7,"<t>":8},"merges":[["a","b"]]}})");
        folder.write("tokenizer_config.json", R"({"eos_token":"</s>"})");
        return load_tokenizer(folder / "tokenizer.json");
    }
    response_text text(const response_ends& ends) { return {texts, "a", ends}; }
};

} // namespace

TEST_CASE("a stop string ends a response before it, wherever it lies across tokens") {
    response_texts f;
    const response_ends ends{.tokens = {7}, .strings = {"bca", "cc"}};
    response_text grown = f.text(ends);
    for (const token_id token : {0, 3, 2}) CHECK(!grown.add(token)); // a ab c
    CHECK(grown.text() == "aabc");
    response_text other = grown;
    CHECK(grown.add(3)); // …ab: the text has "bca" now
    CHECK(grown.ended());
    CHECK(grown.text() == "aa");
    CHECK(grown.tokens() == 4);
    CHECK(!other.add(8));
    CHECK(!other.add(2));
    CHECK(other.add(2));
    CHECK(other.text() == "aabc<t>");
    CHECK(other.tokens() == 6);
}

TEST_CASE("end tokens are no part of the text, whether they are special or not, and have no stop behind them") {
    response_texts f;
    const response_ends ends{.tokens = {7, 1}, .strings = {}};
    response_text grown = f.text(ends);
    CHECK(!grown.add(0));
    CHECK(grown.add(1));
    CHECK(grown.text() == "a");
    const response_ends none{};
    response_text unended = f.text(none);
    CHECK(!unended.add(0));
    CHECK(!unended.add(7));
    CHECK(!unended.add(2));
    CHECK(!unended.add(99)); // padding of the logits
    CHECK(unended.text() == "ac");
    CHECK(unended.tokens() == 4);
    CHECK(!unended.ended());
}

TEST_CASE("a text never ends within a character, and has none that are no UTF-8") {
    response_texts f;
    const response_ends none{};
    response_text grown = f.text(none);
    const std::vector<std::string> expected{"c",
                                            "c",
                                            "c",
                                            "c€",
                                            "c€a",
                                            "c€a",
                                            "c€a",
                                            "c€a\xEF\xBF\xBD\xEF\xBF\xBD"
                                            "b"};
    std::size_t step = 0;
    for (const token_id token : {2, 4, 5, 6, 0, 4, 5, 1}) {
        grown.add(token);
        CHECK(grown.text() == expected[step++]);
    }
    CHECK(whole_characters("\xF0\x9F\x98\x80x\xF0\x9F\x98") == "\xF0\x9F\x98\x80x");
    CHECK(whole_characters("\x80"
                           "a\xC3") == "\xEF\xBF\xBD"
                                       "a");
    CHECK(whole_characters("\xFF") == "\xEF\xBF\xBD");
    CHECK(whole_characters("").empty());
}

TEST_CASE("a stop string in a character that is not whole yet waits for it") {
    response_texts f;
    const response_ends ends{.strings = {"€"}};
    response_text grown = f.text(ends);
    CHECK(!grown.add(0));
    CHECK(!grown.add(4));
    CHECK(!grown.add(5));
    CHECK(grown.add(6));
    CHECK(grown.text() == "a");
}
