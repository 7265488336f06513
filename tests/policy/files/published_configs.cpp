// config.json as published models have it, in its several dialects: what is read of each, and that nothing is left to
// tell. (Written down from the models' pages; no weights.)
#include <doctest/doctest.h>

#include <cstddef>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/policy/decoder/layout.hpp>
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

namespace {

/// A model's page and what transformers 5 makes of it, as a JSON merge patch; and how many parameters it has.
struct two_generations {
    const char* first;
    const char* patch;
    std::size_t parameters;
};

constexpr two_generations models[] = {
    // Llama 3.2 1B, Llama 2 7B, SmolLM2 360M
    {R"({"hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 8192, "max_position_embeddings": 131072,
         "head_dim": 64, "model_type": "llama", "num_attention_heads": 32, "num_hidden_layers": 16,
         "num_key_value_heads": 8, "rms_norm_eps": 1e-05, "rope_theta": 500000.0, "tie_word_embeddings": true,
         "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
                          "original_max_position_embeddings": 8192, "rope_type": "llama3"}, "vocab_size": 128256})",
     R"({"rope_theta": null, "rope_scaling": null, "attention_bias": false, "mlp_bias": false,
         "rope_parameters": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "rope_type": "llama3",
                             "original_max_position_embeddings": 8192, "rope_theta": 500000.0}})",
     1235814400},
    {R"({"hidden_act": "silu", "hidden_size": 4096, "intermediate_size": 11008, "max_position_embeddings": 4096,
         "model_type": "llama", "num_attention_heads": 32, "num_hidden_layers": 32, "rms_norm_eps": 1e-05,
         "vocab_size": 32000})",
     R"({"head_dim": 128, "num_key_value_heads": 32, "tie_word_embeddings": false, "pretraining_tp": 1,
         "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"}})",
     6738415616},
    {R"({"hidden_act": "silu", "hidden_size": 960, "intermediate_size": 2560, "max_position_embeddings": 8192,
         "model_type": "llama", "num_attention_heads": 15, "num_hidden_layers": 32, "num_key_value_heads": 5,
         "rms_norm_eps": 1e-05, "rope_interleaved": false, "rope_scaling": null, "rope_theta": 100000,
         "is_llama_config": true, "tie_word_embeddings": true, "vocab_size": 49152})",
     R"({"rope_theta": null, "head_dim": 64, "rope_parameters": {"rope_theta": 100000.0, "rope_type": "default"}})",
     361821120},
    // Mistral 7B v0.3
    {R"({"hidden_act": "silu", "hidden_size": 4096, "intermediate_size": 14336, "max_position_embeddings": 32768,
         "model_type": "mistral", "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
         "rms_norm_eps": 1e-05, "rope_theta": 1000000.0, "sliding_window": null, "vocab_size": 32768})",
     R"({"rope_theta": null, "head_dim": 128, "tie_word_embeddings": false,
         "rope_parameters": {"rope_theta": 1000000.0, "rope_type": "default"}})",
     7248023552},
    // Qwen2.5 0.5B, Qwen3 0.6B
    {R"({"hidden_act": "silu", "hidden_size": 896, "intermediate_size": 4864, "max_position_embeddings": 32768,
         "max_window_layers": 21, "model_type": "qwen2", "num_attention_heads": 14, "num_hidden_layers": 24,
         "num_key_value_heads": 2, "rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "sliding_window": 32768,
         "tie_word_embeddings": true, "use_sliding_window": false, "vocab_size": 151936})",
     R"({"rope_theta": null, "rope_parameters": {"rope_theta": 1000000.0, "rope_type": "default"}})", 494032768},
    {R"({"attention_bias": false, "head_dim": 128, "hidden_act": "silu", "hidden_size": 1024,
         "intermediate_size": 3072, "max_position_embeddings": 40960, "max_window_layers": 28, "model_type": "qwen3",
         "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 8, "rms_norm_eps": 1e-06,
         "rope_scaling": null, "rope_theta": 1000000, "sliding_window": null, "tie_word_embeddings": true,
         "use_sliding_window": false, "vocab_size": 151936})",
     R"({"rope_theta": null, "rope_parameters": {"rope_theta": 1000000.0, "rope_type": "default"}})", 596049920},
    // Gemma 2B, Gemma 2 2B, Gemma 3 1B, and 4B, which sees images
    {R"({"attention_bias": false, "head_dim": 256, "hidden_act": "gelu", "hidden_activation": null,
         "hidden_size": 2048, "intermediate_size": 16384, "max_position_embeddings": 8192, "model_type": "gemma",
         "num_attention_heads": 8, "num_hidden_layers": 18, "num_key_value_heads": 1, "rms_norm_eps": 1e-06,
         "rope_scaling": null, "rope_theta": 10000.0, "vocab_size": 256000})",
     R"({"rope_theta": null, "hidden_act": "gelu_pytorch_tanh", "tie_word_embeddings": true,
         "use_bidirectional_attention": null, "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"}})",
     2506172416},
    {R"({"attn_logit_softcapping": 50.0, "cache_implementation": "hybrid", "final_logit_softcapping": 30.0,
         "head_dim": 256, "hidden_act": "gelu_pytorch_tanh", "hidden_activation": "gelu_pytorch_tanh",
         "hidden_size": 2304, "intermediate_size": 9216, "max_position_embeddings": 8192, "model_type": "gemma2",
         "num_attention_heads": 8, "num_hidden_layers": 26, "num_key_value_heads": 4, "query_pre_attn_scalar": 256,
         "rms_norm_eps": 1e-06, "rope_theta": 10000.0, "sliding_window": 4096, "vocab_size": 256000})",
     R"({"rope_theta": null, "hidden_act": null, "tie_word_embeddings": true, "use_bidirectional_attention": null,
         "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"}})",
     2614341888},
    {R"({"head_dim": 256, "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 1152, "intermediate_size": 6912,
         "max_position_embeddings": 32768, "model_type": "gemma3_text", "num_attention_heads": 4,
         "num_hidden_layers": 26, "num_key_value_heads": 1, "query_pre_attn_scalar": 256, "rms_norm_eps": 1e-06,
         "rope_local_base_freq": 10000, "rope_scaling": null, "rope_theta": 1000000, "sliding_window": 512,
         "sliding_window_pattern": 6, "vocab_size": 262144})",
     R"({"rope_theta": null, "rope_local_base_freq": null, "sliding_window_pattern": null,
         "_sliding_window_pattern": 6, "use_bidirectional_attention": false,
         "rope_parameters": {"full_attention": {"rope_theta": 1000000.0, "rope_type": "default"},
                             "sliding_attention": {"rope_theta": 10000.0, "rope_type": "default"}}})",
     999885952},
    {R"({"model_type": "gemma3", "boi_token_index": 255999, "eos_token_id": [1, 106], "mm_tokens_per_image": 256,
         "text_config": {"hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text",
                         "num_hidden_layers": 34, "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
                         "sliding_window": 1024},
         "vision_config": {"hidden_size": 1152, "model_type": "siglip_vision_model"}})",
     R"({"text_config": {"rope_scaling": null, "eos_token_id": 1, "head_dim": 256, "num_attention_heads": 8, "num_key_value_heads": 4,
         "vocab_size": 262208, "max_position_embeddings": 131072, "query_pre_attn_scalar": 256, "rms_norm_eps": 1e-06,
         "rope_parameters": {"full_attention": {"factor": 8.0, "rope_theta": 1000000.0, "rope_type": "linear"},
                             "sliding_attention": {"rope_theta": 10000.0, "rope_type": "default"}}}})",
     3880263168},
    // GPT-2, OPT 125M, Pythia 70M and 410M
    {R"({"activation_function": "gelu_new", "layer_norm_epsilon": 1e-05, "model_type": "gpt2", "n_ctx": 1024,
         "n_embd": 768, "n_head": 12, "n_layer": 12, "n_positions": 1024, "summary_type": "cls_index",
         "task_specific_params": {"text-generation": {"do_sample": true, "max_length": 50}}, "vocab_size": 50257})",
     R"({"n_ctx": null, "n_inner": null, "add_cross_attention": false, "scale_attn_weights": true,
         "scale_attn_by_inverse_layer_idx": false, "tie_word_embeddings": true})",
     124439808},
    {R"({"activation_function": "relu", "do_layer_norm_before": true, "ffn_dim": 3072, "hidden_size": 768,
         "layerdrop": 0.0, "max_position_embeddings": 2048, "model_type": "opt", "num_attention_heads": 12,
         "num_hidden_layers": 12, "prefix": "</s>", "vocab_size": 50272, "word_embed_proj_dim": 768})",
     R"({"_remove_final_layer_norm": false, "enable_bias": true, "layer_norm_elementwise_affine": true,
         "tie_word_embeddings": true})",
     125239296},
    {R"({"hidden_act": "gelu", "hidden_size": 512, "intermediate_size": 2048, "layer_norm_eps": 1e-05,
         "max_position_embeddings": 2048, "model_type": "gpt_neox", "num_attention_heads": 8, "num_hidden_layers": 6,
         "rotary_emb_base": 10000, "rotary_pct": 0.25, "tie_word_embeddings": false, "use_parallel_residual": true,
         "vocab_size": 50304})",
     R"({"rotary_emb_base": null, "rotary_pct": null, "attention_bias": true, "classifier_dropout": 0.1,
         "rope_parameters": {"partial_rotary_factor": 0.25, "rope_theta": 10000.0, "rope_type": "default"}})",
     70426624},
    {R"({"hidden_act": "gelu", "hidden_size": 1024, "intermediate_size": 4096, "layer_norm_eps": 1e-05,
         "max_position_embeddings": 2048, "model_type": "gpt_neox", "num_attention_heads": 16, "num_hidden_layers": 24,
         "rotary_emb_base": 10000, "rotary_pct": 0.25, "tie_word_embeddings": false, "use_parallel_residual": true,
         "vocab_size": 50304})",
     R"({"rotary_emb_base": null, "rotary_pct": null, "rope_theta": 10000, "partial_rotary_factor": 0.25})", 405334016},
};

} // namespace

