// The metadata of a tokenizer of seven tokens in GGUF.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../checkpoint/gguf_writer.hpp"

namespace test {

/// Byte-level BPE, or, by_score, as SentencePiece has it.
inline void add_small_tokenizer(gguf_writer& made, bool by_score) {
    made.text("tokenizer.ggml.model", by_score ? "llama" : "gpt2");
    made.texts("tokenizer.ggml.tokens", std::vector<std::string>{"t", "h", "e", "th", "the", "<s>", "<0x0A>"});
    made.numbers<std::int32_t>("tokenizer.ggml.token_type", 5, std::vector<std::int32_t>{1, 1, 1, 1, 1, 3, 6});
    made.numbers<float>("tokenizer.ggml.scores", 6, std::vector<float>{-1, -2, -3, -4, -5, 0, 0});
    made.texts("tokenizer.ggml.merges", std::vector<std::string>{"t h", "th e"});
    made.number("tokenizer.ggml.bos_token_id", 5);
}

} // namespace test
