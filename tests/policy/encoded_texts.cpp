#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/parallel.hpp>
#include <preflearn/policy/encoded_texts.hpp>
#include <preflearn/text/tokenizer_json.hpp>

using namespace preflearn;

namespace {

tokenizer letters(const nlohmann::json& settings) {
    const auto file = nlohmann::json::parse(R"({"added_tokens": [{"id": 3, "content": "<s>", "special": true},
        {"id": 4, "content": "</s>", "special": true}],
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}})");
    return tokenizer_from_json(file, settings, "t.json");
}

using ids = std::vector<token_id>;
ids copied(token_span tokens) { return {tokens.begin(), tokens.end()}; }

} // namespace

TEST_CASE("a text has its tokens alone, after the begin token, and before the end token") {
    encoded_texts texts(letters({{"add_bos_token", true}, {"bos_token", "<s>"}, {"eos_token", "</s>"}}));
    CHECK(copied(texts.plain("aba")) == ids{2, 0});
    CHECK(copied(texts.begun("aba")) == ids{3, 2, 0});
    CHECK(copied(texts.ended("aba")) == ids{2, 0, 4});
    CHECK(copied(texts.plain("")).empty());
    CHECK(copied(texts.ended("")) == ids{4});
}

TEST_CASE("a tokenizer that asks for neither adds neither") {
    encoded_texts texts(letters({{"add_bos_token", false}}));
    CHECK(copied(texts.begun("ab")) == ids{2});
    CHECK(copied(texts.ended("ab")) == ids{2});
}

TEST_CASE("a text is encoded once, and views stay where they are while others come, from several threads") {
    encoded_texts texts(letters({{"eos_token", "</s>"}}));
    const token_span first = texts.plain("ab");
    std::vector<char> right(2000);
    parallel_for(right.size(), [&](std::size_t i) {
        const std::string text(i % 100 + 1, 'b');
        right[i] = copied(texts.plain(text)) == ids(i % 100 + 1, 1);
    });
    CHECK(right == std::vector<char>(2000, 1));
    CHECK(texts.plain("ab").data() == first.data());
    CHECK(copied(first) == ids{2});
}
