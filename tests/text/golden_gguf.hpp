/// \file
/// The golden tokenizers as GGUF files, made in memory.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/tokens.hpp>

#include "../checkpoint/gguf_writer.hpp"

namespace test {

inline const std::string golden_tokenizers = PREFLEARN_TESTS "/text/golden/";

/// A golden tokenizer.json told as GGUF keys; `by_score`: as a SentencePiece model whose scores are the merges' order.
inline gguf_writer as_gguf(const std::string& name, const std::string& pre, bool by_score) {
    const nlohmann::json file = preflearn::read_json_file(golden_tokenizers + name + ".json");
    const auto& model = file.at("model");
    std::map<preflearn::token_id, std::string> texts;
    for (const auto& [text, id] : model.at("vocab").items()) texts[id.get<preflearn::token_id>()] = text;
    std::map<std::string, std::int32_t> types;
    for (const auto& token : file.at("added_tokens")) {
        if (token.at("lstrip") == true || token.at("single_word") == true || token.at("normalized") == true)
            continue; // GGUF has no such flags
        texts[token.at("id").get<preflearn::token_id>()] = token.at("content");
        types[token.at("content")] = token.at("special") == true ? 3 : 4;
    }
    std::vector<std::string> tokens, merges;
    std::vector<std::int32_t> kinds;
    std::vector<float> scores;
    std::map<std::string, float> score_of;
    for (const auto& merge : model.at("merges")) {
        const std::string left = merge[0], right = merge[1];
        merges.push_back(left + " " + right);
        score_of.emplace(left + right, -static_cast<float>(merges.size()));
    }
    for (preflearn::token_id id = 0; id <= texts.rbegin()->first; ++id) {
        const std::string text = texts.count(id) ? texts[id] : "[unused" + std::to_string(id) + "]";
        tokens.push_back(text);
        const bool is_byte = by_score && text.size() == 6 && text.starts_with("<0x");
        kinds.push_back(types.count(text) ? types[text] : !texts.count(id) ? 5 : is_byte ? 6 : 1);
        scores.push_back(score_of.count(text) ? score_of[text] : -1e6F);
    }
    gguf_writer made;
    made.text("tokenizer.ggml.model", by_score ? "llama" : "gpt2");
    made.text("tokenizer.ggml.pre", pre);
    made.texts("tokenizer.ggml.tokens", tokens);
    made.numbers<std::int32_t>("tokenizer.ggml.token_type", 5, kinds);
    if (by_score) {
        made.numbers<float>("tokenizer.ggml.scores", 6, scores);
    } else {
        made.texts("tokenizer.ggml.merges", merges);
    }
    return made;
}

/// A vocabulary as Gemma's: tokens of several spaces stand as spaces, no space is put in front.
inline gguf_writer spaces_gguf() {
    gguf_writer made;
    made.text("tokenizer.ggml.model", "llama");
    std::vector<std::string> tokens{"<unk>", "▁", "  ", "   ", "a", "b", "▁a", "▁b", "\n", "▁▁b", "<bos>", "aa", "aaa"};
    std::vector<std::int32_t> types{2, 1, 4, 4, 1, 1, 1, 1, 4, 1, 3, 1, 1};
    std::vector<float> scores{0, -50, -1000, -1000, -10, -11, -1, -2, -1000, -3, 0, -4, -5};
    for (int byte = 0; byte < 256; ++byte) {
        constexpr const char* digits = "0123456789ABCDEF";
        tokens.push_back(std::string("<0x") + digits[byte / 16] + digits[byte % 16] + ">");
        types.push_back(6);
        scores.push_back(0);
    }
    made.texts("tokenizer.ggml.tokens", tokens);
    made.numbers<std::int32_t>("tokenizer.ggml.token_type", 5, types);
    made.numbers<float>("tokenizer.ggml.scores", 6, scores);
    made.number("tokenizer.ggml.unknown_token_id", 0);
    made.number("tokenizer.ggml.bos_token_id", 10);
    made.flag("tokenizer.ggml.add_space_prefix", false);
    return made;
}

/// GGUF files of every kind of tokenizer, by name.
inline std::map<std::string, std::string> tokenizer_ggufs() {
    gguf_writer llama3 = as_gguf("llama3", "llama-bpe", false), gpt2 = as_gguf("gpt2", "gpt-2", false),
                bare = as_gguf("llama2", "default", true), llama2 = as_gguf("llama2", "default", true);
    for (gguf_writer* const made : {&llama3, &gpt2, &llama2}) {
        made->number("tokenizer.ggml.bos_token_id", 0);
        made->number("tokenizer.ggml.eos_token_id", 1);
    }
    llama3.flag("tokenizer.ggml.add_bos_token", true);
    gpt2.number("tokenizer.ggml.padding_token_id", 1);
    llama2.number("tokenizer.ggml.unknown_token_id", 2);
    llama2.text("tokenizer.chat_template", "{{ bos_token }}{{ messages[0]['content'] }}");
    bare.flag("tokenizer.ggml.add_space_prefix", false);
    return {{"llama3", llama3.file()},
            {"gpt2", gpt2.file()},
            {"smollm", as_gguf("smollm", "starcoder", false).file()},
            {"llama2", llama2.file()},
            {"llama2_bare", bare.file()},
            {"spaces", spaces_gguf().file()}};
}

} // namespace test
