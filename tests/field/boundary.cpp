#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/text/chat/conversation.hpp>
#include <preflearn/text/files/load.hpp>

#include "field_file.hpp"

using namespace preflearn;

namespace {

using token_list = std::vector<token_id>;

token_list list_of(token_span ids) { return {ids.begin(), ids.end()}; }

/// The text of a pair's tokens, the begin token left away.
std::string spelled(encoded_texts& texts, std::string_view prompt, std::string_view response) {
    const token_completion both = texts.pair(prompt, response);
    token_list all = list_of(both.prompt);
    all.insert(all.end(), both.response.begin(), both.response.end());
    return texts.words().decode(all).substr(texts.words().begin_token() ? 3 : 0);
}

} // namespace

// `sentencepiece` and TRL, which encode the joined text, give 388 389 1434 486 after the prompt.
TEST_CASE("a SentencePiece response has the spaces that are written and no other") {
    const auto file = test::field_file("sentencepiece_tokenizer.gguf");
    const auto pairs = test::field_file("hh_one.jsonl");
    if (file.empty() || pairs.empty()) return;
    preference_reader reader(pairs);
    const auto pair = reader.next();
    REQUIRE(pair.has_value());
    for (const token_boundary boundary : {token_boundary::separate, token_boundary::joint}) {
        encoded_texts texts(load_tokenizer(file), special_tokens::parse, boundary);
        CHECK(list_of(texts.pair(pair->prompt, pair->first).response) == token_list{388, 389, 1434, 486});
        CHECK(list_of(texts.pair(pair->prompt, pair->first).prompt) == list_of(texts.begun(pair->prompt)));
        CHECK(spelled(texts, pair->prompt, pair->first) == pair->prompt + pair->first);
        CHECK(texts.text_behind(pair->prompt, texts.pair(pair->prompt, pair->first).response) == pair->first);
    }
}

TEST_CASE("in every chat format a SentencePiece pair spells the rendered conversation") {
    const auto file = test::field_file("sentencepiece_tokenizer.gguf");
    if (file.empty()) return;
    generator random(5, "field boundaries");
    const std::vector<std::string> parts{" ",     "  ",     "\n",   "é",  "▁", "1", "hi",
                                         "Hello", "\u3000", "🙂", "'s", ".", "\t"};
    for (const auto& [name, format] : chat_formats) {
        CAPTURE(std::string(name));
        encoded_texts texts(load_tokenizer(file));
        for (int trial = 0; trial < 20; ++trial) {
            std::string asked = "a", answered;
            for (std::uint64_t i = random.below(6); i > 0; --i) asked += parts[random.below(parts.size())];
            for (std::uint64_t i = random.below(6); i > 0; --i) answered += parts[random.below(parts.size())];
            const std::vector<chat_message> turns{{"user", asked}, {"assistant", answered}};
            const std::string prompt = render_chat(format, std::span(turns).first(1));
            const std::string whole = render_chat(format, turns);
            REQUIRE(whole.starts_with(prompt));
            const std::string response = whole.substr(prompt.size());
            CAPTURE(response);
            CHECK(spelled(texts, prompt, response) == texts.words().decode(texts.words().encode(whole)));
        }
    }
}
