#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include <preflearn/text/files/load.hpp>

#include "../../checkpoint/gguf_writer.hpp"
#include "../../files.hpp"
#include "../golden_gguf.hpp"

using namespace preflearn;
using nlohmann::json;

namespace {

using test::as_gguf;
using test::golden_tokenizers;

tokenizer load(const test::gguf_writer& made) {
    const test::folder folder;
    return load_tokenizer(folder.write("t.gguf", made.file()));
}
std::string refusal_of(const test::gguf_writer& made) {
    return test::error_of([&] { (void)load(made); });
}

/// The share of golden texts without the added tokens whose flags GGUF cannot tell.
void check_golden(const tokenizer& tokens, const std::string& name) {
    const json golden = read_json_file(golden_tokenizers + "ids.json");
    const json file = read_json_file(golden_tokenizers + name + ".json");
    for (std::size_t i = 0; i < golden.at("texts").size(); ++i) {
        const std::string text = golden.at("texts")[i];
        bool tellable = true;
        for (const char* const flagged : {"<|wide|>", "<word>", "NormTok", "norm ", "▁"})
            tellable &= text.find(flagged) == std::string::npos;
        if (!tellable) continue;
        CAPTURE(text);
        const auto ids = tokens.encode(text);
        CHECK(ids == golden.at("tokenizers").at(name).at("parse")[i].get<std::vector<token_id>>());
        CHECK(tokens.decode(ids) == text);
    }
}

} // namespace

TEST_CASE("a gpt2 tokenizer told as GGUF gives the same ids as its tokenizer.json") {
    check_golden(load(as_gguf("gpt2", "gpt-2", false)), "gpt2");
    check_golden(load(as_gguf("llama3", "llama-bpe", false)), "llama3");
    check_golden(load(as_gguf("smollm", "starcoder", false)), "smollm");
}

TEST_CASE("a SentencePiece tokenizer told as GGUF gives the same ids as its tokenizer.json, and every text back") {
    check_golden(load(as_gguf("llama2", "default", true)), "llama2");
}

TEST_CASE("without a space prefix the text begins as it stands") {
    auto made = as_gguf("llama2", "default", true);
    made.flag("tokenizer.ggml.add_space_prefix", false);
    const tokenizer tokens = load(made);
    CHECK(tokens.token_text(tokens.encode("the").at(0)).substr(0, 1) == "t");
    CHECK(tokens.decode(tokens.encode("  the")) == "  the");
}

// As llama.cpp (llama-cpp-python 0.3.36) encodes such texts with Gemma 3's vocabulary, whose tokens of 2 to 31 spaces
// stand as spaces in its GGUF files.
TEST_CASE("Gemma's tokens of several spaces are found in texts, longest first; a text's own spelling of them is not") {
    test::gguf_writer made;
    made.text("tokenizer.ggml.model", "llama");
    made.texts("tokenizer.ggml.tokens", std::vector<std::string>{"<unk>", "▁", "  ", "   ", "a", "b", "▁a", "▁b",
                                                                 "<0xC3>", "<0x9F>", "\n", "▁▁b"});
    made.numbers<std::int32_t>("tokenizer.ggml.token_type", 5,
                               std::vector<std::int32_t>{2, 1, 4, 4, 1, 1, 1, 1, 6, 6, 4, 1});
    made.numbers<float>("tokenizer.ggml.scores", 6,
                        std::vector<float>{0, -50, -1000, -1000, -10, -11, -1, -2, 0, 0, -1000, -3});
    made.number("tokenizer.ggml.unknown_token_id", 0);
    made.flag("tokenizer.ggml.add_space_prefix", false);
    const tokenizer tokens = load(made);
    for (const auto& [text, ids] : std::map<std::string, std::vector<token_id>>{{"  ", {2}},
                                                                                {"a  b", {4, 2, 5}},
                                                                                {"a b", {4, 7}},
                                                                                {"     b", {3, 2, 5}},
                                                                                {"▁▁", {1, 1}},
                                                                                {"▁▁b", {11}},
                                                                                {" ▁", {1, 1}},
                                                                                {"  ▁", {2, 1}},
                                                                                {"a▁ b", {4, 11}},
                                                                                {"\n▁a\n", {10, 6, 10}},
                                                                                {"ßa", {8, 9, 4}},
                                                                                {"é", {0}}}) {
        CAPTURE(text);
        CHECK(tokens.encode(text) == ids);
        CHECK(tokens.encode(text, special_tokens::plain) == ids);
    }
    CHECK(tokens.decode(tokens.encode("a▁b")) == "a b"); // which of the two it was is lost
    CHECK(tokens.decode(tokens.encode("  a     b\n")) == "  a     b\n");
}

