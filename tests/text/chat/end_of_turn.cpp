#include <doctest/doctest.h>

#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/text/chat/end_of_turn.hpp>
#include <preflearn/text/files/tokenizer_json.hpp>

using namespace preflearn;

namespace {
tokenizer ended_by(const char* end) {
    const auto file = nlohmann::json::parse(R"({"added_tokens": [{"id": 1, "content": "</s>", "special": true},
        {"id": 2, "content": "[END]", "special": true}],
        "model": {"type": "BPE", "vocab": {"a": 0, "s": 3}, "merges": []}})");
    return tokenizer_from_json(file, {{"eos_token", end}}, "t.json");
}
} // namespace

TEST_CASE("a text that ends in the end token, or in a mark that ends turns, has its end") {
    const tokenizer words = ended_by("[END]");
    const auto ends = [&](const std::string& text, special_tokens found = special_tokens::parse) {
        return ends_in_end_of_turn(words, text, found);
    };
    for (const char* const text : {"a[END]", "a[END]\n", "a<|im_end|>\n", "<|eot_id|>", "a<end_of_turn>\u3000", "a</s>",
                                   "a<|end|>\n<|endoftext|>"}) {
        CAPTURE(std::string(text));
        CHECK(ends(text));
        CHECK_FALSE(ends(text, special_tokens::plain));
    }
    for (const char* const text : {"", "a", "[END]a", "a<|im_end|>.", "a <|im_end"}) CHECK_FALSE(ends(text));
}

TEST_CASE("struck out text is no end where the tokenizer has no such token") {
    const auto file = nlohmann::json::parse(R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})");
    const tokenizer words = tokenizer_from_json(file, {}, "t.json");
    CHECK_FALSE(ends_in_end_of_turn(words, "<s>old</s>", special_tokens::parse));
    CHECK(ends_in_end_of_turn(words, "Hello</s>", special_tokens::parse)); // as Zephyr's and Llama 2's formats end
}

TEST_CASE("the end token that the configuration names is one wherever it is spelled, as its ids say") {
    const tokenizer words = ended_by("s");
    CHECK(words.encode("as").back() == words.end_token());
    CHECK(ends_in_end_of_turn(words, "as", special_tokens::parse));
    CHECK_FALSE(ends_in_end_of_turn(words, "sa", special_tokens::parse));
}
