/// \file
/// A tiny language model with a tokenizer as a GGUF file.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/random.hpp>

#include "../../checkpoint/gguf_writer.hpp"

namespace test {

/// Of Qwen2's kind, without layers; its tokens are spaces, a few letters, bytes and those that end texts and turns.
/// \param more another token, which no two tokens make
inline std::filesystem::path write_tiny_gguf(const std::filesystem::path& to, const std::string& more = "b") {
    gguf_writer made;
    std::vector<std::string> tokens{"<unk>", "▁",  "  ", "a",   "<eos>", "▁a",
                                    "aa",    "\n", more, "▁▁a", "<bos>", "<|im_end|>"};
    std::vector<std::int32_t> types{2, 1, 4, 1, 3, 1, 1, 4, 1, 1, 3, 3};
    std::vector<float> scores{0, -50, -1000, -10, 0, -1, -4, -1000, -5, -3, 0, 0};
    for (int byte = 0; byte < 256; ++byte) {
        constexpr const char* digits = "0123456789ABCDEF";
        tokens.push_back(std::string("<0x") + digits[byte / 16] + digits[byte % 16] + ">");
        types.push_back(6);
        scores.push_back(0);
    }
    made.text("general.architecture", "qwen2");
    made.text("general.repo_url", "https://huggingface.co/house/tiny");
    made.text("general.license", "gemma");
    made.text("general.author", "somebody");
    for (const auto& [key, value] :
         {std::pair{"block_count", 0U}, std::pair{"context_length", 64U}, std::pair{"embedding_length", 8U},
          std::pair{"feed_forward_length", 4U}, std::pair{"attention.head_count", 2U}})
        made.number(std::string("qwen2.") + key, value);
    made.key("qwen2.attention.layer_norm_rms_epsilon", 6, bytes(1e-6F));
    made.text("tokenizer.ggml.model", "llama");
    made.texts("tokenizer.ggml.tokens", tokens);
    made.numbers<std::int32_t>("tokenizer.ggml.token_type", 5, types);
    made.numbers<float>("tokenizer.ggml.scores", 6, scores);
    made.number("tokenizer.ggml.bos_token_id", 10);
    made.number("tokenizer.ggml.eos_token_id", 4);
    made.flag("tokenizer.ggml.add_space_prefix", false);
    made.text("tokenizer.chat_template",
              "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
              "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}");
    preflearn::generator random(3, "weights");
    for (const std::string name : {"output_norm.weight", "token_embd.weight"}) {
        const std::size_t rows = name.starts_with("token") ? tokens.size() : 1;
        gguf_writer::tensor tensor{.name = name, .dimensions = {8}, .type = 0, .data = {}};
        if (rows > 1) tensor.dimensions.push_back(rows);
        for (std::size_t i = 0; i < rows * 8; ++i) tensor.data += bytes(static_cast<float>(random.normal()));
        made.tensors.push_back(tensor);
    }
    std::ofstream(to, std::ios::binary) << made.file();
    return to;
}

} // namespace test
