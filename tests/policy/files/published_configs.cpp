// config.json as published models have it, in its several dialects: what is read of each, and that nothing is left to
// tell. (Written down from the models' pages; no weights.)
#include <doctest/doctest.h>

#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/policy/files/config_files.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

transformer_config published_config(const char* text) {
    const test::folder folder;
    const transformer_config config = read_config_json(folder.write("config.json", text));
    CHECK(config.notes.empty());
    // what is written of it is read as the same
    CHECK(read_config_json(folder.write("config.json", config_json(config, "float32").dump())) == config);
    return config;
}

} // namespace

TEST_CASE("Llama: TinyLlama, Llama 2 with pieces, Llama 3.2, SmolLM2, a base stretched by yarn") {
    const transformer_config tiny = published_config(R"({
        "architectures": ["LlamaForCausalLM"], "attention_bias": false, "bos_token_id": 1, "eos_token_id": 2,
        "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02, "intermediate_size": 5632,
        "max_position_embeddings": 2048, "model_type": "llama", "num_attention_heads": 32, "num_hidden_layers": 22,
        "num_key_value_heads": 4, "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": null,
        "rope_theta": 10000.0, "tie_word_embeddings": false, "torch_dtype": "bfloat16",
        "transformers_version": "4.35.0", "use_cache": true, "vocab_size": 32000})");
    CHECK(tiny.head_dim == 64);
    CHECK(tiny.key_value_heads == 4);
    CHECK(tiny.norm_epsilon == 1e-5);
    const transformer_config llama2 = published_config(R"({
        "_name_or_path": "meta-llama/Llama-2-13b-hf", "architectures": ["LlamaForCausalLM"], "bos_token_id": 1,
        "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 5120, "initializer_range": 0.02,
        "intermediate_size": 13824, "max_position_embeddings": 4096, "model_type": "llama", "num_attention_heads": 40,
        "num_hidden_layers": 40, "num_key_value_heads": 40, "pad_token_id": 0, "pretraining_tp": 2,
        "rms_norm_eps": 1e-05, "rope_scaling": null, "tie_word_embeddings": false, "torch_dtype": "float16",
        "transformers_version": "4.32.0.dev0", "use_cache": true, "vocab_size": 32000})");
    CHECK(llama2.rope_theta == 10000);
    CHECK(llama2.head_dim == 128);
    const transformer_config llama32 = published_config(R"({
        "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
        "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009], "head_dim": 64, "hidden_act": "silu",
        "hidden_size": 2048, "initializer_range": 0.02, "intermediate_size": 8192, "max_position_embeddings": 131072,
        "mlp_bias": false, "model_type": "llama", "num_attention_heads": 32, "num_hidden_layers": 16,
        "num_key_value_heads": 8, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
        "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
                         "original_max_position_embeddings": 8192, "rope_type": "llama3"},
        "rope_theta": 500000.0, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
        "transformers_version": "4.45.0.dev0", "use_cache": true, "vocab_size": 128256})");
    CHECK(llama32.rope_scaling.type == rope_scaling::rule::llama3);
    CHECK(llama32.rope_scaling.factor == 32);
    CHECK(llama32.tied_embeddings);
    CHECK(llama32.end_tokens.size() == 3);
    const transformer_config smol = published_config(R"({
        "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 1,
        "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 576, "initializer_range": 0.041666666666666664,
        "intermediate_size": 1536, "is_llama_config": true, "max_position_embeddings": 8192, "mlp_bias": false,
        "model_type": "llama", "num_attention_heads": 9, "num_hidden_layers": 30, "num_key_value_heads": 3,
        "pad_token_id": 2, "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_interleaved": false,
        "rope_scaling": null, "rope_theta": 100000, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
        "transformers.js_config": {"kv_cache_dtype": {"q4f16": "float16", "fp16": "float16"}},
        "transformers_version": "4.42.3", "use_cache": true, "vocab_size": 49152})");
    CHECK(smol.rope_theta == 100000);
    CHECK(smol.head_dim == 64);
    const transformer_config yarn = published_config(R"({
        "architectures": ["LlamaForCausalLM"], "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
        "hidden_size": 4096, "initializer_range": 0.02, "intermediate_size": 11008, "max_position_embeddings": 65536,
        "model_type": "llama", "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 32,
        "rms_norm_eps": 1e-05, "rope_scaling": {"factor": 16.0, "original_max_position_embeddings": 4096,
                                                "type": "yarn", "finetuned": true},
        "rope_theta": 10000.0, "tie_word_embeddings": false, "torch_dtype": "bfloat16", "vocab_size": 32000})");
    CHECK(yarn.rope_scaling.type == rope_scaling::rule::yarn);
    CHECK(yarn.rope_scaling.attention_factor == doctest::Approx(1.2772588722));
    CHECK(published_config(R"({
        "architectures": ["LlamaForCausalLM"], "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 8192,
        "dtype": "bfloat16", "max_position_embeddings": 4096.0, "model_type": "llama", "num_attention_heads": 32,
        "num_hidden_layers": 16, "num_key_value_heads": null, "head_dim": null, "rms_norm_eps": 1e-05,
        "rope_parameters": {"rope_type": "dynamic", "factor": 2, "rope_theta": 10000}, "vocab_size": 32000,
        "unsloth_fixed": true, "pad_token_id": -1, "eos_token_id": null})")
              .maximum_length == 8192);
}

