/// \file
/// The Llama family (Touvron et al. 2023, arXiv:2302.13971): SmolLM2, TinyLlama, Llama 2 and 3.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include <preflearn/policy/family/decoder_family.hpp>

namespace preflearn::families {

/// In struct scope, so that the enumerators stand by their own names.
struct llama_tables {
    using enum tensor_role;
    using enum tensor_part;
    using enum config_field;

    /// llama.cpp's converter reorders the rows of query and key for its own rotary layout.
    static constexpr auto tensors = std::to_array<tensor_entry>({
        {embedding, weight, {"model.embed_tokens.weight"}, {"token_embd.weight"}},
        {attention_norm, weight, {"model.layers.{}.input_layernorm.weight"}, {"blk.{}.attn_norm.weight"}},
        {query,
         weight,
         {"model.layers.{}.self_attn.q_proj.weight"},
         {"blk.{}.attn_q.weight", stored_form::interleaved}},
        {key, weight, {"model.layers.{}.self_attn.k_proj.weight"}, {"blk.{}.attn_k.weight", stored_form::interleaved}},
        {value, weight, {"model.layers.{}.self_attn.v_proj.weight"}, {"blk.{}.attn_v.weight"}},
        {attention_output, weight, {"model.layers.{}.self_attn.o_proj.weight"}, {"blk.{}.attn_output.weight"}},
        {mlp_norm, weight, {"model.layers.{}.post_attention_layernorm.weight"}, {"blk.{}.ffn_norm.weight"}},
        {gate, weight, {"model.layers.{}.mlp.gate_proj.weight"}, {"blk.{}.ffn_gate.weight"}},
        {up, weight, {"model.layers.{}.mlp.up_proj.weight"}, {"blk.{}.ffn_up.weight"}},
        {down, weight, {"model.layers.{}.mlp.down_proj.weight"}, {"blk.{}.ffn_down.weight"}},
        {final_norm, weight, {"model.norm.weight"}, {"output_norm.weight"}},
        {head, weight, {"lm_head.weight"}, {"output.weight"}},
    });

    /// Defaults are those of transformers and of llama.cpp.
    static constexpr auto fields = std::to_array<field_entry>({
        {vocabulary_size, {"vocab_size"}},
        {hidden_size, {"hidden_size"}, {"embedding_length"}},
        {intermediate_size, {"intermediate_size"}, {"feed_forward_length"}},
        {layers, {"num_hidden_layers"}, {"block_count"}},
        {heads, {"num_attention_heads"}, {"attention.head_count"}},
        {key_value_heads, {"num_key_value_heads", 0}, {"attention.head_count_kv", 0}},
        {head_dim, {"head_dim", 0}, {"attention.key_length", 0}},
        {fixed, {"hidden_act"}, {}, "silu"},
        {fixed, {"attention_bias"}, {}, false},
        {fixed, {"mlp_bias"}, {}, false},
        {fixed, {"pretraining_tp"}, {}, 1, false},
        {fixed, {}, {"expert_count"}, 0},
        {maximum_length, {"max_position_embeddings", 2048}, {"context_length"}},
        {norm_epsilon, {"rms_norm_eps", 1e-6}, {"attention.layer_norm_rms_epsilon"}},
        {rope_theta, {"rope_theta", 10000}, {"rope.freq_base", 10000}},
        {rope_scaling, {"rope_scaling"}, {"rope.scaling"}},
        {tied_embeddings, {"tie_word_embeddings", false}},
    });

    static constexpr auto ignored = std::to_array<std::string_view>({"rope_freqs.weight", "rotary_emb.inv_freq"});
};

inline constexpr decoder_family llama{.model_type = "llama",
                                      .class_name = "LlamaForCausalLM",
                                      .gguf_name = "llama",
                                      .norm = norm_kind::rms,
                                      .activation = activation_kind::silu,
                                      .tensors = llama_tables::tensors,
                                      .fields = llama_tables::fields,
                                      .ignored = llama_tables::ignored};

} // namespace preflearn::families