TEST_CASE("what transformers 4 and transformers 5 write of a model is one configuration, with the model's parameters") {
    const test::folder folder;
    const auto read = [&](const nlohmann::json& config) {
        return read_config_json(folder.write("config.json", config.dump()));
    };
    for (const auto& [first, patch, parameters] : models) {
        CAPTURE(first);
        nlohmann::json config = nlohmann::json::parse(first);
        config["torch_dtype"] = "bfloat16";
        const transformer_config older = read(config);
        CHECK(decoder_layout(older).size() == parameters);
        config.merge_patch(nlohmann::json::parse(patch));
        config.merge_patch({{"torch_dtype", nullptr}, {"dtype", "bfloat16"}, {"transformers_version", "5.24.0"}});
        nlohmann::json& part = config.contains("text_config") ? config["text_config"] : config;
        if (older.window != 0 && older.full_attention_every != 0) part["layer_types"] = layer_types_json(older);
        CHECK(read(config) == older);
        CHECK(older.notes.size() == (config.contains("text_config") ? 1 : 0)); // which tells of the images
    }
}

TEST_CASE("windows that some layers of Qwen and SmolLM3 could have are refused by the setting's name") {
    for (const char* const type : {"qwen2", "qwen3", "smollm3"}) {
        const test::folder folder;
        nlohmann::json config{{"model_type", type},         {"vocab_size", 20},
                              {"hidden_size", 8},           {"intermediate_size", 12},
                              {"num_hidden_layers", 2},     {"num_attention_heads", 2},
                              {"num_key_value_heads", 2},   {"head_dim", 4},
                              {"sliding_window", 4},        {"max_window_layers", 1},
                              {"use_sliding_window", false}};
        const auto error = [&] {
            return test::error_of([&] { (void)read_config_json(folder.write("config.json", config.dump())); });
        };
        CHECK(error().empty());
        config["layer_types"] = {"full_attention", "sliding_attention"};
        CHECK(test::contains(error(), "layer_types: \"full_attention\" was expected of layer 1 (there is no window)"));
        config["use_sliding_window"] = true;
        CHECK(test::contains(error(), "use_sliding_window: only false is supported, found true"));
    }
}