TEST_CASE("SmolLM3: every fourth layer without positions, by a list") {
    const transformer_config config = published_config(R"({
        "architectures": ["SmolLM3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
        "bos_token_id": null, "eos_token_id": 128012, "hidden_act": "silu", "hidden_size": 2048,
        "initializer_range": 0.02, "intermediate_size": 11008,
        "layer_types": ["full_attention", "full_attention", "full_attention", "full_attention", "full_attention"],
        "max_position_embeddings": 65536, "max_window_layers": 28, "mlp_bias": false, "model_type": "smollm3",
        "no_rope_layer_interval": 4, "no_rope_layers": [1, 1, 1, 0, 1], "num_attention_heads": 16,
        "num_hidden_layers": 5, "num_key_value_heads": 4, "pad_token_id": 128004, "pretraining_tp": 2,
        "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 5000000.0, "sliding_window": null,
        "torch_dtype": "bfloat16", "transformers_version": "4.54.0.dev0", "use_cache": false,
        "use_sliding_window": false, "vocab_size": 128256})");
    CHECK(config.tied_embeddings);
    CHECK(config.rope_theta == 5000000);
    CHECK_FALSE(config.rotates(3));
    CHECK(config.rotates(4));
}

TEST_CASE("Mistral: with a window, without one, and with heads of a width of their own") {
    const transformer_config first = published_config(R"({
        "architectures": ["MistralForCausalLM"], "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
        "hidden_size": 4096, "initializer_range": 0.02, "intermediate_size": 14336, "max_position_embeddings": 32768,
        "model_type": "mistral", "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
        "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "sliding_window": 4096, "tie_word_embeddings": false,
        "torch_dtype": "bfloat16", "transformers_version": "4.34.0.dev0", "use_cache": true, "vocab_size": 32000})");
    CHECK(first.window_of(0) == 4096);
    CHECK(first.window_of(31) == 4096);
    const transformer_config nemo = published_config(R"({
        "architectures": ["MistralForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 2,
        "head_dim": 128, "hidden_act": "silu", "hidden_size": 5120, "initializer_range": 0.02,
        "intermediate_size": 14336, "max_position_embeddings": 1024000, "model_type": "mistral",
        "num_attention_heads": 32, "num_hidden_layers": 40, "num_key_value_heads": 8, "rms_norm_eps": 1e-05,
        "rope_theta": 1000000.0, "sliding_window": null, "tie_word_embeddings": false, "torch_dtype": "bfloat16",
        "transformers_version": "4.43.0.dev0", "use_cache": true, "vocab_size": 131072})");
    CHECK(nemo.window == 0);
    CHECK(nemo.query_size() == 4096);
}

TEST_CASE("Qwen: the window that none of them uses, layer types, yarn, heads of their own width") {
    const transformer_config qwen25 = published_config(R"({
        "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643,
        "eos_token_id": 151645, "hidden_act": "silu", "hidden_size": 896, "initializer_range": 0.02,
        "intermediate_size": 4864, "max_position_embeddings": 32768, "max_window_layers": 21, "model_type": "qwen2",
        "num_attention_heads": 14, "num_hidden_layers": 24, "num_key_value_heads": 2, "rms_norm_eps": 1e-06,
        "rope_theta": 1000000.0, "sliding_window": 32768, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
        "transformers_version": "4.43.1", "use_cache": true, "use_sliding_window": false, "vocab_size": 151936})");
    CHECK(qwen25.window == 0);
    CHECK(qwen25.tied_embeddings);
    CHECK(published_config(R"({
        "architectures": ["Qwen2ForCausalLM"], "hidden_act": "silu", "hidden_size": 3584, "intermediate_size": 18944,
        "max_position_embeddings": 131072, "max_window_layers": 28, "model_type": "qwen2", "num_attention_heads": 28,
        "num_hidden_layers": 28, "num_key_value_heads": 4, "rms_norm_eps": 1e-06,
        "rope_scaling": {"factor": 4.0, "original_max_position_embeddings": 32768, "type": "yarn"},
        "rope_theta": 1000000.0, "sliding_window": 131072, "tie_word_embeddings": false, "use_mrope": false,
        "torch_dtype": "bfloat16", "use_cache": true, "use_sliding_window": false, "vocab_size": 152064})")
              .rope_scaling.original_maximum_length == 32768);
    const transformer_config qwen3 = published_config(R"({
        "architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
        "bos_token_id": 151643, "eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu", "hidden_size": 1024,
        "initializer_range": 0.02, "intermediate_size": 3072, "max_position_embeddings": 40960,
        "max_window_layers": 28, "model_type": "qwen3", "num_attention_heads": 16, "num_hidden_layers": 28,
        "num_key_value_heads": 8, "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000,
        "sliding_window": null, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
        "transformers_version": "4.51.0", "use_cache": true, "use_sliding_window": false, "vocab_size": 151936})");
    CHECK(qwen3.query_size() == 2048);
    CHECK(qwen3.key_value_size() == 1024);
    CHECK(qwen3.rope_theta == 1000000);
}
