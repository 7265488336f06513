#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/text/files/load.hpp>

using namespace preflearn;

namespace {
tokenizer golden(const std::string& name) { return load_tokenizer(PREFLEARN_TESTS "/text/golden/" + name + ".json"); }

std::string random_bytes(generator& random) {
    std::string text;
    for (std::uint64_t i = random.below(60); i > 0; --i) {
        text.push_back(random.bernoulli(0.4) ? static_cast<char>(random.below(256)) : " \nthe'1a"[random.below(8)]);
    }
    return text;
}
} // namespace

TEST_CASE("byte-level tokenizers and those with byte tokens give back any bytes") {
    generator random(1, "bytes");
    for (const char* const name : {"gpt2", "llama3", "smollm", "llama2"}) {
        const tokenizer tokens = golden(name);
        for (int trial = 0; trial < 1000; ++trial) {
            std::string text = random_bytes(random);
            if (name == std::string("llama2") && text.find("\u2581") != std::string::npos)
                continue; // its mark for a space
            CAPTURE(name);
            REQUIRE(tokens.decode(tokens.encode(text, special_tokens::plain)) == text);
        }
    }
}

TEST_CASE("a text decoded in parts is the text, also when a part ends within a character") {
    const tokenizer tokens = golden("gpt2");
    const std::string text = "naïve 漢字 🙂 text";
    const auto ids = tokens.encode(text);
    for (std::size_t cut = 0; cut <= ids.size(); ++cut) {
        CHECK(tokens.decode(token_span(ids).first(cut)) + tokens.decode(token_span(ids).subspan(cut)) == text);
    }
}

TEST_CASE("special tokens are parsed or plain on the way in, and kept or skipped on the way out") {
    const tokenizer tokens = golden("gpt2");
    const token_id end = *tokens.find("<|end|>");
    CHECK(tokens.is_special(end));
    CHECK(!tokens.is_special(*tokens.find("the")));
    const auto parsed = tokens.encode("a<|end|>b"), plain = tokens.encode("a<|end|>b", special_tokens::plain);
    CHECK(std::count(parsed.begin(), parsed.end(), end) == 1);
    CHECK(std::count(plain.begin(), plain.end(), end) == 0);
    CHECK(tokens.decode(parsed) == "a<|end|>b");
    CHECK(tokens.decode(plain) == "a<|end|>b");
    CHECK(tokens.decode(parsed, special_text::skip) == "ab");
    CHECK(tokens.decode(plain, special_text::skip) == "a<|end|>b");
}

TEST_CASE("ids and spellings find each other, and foreign ids are refused") {
    const tokenizer tokens = golden("llama2");
    for (token_id id = 0; static_cast<std::size_t>(id) < tokens.size(); ++id) {
        if (!tokens.token_text(id).empty()) CHECK(tokens.find(tokens.token_text(id)) == id);
    }
    CHECK(!tokens.find("no such token"));
    const auto beyond = static_cast<token_id>(tokens.size());
    CHECK_THROWS_AS((void)tokens.token_text(beyond), argument_error);
    CHECK_THROWS_AS((void)tokens.is_special(-1), argument_error);
    CHECK_THROWS_AS((void)tokens.decode(std::vector<token_id>{beyond}), argument_error);
    CHECK_THROWS_AS((void)tokens.decode(std::vector<token_id>{-1}), argument_error);
}

TEST_CASE("several threads may encode with one tokenizer") {
    const tokenizer tokens = golden("llama3");
    const std::string text = "The weak teacher's 1234 labels, 漢字 and <|end|> \n\n";
    const auto expected = tokens.encode(text);
    std::vector<int> equal(4);
    std::vector<std::thread> threads;
    for (int& count : equal) {
        threads.emplace_back([&, copy = tokens] {
            for (int i = 0; i < 200; ++i) count += copy.encode(text) == expected && copy.decode(expected) == text;
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(equal == std::vector<int>(4, 200));
}