TEST_CASE("begin and end tokens follow the file's keys and llama.cpp's defaults") {
    auto made = as_gguf("gpt2", "smollm", false);
    made.number("tokenizer.ggml.bos_token_id", 0);
    made.number("tokenizer.ggml.eos_token_id", 1);
    CHECK(!load(made).begin_token());
    CHECK(load(made).end_token() == 1);
    auto asks = made;
    asks.flag("tokenizer.ggml.add_bos_token", true);
    CHECK(load(asks).begin_token() == 0);
    made = as_gguf("llama3", "llama-bpe", false);
    made.number("tokenizer.ggml.bos_token_id", 0);
    CHECK(load(made).begin_token() == 0);
    made.flag("tokenizer.ggml.add_bos_token", false);
    CHECK(!load(made).begin_token());
}

TEST_CASE("a tokenizer that GGUF keys do not describe well is refused with the key") {
    CHECK(test::contains(refusal_of({}), "tokenizer.ggml.model is ''"));
    test::gguf_writer made;
    made.text("tokenizer.ggml.model", "bert");
    CHECK(test::contains(refusal_of(made), "tokenizer.ggml.model is 'bert'"));
    CHECK(test::contains(refusal_of(as_gguf("gpt2", "gemma4", false)),
                         "tokenizer.ggml.pre is 'gemma4', which is not supported"));
    made = as_gguf("gpt2", "gpt-2", false);
    made.number("tokenizer.ggml.eos_token_id", 100000);
    CHECK(test::contains(refusal_of(made), "eos_token_id is not the id of one of the"));
    made = as_gguf("gpt2", "gpt-2", false);
    made.flag("tokenizer.ggml.add_bos_token", true);
    CHECK(test::contains(refusal_of(made), "there is no tokenizer.ggml.bos_token_id"));
    made = as_gguf("gpt2", "gpt-2", false);
    made.keys.pop_back();
    CHECK(test::contains(refusal_of(made), "tokenizer.ggml.merges, a list, was expected"));
    made.texts("tokenizer.ggml.merges", std::vector<std::string>{"zz yy"});
    CHECK(test::contains(refusal_of(made), "tokenizer.ggml.merges[0], 'zz yy'"));
    made.keys.pop_back();
    made.texts("tokenizer.ggml.merges", std::vector<std::string>{"th"});
    CHECK(test::contains(refusal_of(made), "is not two tokens with a space between"));
}

TEST_CASE("without a name the vocabulary is recognised or llama.cpp's default is taken, and both are said") {
    const auto note_of = [](const tokenizer& tokens) {
        REQUIRE(tokens.notes().size() == 1);
        return tokens.notes()[0];
    };
    const tokenizer named = load(as_gguf("llama3", "llama-bpe", false));
    CHECK(named.notes().empty());
    const tokenizer unknown = load(as_gguf("llama3", "default", false));
    CHECK(
        test::contains(note_of(unknown), "tokenizer.ggml.pre is 'default'; the pattern that llama.cpp takes then was"));
    const tokenizer foreign = load(as_gguf("llama3", "lama", false));
    CHECK(test::contains(note_of(foreign), "tokenizer.ggml.pre is 'lama', a name that is not known; the pattern that"));
    CHECK(unknown.encode("(abc) 1234`") == foreign.encode("(abc) 1234`"));

    auto made = as_gguf("llama3", "", false);
    auto tokens = std::vector<std::string>{"<|begin_of_text|>"};
    for (std::size_t id = 1; id < named.size(); ++id) tokens.emplace_back(named.token_text(static_cast<token_id>(id)));
    made.keys.erase(made.keys.begin() + 2);
    made.texts("tokenizer.ggml.tokens", tokens);
    const tokenizer recognised = load(made);
    CHECK(test::contains(note_of(recognised), "the vocabulary looks like that of 'llama-bpe' (by <|begin_of_text|>)"));
    for (const char* const text : {"12345 it's", "(a\n\n b", "  x"})
        CHECK(recognised.encode(text) == named.encode(text));
}

TEST_CASE("the caller may name the pre-tokeniser, which is said where the file says otherwise") {
    const test::folder folder;
    const auto path = folder.write("t.gguf", as_gguf("llama3", "default", false).file());
    const tokenizer named = load_tokenizer(path, {.pretokenizer = "llama-bpe"});
    CHECK(named.encode("1234 it's\n\n") == load(as_gguf("llama3", "llama3", false)).encode("1234 it's\n\n"));
    REQUIRE(named.notes().size() == 1);
    CHECK(test::contains(named.notes()[0], "tokenizer.ggml.pre is 'default'; 'llama-bpe' was taken as asked"));
    CHECK(test::contains(test::error_of([&] { (void)load_tokenizer(path, {.pretokenizer = "lama"}); }),
                         "there is no pre-tokeniser 'lama'; there are default"));
    const auto by_score = folder.write("s.gguf", as_gguf("llama2", "default", true).file());
    CHECK(load_tokenizer(by_score).notes().empty());
    CHECK(test::contains(test::error_of([&] { (void)load_tokenizer(by_score, {.pretokenizer = "gpt-2"}); }),
                         "a tokenizer of the kind 'llama' has none"));
}
