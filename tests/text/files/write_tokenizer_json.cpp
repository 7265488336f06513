#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/text/files/write_tokenizer_json.hpp>

#include "../../checkpoint/gguf_writer.hpp"
#include "../../files.hpp"
#include "../golden_gguf.hpp"

using namespace preflearn;

namespace {

struct written_tokenizer {
    nlohmann::ordered_json words, config;
};

written_tokenizer write_gguf_tokenizer(const std::string& content, const tokenizer_options& options = {}) {
    const test::folder folder;
    const gguf_vocabulary words = read_gguf_vocabulary(read_gguf(folder.write("t.gguf", content)), options);
    return {tokenizer_json(words, "t.gguf"), tokenizer_config_json(words, 64, "")};
}

} // namespace

// transformers and tokenizers read these very files and gave these ids (golden/make_written.py).
TEST_CASE("a GGUF file's tokenizer written as tokenizer.json has the ids of the GGUF file in transformers and here") {
    const nlohmann::json golden = read_json_file(test::golden_tokenizers + "written.json");
    const auto files = test::tokenizer_ggufs();
    REQUIRE(golden.at("tokenizers").size() == files.size());
    for (const auto& [name, content] : files) {
        CAPTURE(name);
        const nlohmann::json& expected = golden.at("tokenizers").at(name);
        const written_tokenizer made = write_gguf_tokenizer(content);
        CHECK(std::to_string(hash_of(made.words.dump())) == expected.at("hash").get<std::string>());
        const test::folder folder;
        const tokenizer source = load_tokenizer(folder.write("t.gguf", content));
        folder.write("tokenizer.json", made.words.dump());
        folder.write("tokenizer_config.json", made.config.dump());
        const tokenizer written = load_tokenizer(folder / "tokenizer.json");
        for (std::size_t i = 0; i < golden.at("texts").size(); ++i) {
            const std::string text = golden.at("texts")[i];
            CAPTURE(text);
            const auto ids = expected.at("ids")[i].get<std::vector<token_id>>();
            CHECK(source.encode(text) == ids);
            CHECK(written.encode(text) == ids);
            // the package takes the space in front off at the start alone, llama.cpp after added tokens, too
            if (name != "llama2") CHECK(written.decode(ids) == source.decode(ids));
        }
        std::vector<token_id> begun(source.begin_tokens().begin(), source.begin_tokens().end());
        for (const token_id id : source.encode("a b")) begun.push_back(id);
        CHECK(begun == expected.at("begun").get<std::vector<token_id>>());
        CHECK(written.begin_tokens().size() == source.begin_tokens().size());
        CHECK(written.end_token() == source.end_token());
    }
}

TEST_CASE("a pre-tokeniser that was asked for is the one that is written") {
    const std::string content = test::as_gguf("gpt2", "gpt-2", false).file();
    const auto split = [&](const tokenizer_options& options) {
        return write_gguf_tokenizer(content, options).words["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"];
    };
    CHECK(split({}) == patterns::gpt2);
    CHECK(split({.pretokenizer = "qwen2"}) == patterns::qwen2);
}

TEST_CASE("of equal texts the first has the text, and bytes that are no text are refused by number") {
    test::gguf_writer made;
    made.text("tokenizer.ggml.model", "llama");
    made.texts("tokenizer.ggml.tokens", std::vector<std::string>{"a", "a", "\xff"});
    made.numbers<float>("tokenizer.ggml.scores", 6, std::vector<float>{0, 0, 0});
    const std::string content = made.file();
    CHECK(test::contains(test::error_of([&] { (void)write_gguf_tokenizer(content); }), "tokens[2] is not UTF-8"));
    test::gguf_writer twice;
    twice.text("tokenizer.ggml.model", "llama");
    twice.texts("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b", "a"});
    twice.numbers<float>("tokenizer.ggml.scores", 6, std::vector<float>{0, 0, 0});
    CHECK(write_gguf_tokenizer(twice.file()).words["model"]["vocab"].dump() == R"({"a":0,"b":1})");
}
