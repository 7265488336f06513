/// \file
/// The fields of config.json that nothing reads. One that changes what a decoder computes is refused unless it asks for
/// what is computed anyway: ignoring it would be another model. Those that change nothing here are known by name. Any
/// other is told, since transformers ignores what its classes do not know, but a model's own code may not.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/files/json_fields.hpp>

namespace preflearn {

namespace detail {

/// A setting of some decoder and its value in those that do without; null is one as well.
struct changing_field {
    std::string_view name;
    std::string_view without; ///< JSON; empty: null alone
};

inline constexpr auto changing_fields = std::to_array<changing_field>({
    // biases, norms
    {"attention_bias", "false"},
    {"mlp_bias", "false"},
    {"qkv_bias", "false"},
    {"use_bias", "false"},
    {"use_qk_norm", "false"},
    {"qk_norm", "false"},
    {"qk_layernorm", "false"},
    {"use_qk_layernorm", "false"},
    // factors and caps
    {"attn_logit_softcapping", "0"},
    {"final_logit_softcapping", "0"},
    {"query_pre_attn_scalar", ""},
    {"attention_multiplier", ""},
    {"embedding_multiplier", "1"},
    {"residual_multiplier", "1"},
    {"logits_scaling", "1"},
    {"logit_scale", "1"},
    {"clip_qkv", ""},
    {"scale_attn_weights", "true"},
    {"scale_attn_by_inverse_layer_idx", "false"},
    // positions
    {"alibi", "false"},
    {"rope_interleaved", "false"},
    {"use_mrope", "false"},
    {"rotary_pct", "1"},
    {"rotary_dim", ""},
    {"rope_local_base_freq", ""},
    {"attn_temperature_tuning", "false"},
    // which keys are seen
    {"use_sliding_window", "false"},
    {"use_bidirectional_attention", "false"},
    {"attention_chunk_size", ""},
    {"is_encoder_decoder", "false"},
    {"add_cross_attention", "false"},
    // other blocks
    {"parallel_attn", "false"},
    {"use_parallel_residual", "false"},
    {"num_experts", "0"},
    {"num_local_experts", "0"},
    {"n_routed_experts", "0"},
    {"kv_lora_rank", ""},
    {"q_lora_rank", ""},
    {"num_kv_shared_layers", "0"},
    {"hidden_size_per_layer_input", "0"},
    {"word_embed_proj_dim", ""},
    // weights that are not stored as numbers
    {"quantization_config", ""},
    {"compression_config", ""},
});

inline constexpr auto changing_gguf_fields = std::to_array<changing_field>({
    {"attention.clamp_kqv", "0"},
    {"attention.max_alibi_bias", "0"},
    {"attention.scale", "0"},
    {"attention.causal", "true"},
    {"attn_logit_softcapping", "0"},
    {"final_logit_softcapping", "0"},
    {"embedding_scale", "1"},
    {"residual_scale", "1"},
    {"logit_scale", "1"},
    {"use_parallel_residual", "false"},
    {"expert_count", "0"},
});

/// What is read elsewhere, of names and of training, of other heads than that of a language model, and what programs
/// say of themselves.
inline constexpr auto harmless_fields = std::to_array<std::string_view>({
    "_attn_implementation",
    "_attn_implementation_autoset",
    "_from_model_config",
    "_name_or_path",
    "activation_dropout",
    "architectures",
    "attention_dropout",
    "attn_implementation",
    "attn_pdrop",
    "attention_probs_dropout_prob",
    "bad_words_ids",
    "begin_suppress_tokens",
    "bos_token_id",
    "cache_implementation",
    "chunk_size_feed_forward",
    "classifier_bias",
    "classifier_dropout",
    "decoder_start_token_id",
    "diversity_penalty",
    "do_sample",
    "dropout",
    "dtype",
    "early_stopping",
    "embd_pdrop",
    "embedding_dropout",
    "encoder_no_repeat_ngram_size",
    "eos_token_id",
    "exponential_decay_length_penalty",
    "finetuning_task",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "gradient_checkpointing",
    "hidden_dropout",
    "id2label",
    "init_std",
    "initializer_factor",
    "initializer_range",
    "is_decoder",
    "is_llama_config",
    "keys_to_ignore_at_inference",
    "label2id",
    "layer_types",
    "layerdrop",
    "length_penalty",
    "max_length",
    "min_length",
    "model_type",
    "neftune_noise_alpha",
    "no_repeat_ngram_size",
    "no_rope_layers",
    "num_beam_groups",
    "num_beams",
    "num_labels",
    "num_return_sequences",
    "original_max_position_embeddings",
    "output_attentions",
    "output_hidden_states",
    "output_router_logits",
    "output_scores",
    "pad_token_id",
    "partial_rotary_factor",
    "prefix",
    "prefix_token_id",
    "pretraining_tp",
    "problem_type",
    "pruned_heads",
    "reorder_and_upcast_attn",
    "remove_invalid_values",
    "repetition_penalty",
    "resid_pdrop",
    "return_dict",
    "return_dict_in_generate",
    "rope_parameters",
    "rope_scaling",
    "rope_theta",
    "sep_token_id",
    "summary_activation",
    "summary_first_dropout",
    "summary_proj_to_labels",
    "summary_type",
    "summary_use_proj",
    "suppress_tokens",
    "task_specific_params",
    "temperature",
    "tf_legacy_loss",
    "tie_encoder_decoder",
    "tokenizer_class",
    "top_k",
    "top_p",
    "torch_dtype",
    "torchscript",
    "transformers.js_config",
    "transformers_version",
    "typical_p",
    "unsloth_fixed",
    "unsloth_version",
    "use_bfloat16",
    "use_cache",
    "xla_device",
});

/// \throws input_error naming file and field for one of `changing` that `family` does not read of this kind of file and
/// that asks for another computation.
inline void refuse_changing(const settings_reader& in, std::span<const changing_field> changing,
                            const decoder_family& family, file_field field_entry::*kind) {
    for (const auto& [name, without] : changing) {
        const auto reads = [&, wanted = name](const field_entry& field) { return (field.*kind).name == wanted; };
        if (!in.has(name) || std::ranges::any_of(family.fields, reads)) continue;
        const nlohmann::json& value = in.at(name);
        require<input_error>(!without.empty() && value == nlohmann::json::parse(without), in.what(name),
                             without.empty() ? "nothing" : without, " was expected, since no ", family.model_type,
                             " model here computes it, found ",
                             value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).substr(0, 80));
    }
}

} // namespace detail

/// The names in config.json that neither `family` nor anything else reads and that are not known to be harmless, for a
/// note. \throws input_error naming file and field for one that asks for another computation.
inline std::string unread_fields(const settings_reader& in, const decoder_family& family) {
    detail::refuse_changing(in, detail::changing_fields, family, &field_entry::hugging_face);
    std::string unread;
    for (const std::string& name : in.names()) {
        const auto is = [&](const auto& other) { return other == name; };
        const bool known =
            std::ranges::any_of(family.ignored_fields, is) || std::ranges::any_of(detail::harmless_fields, is) ||
            std::ranges::any_of(detail::changing_fields, is, &detail::changing_field::name) ||
            std::ranges::any_of(family.fields, is, [](const field_entry& field) { return field.hugging_face.name; });
        if (!known) unread += unread.empty() ? name : ", " + name;
    }
    return unread;
}

/// \throws input_error naming file and key of a GGUF file that asks for what its family does not compute.
inline void refuse_other_gguf_settings(const settings_reader& in, const decoder_family& family) {
    detail::refuse_changing(in, detail::changing_gguf_fields, family, &field_entry::gguf);
}

} // namespace preflearn
