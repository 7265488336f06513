/// \file
/// The first Gemma family (Gemma Team 2024, arXiv:2403.08295): Llama with weights of norms kept less one, an embedding
/// scaled by √hidden_size and GELU by tanh in the gated MLP.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include <preflearn/policy/family/decoder_family.hpp>

namespace preflearn::families {

struct gemma_tables {
    using enum tensor_role;
    using enum tensor_part;
    using enum config_field;
    static constexpr stored_form less_one = stored_form::less_one;

    /// llama.cpp's converter adds the one.
    static constexpr auto tensors = std::to_array<tensor_entry>({
        {embedding, weight, {"model.embed_tokens.weight"}, {"token_embd.weight"}},
        {attention_norm, weight, {"model.layers.{}.input_layernorm.weight", less_one}, {"blk.{}.attn_norm.weight"}},
        {query, weight, {"model.layers.{}.self_attn.q_proj.weight"}, {"blk.{}.attn_q.weight"}},
        {key, weight, {"model.layers.{}.self_attn.k_proj.weight"}, {"blk.{}.attn_k.weight"}},
        {value, weight, {"model.layers.{}.self_attn.v_proj.weight"}, {"blk.{}.attn_v.weight"}},
        {attention_output, weight, {"model.layers.{}.self_attn.o_proj.weight"}, {"blk.{}.attn_output.weight"}},
        {mlp_norm, weight, {"model.layers.{}.post_attention_layernorm.weight", less_one}, {"blk.{}.ffn_norm.weight"}},
        {gate, weight, {"model.layers.{}.mlp.gate_proj.weight"}, {"blk.{}.ffn_gate.weight"}},
        {up, weight, {"model.layers.{}.mlp.up_proj.weight"}, {"blk.{}.ffn_up.weight"}},
        {down, weight, {"model.layers.{}.mlp.down_proj.weight"}, {"blk.{}.ffn_down.weight"}},
        {final_norm, weight, {"model.norm.weight", less_one}, {"output_norm.weight"}},
        {head, weight, {"lm_head.weight"}, {"output.weight"}},
    });

    /// Defaults are those of transformers and of llama.cpp. Published files say "gelu" and mean the one by tanh, which
    /// both take.
    static constexpr auto fields = std::to_array<field_entry>({
        {vocabulary_size, {"vocab_size"}},
        {hidden_size, {"hidden_size"}, {"embedding_length"}},
        {intermediate_size, {"intermediate_size"}, {"feed_forward_length"}},
        {layers, {"num_hidden_layers"}, {"block_count"}},
        {heads, {"num_attention_heads"}, {"attention.head_count"}},
        {key_value_heads, {"num_key_value_heads", 16}, {"attention.head_count_kv", 0}},
        {head_dim, {"head_dim", 256}, {"attention.key_length", 0}},
        {maximum_length, {"max_position_embeddings", 8192}, {"context_length"}},
        {norm_epsilon, {"rms_norm_eps", 1e-6}, {"attention.layer_norm_rms_epsilon"}},
        {rope_theta, {"rope_theta", 10000}, {"rope.freq_base", 10000}},
        {rope_scaling, {"rope_scaling"}, {"rope.scaling"}},
        {fixed, {"hidden_act"}, {}, "gelu_pytorch_tanh"},
        {fixed, {"hidden_act"}, {}, "gelu", false},
        {fixed, {"hidden_activation"}, {}, "gelu_pytorch_tanh"},
        {fixed, {"attention_bias"}, {}, false},
        {fixed, {"use_bidirectional_attention"}, {}, false, false},
        {tied_embeddings, {"tie_word_embeddings", true}},
    });

    static constexpr auto ignored = std::to_array<std::string_view>({"rotary_emb.inv_freq"});
};

inline constexpr decoder_family gemma{.model_type = "gemma",
                                      .class_name = "GemmaForCausalLM",
                                      .gguf_name = "gemma",
                                      .norm = norm_kind::rms,
                                      .activation = activation_kind::gelu_tanh,
                                      .scaled_embedding = true,
                                      .tensors = gemma_tables::tensors,
                                      .fields = gemma_tables::fields,
                                      .ignored = gemma_tables::ignored};

} // namespace preflearn::families
