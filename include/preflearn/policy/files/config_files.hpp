/// \file
/// A model's configuration from where checkpoints keep it: config.json of a Hugging Face folder, or the metadata of a
/// GGUF file; and back to config.json.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/rotary.hpp>
#include <preflearn/policy/files/json_fields.hpp>

namespace preflearn {

namespace detail {

/// Validated, with the file's name before the message.
inline transformer_config validated_of(const transformer_config& config, const std::string& origin) {
    try {
        return validated<input_error>(config);
    } catch (const input_error& failure) {
        throw input_error(message(origin, ": ", failure.what()));
    }
}

/// `rope_scaling` (transformers 4) or `rope_parameters` (transformers 5, where theta stands as well).
inline void read_rope(const settings_reader& rope, transformer_config& config) {
    const std::string rule = rope.text("rope_type", rope.text("type", "default"));
    rope_scaling& scaling = config.rope_scaling;
    if (rule == "linear") {
        scaling.type = rope_scaling::rule::linear;
        scaling.factor = rope.number("factor");
    } else if (rule == "llama3") {
        scaling.type = rope_scaling::rule::llama3;
        scaling.factor = rope.number("factor");
        scaling.low_frequency_factor = rope.number("low_freq_factor");
        scaling.high_frequency_factor = rope.number("high_freq_factor");
        scaling.original_maximum_length = rope.natural("original_max_position_embeddings");
    } else {
        require<input_error>(rule == "default", rope.origin(),
                             ": rope_type: \"default\", \"linear\" or \"llama3\" "
                             "was expected, found \"",
                             rule, "\"");
    }
    if (rope.has("rope_theta")) config.rope_theta = rope.number("rope_theta");
    if (rope.has("partial_rotary_factor")) rope.expect("partial_rotary_factor", 1.0);
}

} // namespace detail

/// Reads config.json, and the end tokens from generation_config.json where that lies beside it.
/// \throws input_error naming file and field for another family, a missing field, or an option not computed here.
template <class Architecture> transformer_config read_config_json(const std::filesystem::path& path) {
    const nlohmann::json object = read_json_file(path);
    const settings_reader in(object, path.string());
    const std::string type = in.text("model_type", "");
    require<input_error>(type == Architecture::model_type, path.string(), ": model_type: \"", Architecture::model_type,
                         "\" was expected, found \"", type, "\"");
    Architecture::check(in);
    in.expect("pretraining_tp", 1);
    transformer_config config{.vocabulary_size = in.natural("vocab_size"),
                              .hidden_size = in.natural("hidden_size"),
                              .intermediate_size = in.natural("intermediate_size"),
                              .layers = in.natural("num_hidden_layers"),
                              .heads = in.natural("num_attention_heads"),
                              .key_value_heads = in.natural("num_key_value_heads", 0),
                              .head_dim = in.natural("head_dim", 0),
                              .rope_theta = in.number("rope_theta", 10000),
                              .norm_epsilon = in.number("rms_norm_eps", 1e-6),
                              .maximum_length = in.natural("max_position_embeddings", 2048),
                              .tied_embeddings = in.flag("tie_word_embeddings", false),
                              .end_tokens = in.tokens("eos_token_id")};
    for (const char* const name : {"rope_scaling", "rope_parameters"})
        if (in.has(name)) detail::read_rope(in.within(name), config);
    const std::filesystem::path generation = path.parent_path() / "generation_config.json";
    if (std::filesystem::exists(generation)) {
        const nlohmann::json other = read_json_file(generation);
        const settings_reader more(other, generation.string());
        if (more.has("eos_token_id")) config.end_tokens = more.tokens("eos_token_id");
    }
    return detail::validated_of(config, path.string());
}

/// Reads GGUF metadata. What llama.cpp requires is required, the norm's epsilon and the context length among it; what
/// it does not is as there: as many key and value heads as heads, heads of embedding_length / head_count, rotary base
/// 10000. Sampling is to stop at the end of text, of turn and of message. \throws input_error as above.
template <class Architecture> transformer_config read_gguf_config(const checkpoint_file& file) {
    const std::string origin = file.path().string(), name(Architecture::gguf_name);
    const settings_reader general(file.metadata(), origin), in(file.metadata(), origin, name + ".");
    const std::string found = general.text("general.architecture", "");
    require<input_error>(found == name, origin, ": general.architecture: \"", name, "\" was expected, found \"", found,
                         "\"");
    in.expect("expert_count", 0);
    const tensor_view& embedding = file.at(Architecture::embedding.gguf);
    require<input_error>(embedding.shape.size() == 2, origin, ": tensor '", embedding.name,
                         "': two axes were expected, found shape ", text_of_shape(embedding.shape));
    transformer_config config{.vocabulary_size = embedding.shape.front(),
                              .hidden_size = in.natural("embedding_length"),
                              .intermediate_size = in.natural("feed_forward_length"),
                              .layers = in.natural("block_count"),
                              .heads = in.natural("attention.head_count"),
                              .key_value_heads = in.natural("attention.head_count_kv", 0),
                              .head_dim = in.natural("attention.key_length", 0),
                              .rope_theta = in.number("rope.freq_base", 10000),
                              .norm_epsilon = in.number("attention.layer_norm_rms_epsilon"),
                              .maximum_length = in.natural("context_length"),
                              .tied_embeddings = file.find(Architecture::head.gguf) == nullptr,
                              .end_tokens = general.tokens("tokenizer.ggml.eos_token_id")};
    for (const char* const end : {"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"})
        for (const token_id token : general.tokens(end)) add_end_token(config, token);
    const std::string rule = in.text("rope.scaling.type", "none");
    require<input_error>(rule == "none" || rule == "linear", origin, ": ", name,
                         ".rope.scaling.type: \"none\" or \"linear\" was expected, found \"", rule, "\"");
    const double factor = in.number("rope.scaling.factor", in.number("rope.scale_linear", 1));
    if (factor != 1 && factor != 0) {
        config.rope_scaling.type = rope_scaling::rule::linear;
        config.rope_scaling.factor = factor;
    }
    config = detail::validated_of(config, origin);
    in.expect("rope.dimension_count", config.head_dim);
    in.expect("attention.value_length", config.head_dim);
    if (const tensor_view* const divisors = file.find("rope_freqs.weight")) {
        require<input_error>(divisors->size() == config.head_dim / 2, origin,
                             ": tensor 'rope_freqs.weight': head_dim / 2 = ", config.head_dim / 2,
                             " values were expected, found shape ", text_of_shape(divisors->shape));
        config.rope_scaling.frequency_divisors = all_values<double>(*divisors);
        config = detail::validated_of(config, origin);
    }
    return config;
}

/// What transformers (4 and 5) reads as config.json. \throws argument_error for frequency divisors, which it cannot
/// say.
template <class Architecture>
nlohmann::ordered_json config_json(const transformer_config& config, const std::string& number_type) {
    const rope_scaling& scaling = config.rope_scaling;
    require(scaling.frequency_divisors.empty(),
            "config.json cannot hold the rotary frequency divisors of a GGUF file (rope_freqs.weight)");
    nlohmann::ordered_json rope = nullptr, ends = nullptr;
    if (scaling.type == rope_scaling::rule::linear) rope = {{"rope_type", "linear"}, {"factor", scaling.factor}};
    if (scaling.type == rope_scaling::rule::llama3)
        rope = {{"rope_type", "llama3"},
                {"factor", scaling.factor},
                {"low_freq_factor", scaling.low_frequency_factor},
                {"high_freq_factor", scaling.high_frequency_factor},
                {"original_max_position_embeddings", scaling.original_maximum_length}};
    if (config.end_tokens.size() == 1) ends = config.end_tokens.front();
    if (config.end_tokens.size() > 1) ends = config.end_tokens;
    return {{"architectures", {Architecture::class_name}},
            {"model_type", Architecture::model_type},
            {"vocab_size", config.vocabulary_size},
            {"hidden_size", config.hidden_size},
            {"intermediate_size", config.intermediate_size},
            {"num_hidden_layers", config.layers},
            {"num_attention_heads", config.heads},
            {"num_key_value_heads", config.key_value_heads},
            {"head_dim", config.head_dim},
            {"hidden_act", "silu"},
            {"attention_bias", false},
            {"mlp_bias", false},
            {"max_position_embeddings", config.maximum_length},
            {"rms_norm_eps", config.norm_epsilon},
            {"rope_theta", config.rope_theta},
            {"rope_scaling", rope},
            {"tie_word_embeddings", config.tied_embeddings},
            {"bos_token_id", nullptr},
            {"eos_token_id", ends},
            {"torch_dtype", number_type}};
}

} // namespace preflearn
