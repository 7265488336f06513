#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <preflearn/text/files/load.hpp>
#include <preflearn/text/steps/position.hpp>

using namespace preflearn;

TEST_CASE("texts that go on decode to what they are") {
    for (const char* const name : {"llama2", "gpt2", "llama3", "smollm"}) {
        const tokenizer words = load_tokenizer(PREFLEARN_TESTS "/text/golden/" + std::string(name) + ".json");
        for (const std::string text : {"the", " the", "  the", "\nthe", " ", "é"}) {
            CAPTURE(text);
            const auto ids = words.encode(text, special_tokens::parse, text_position::continuation);
            CHECK(words.decode(ids, special_text::keep, text_position::continuation) == text);
        }
    }
}

TEST_CASE("only the first stretch of a text goes on; what follows an added token within it does not") {
    const tokenizer words = load_tokenizer(PREFLEARN_TESTS "/text/golden/llama2.json");
    const auto start = words.encode("the</s>the"),
               on = words.encode("the</s>the", special_tokens::parse, text_position::continuation);
    CHECK(words.token_text(start.front()).starts_with("▁"));
    CHECK_FALSE(words.token_text(on.front()).starts_with("▁"));
    CHECK(start.back() == on.back());
}
