#include <doctest/doctest.h>

#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/text/files/gguf_tokenizer_keys.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/text/files/write_tokenizer_json.hpp>

#include "../../files.hpp"
#include "../golden_gguf.hpp"

using namespace preflearn;

namespace {

nlohmann::json keys_of_folder(const test::folder& folder, std::size_t more = 0, const tokenizer_options& options = {}) {
    const tokenizer words = load_tokenizer(folder.path(), options);
    return gguf_metadata(gguf_tokenizer_keys(folder.path(), words, options, words.size() + more), "t");
}

} // namespace

TEST_CASE("a GGUF file's tokenizer, written as tokenizer.json and as keys again, is the same") {
    for (const auto& [name, content] : test::tokenizer_ggufs()) {
        CAPTURE(name);
        const test::folder folder;
        const gguf_vocabulary from = read_gguf_vocabulary(read_gguf(folder.write("t.gguf", content)));
        folder.write("tokenizer.json", tokenizer_json(from, name).dump());
        folder.write("tokenizer_config.json", tokenizer_config_json(from, 64, "").dump());
        const nlohmann::json keys = keys_of_folder(folder, 2);
        const nlohmann::json before = read_gguf(folder / "t.gguf").metadata();
        CHECK(keys["tokenizer.ggml.model"] == before["tokenizer.ggml.model"]);
        CHECK(keys["tokenizer.ggml.tokens"].size() == before["tokenizer.ggml.tokens"].size() + 2);
        CHECK(keys["tokenizer.ggml.token_type"].back() == 5);
        CHECK(keys["tokenizer.ggml.add_bos_token"] == from.adds_begin);
        if (from.begin) CHECK(keys["tokenizer.ggml.bos_token_id"] == *from.begin);
        if (from.by_score)
            CHECK(keys["tokenizer.ggml.add_space_prefix"] == from.adds_space);
        else
            CHECK(keys["tokenizer.ggml.pre"] == from.pretokeniser->name());
        if (!from.by_score) CHECK(keys["tokenizer.ggml.merges"] == before["tokenizer.ggml.merges"]);
    }
}

TEST_CASE(
    "what GGUF or llama.cpp cannot express is refused: unnamed pre-tokenisers, flags, other kinds; NFC is left out") {
    const test::folder folder;
    nlohmann::json written = nlohmann::json::parse(
        R"({"added_tokens":[{"id":3,"content":"<e>","special":true}],"normalizer":{"type":"NFC"},"pre_tokenizer":
            {"type":"ByteLevel","add_prefix_space":false,"use_regex":true},"decoder":{"type":"ByteLevel"},
            "model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"<e>":3},"merges":[["a","b"]]}})");
    const auto refusal = [&] {
        folder.write("tokenizer.json", written.dump());
        return test::error_of([&] { (void)keys_of_folder(folder); });
    };
    CHECK(refusal() == "");
    CHECK(keys_of_folder(folder)["tokenizer.ggml.pre"] == "gpt-2");
    CHECK(keys_of_folder(folder, 0, {.pretokenizer = "qwen2"})["tokenizer.ggml.pre"] == "qwen2");
    nlohmann::json good = written;
    written["normalizer"] = {{"type", "Lowercase"}};
    CHECK(test::contains(refusal(), "become other tokens"));
    written = good;
    written["added_tokens"][0]["lstrip"] = true;
    CHECK(test::contains(refusal(), "'<e>' takes white space"));
    written = good;
    written["pre_tokenizer"]["add_prefix_space"] = true;
    CHECK(test::contains(refusal(), "no name for its pre_tokenizer"));
    written = good;
    written["pre_tokenizer"] = nullptr;
    CHECK(test::contains(refusal(), "only BPE"));
}
