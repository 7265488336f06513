#include <doctest/doctest.h>

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/policy/files/config_files.hpp>

#include "../../checkpoint/gguf_writer.hpp"
#include "../../files.hpp"
#include "../golden.hpp"

using namespace preflearn;

TEST_CASE("a small Gemma 2 has transformers' logits, gradients and greedy tokens") {
    test::check_family("gemma2", families::gemma2);
}

TEST_CASE("a Gemma 2 as it is published is read; every other layer has a window") {
    const test::folder folder;
    nlohmann::json config = nlohmann::json::parse(R"({"architectures": ["Gemma2ForCausalLM"], "attention_bias": false,
        "attention_dropout": 0.0, "attn_logit_softcapping": 50.0, "bos_token_id": 2, "cache_implementation": "hybrid",
        "eos_token_id": [1, 107], "final_logit_softcapping": 30.0, "head_dim": 128, "hidden_act": "gelu_pytorch_tanh",
        "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 4608, "initializer_range": 0.02,
        "intermediate_size": 36864, "max_position_embeddings": 8192, "model_type": "gemma2",
        "num_attention_heads": 32, "num_hidden_layers": 46, "num_key_value_heads": 16, "pad_token_id": 0,
        "query_pre_attn_scalar": 144, "rms_norm_eps": 1e-06, "rope_theta": 10000.0, "sliding_window": 4096,
        "sliding_window_size": 4096, "torch_dtype": "bfloat16", "transformers_version": "4.42.0.dev0",
        "use_cache": true, "vocab_size": 256000})");
    const auto read = [&] { return read_config_json(folder.write("config.json", config.dump())); };
    const transformer_config gemma = read();
    CHECK(gemma.attention(0).scale == 1.0 / 12);
    CHECK(gemma.attention(0).cap == 50);
    CHECK(gemma.logit_cap == 30);
    CHECK(gemma.notes.empty());
    CHECK(gemma.attention(0).window == 4096);
    CHECK(gemma.attention(1).window == 0);
    CHECK(gemma.attention(44).window == 4096);
    CHECK_FALSE(gemma.local_rotary(0));
    CHECK(gemma.end_tokens == std::vector<token_id>{1, 107});
    config["attn_logit_softcapping"] = config["final_logit_softcapping"] = nullptr; // none, where 50 and 30 are unsaid
    CHECK(read().attention_cap == 0);
    CHECK(read().logit_cap == 0);
    config.erase("attn_logit_softcapping");
    config.erase("final_logit_softcapping");
    CHECK(read() == gemma);
    config["sliding_window"] = nullptr;
    CHECK(read().window == 0);
}

TEST_CASE("Gemma 2 in GGUF: llama.cpp's defaults, and scores scaled by the width of a head or, with 27B, of the rows") {
    const test::folder folder;
    for (const auto& [layers, scale] : {std::pair{26U, 0.0}, std::pair{46U, 1 / std::sqrt(3.0)}}) {
        test::gguf_writer file;
        file.text("general.architecture", "gemma2");
        for (const auto& [name, value] : {std::pair{"embedding_length", 12U}, std::pair{"feed_forward_length", 12U},
                                          std::pair{"block_count", layers}, std::pair{"attention.head_count", 4U},
                                          std::pair{"attention.key_length", 2U}, std::pair{"context_length", 64U}})
            file.number(std::string("gemma2.") + name, value);
        file.key("gemma2.attention.layer_norm_rms_epsilon", 6, test::bytes(1e-6F));
        file.tensors.push_back(
            {.name = "token_embd.weight", .dimensions = {12, 11}, .type = 0, .data = std::string(528, 0)});
        const transformer_config config = read_gguf_config(read_gguf(folder.write("a.gguf", file.file())));
        CHECK(config.family == families::gemma2);
        CHECK(config.attention(0).scale == doctest::Approx(scale));
        CHECK(config.window == 4096);
        CHECK(config.window_of(1) == 0);
        CHECK(config.attention_cap == 50);
        CHECK(config.logit_cap == 30);
        CHECK(config.embedding_scale == std::sqrt(12.0));
    }
}
