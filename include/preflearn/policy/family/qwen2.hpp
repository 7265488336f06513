/// \file
/// The Qwen2 family (Yang et al. 2024, arXiv:2407.10671): Qwen1.5, Qwen2 and Qwen2.5. Llama with biases of query, key
/// and value. Its option of a sliding window in the upper layers, which no published model uses, is refused.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include <preflearn/policy/family/decoder_family.hpp>

namespace preflearn::families {

struct qwen2_tables {
    using enum tensor_role;
    using enum tensor_part;
    using enum config_field;

    static constexpr auto tensors = std::to_array<tensor_entry>({
        {embedding, weight, {"model.embed_tokens.weight"}, {"token_embd.weight"}},
        {attention_norm, weight, {"model.layers.{}.input_layernorm.weight"}, {"blk.{}.attn_norm.weight"}},
        {query, weight, {"model.layers.{}.self_attn.q_proj.weight"}, {"blk.{}.attn_q.weight"}},
        {key, weight, {"model.layers.{}.self_attn.k_proj.weight"}, {"blk.{}.attn_k.weight"}},
        {value, weight, {"model.layers.{}.self_attn.v_proj.weight"}, {"blk.{}.attn_v.weight"}},
        {query, bias, {"model.layers.{}.self_attn.q_proj.bias"}, {"blk.{}.attn_q.bias"}},
        {key, bias, {"model.layers.{}.self_attn.k_proj.bias"}, {"blk.{}.attn_k.bias"}},
        {value, bias, {"model.layers.{}.self_attn.v_proj.bias"}, {"blk.{}.attn_v.bias"}},
        {attention_output, weight, {"model.layers.{}.self_attn.o_proj.weight"}, {"blk.{}.attn_output.weight"}},
        {mlp_norm, weight, {"model.layers.{}.post_attention_layernorm.weight"}, {"blk.{}.ffn_norm.weight"}},
        {gate, weight, {"model.layers.{}.mlp.gate_proj.weight"}, {"blk.{}.ffn_gate.weight"}},
        {up, weight, {"model.layers.{}.mlp.up_proj.weight"}, {"blk.{}.ffn_up.weight"}},
        {down, weight, {"model.layers.{}.mlp.down_proj.weight"}, {"blk.{}.ffn_down.weight"}},
        {final_norm, weight, {"model.norm.weight"}, {"output_norm.weight"}},
        {head, weight, {"lm_head.weight"}, {"output.weight"}},
    });

    static constexpr auto fields = std::to_array<field_entry>({
        {vocabulary_size, {"vocab_size"}},
        {hidden_size, {"hidden_size"}, {"embedding_length"}},
        {intermediate_size, {"intermediate_size"}, {"feed_forward_length"}},
        {layers, {"num_hidden_layers"}, {"block_count"}},
        {heads, {"num_attention_heads"}, {"attention.head_count"}},
        {key_value_heads, {"num_key_value_heads", 0}, {"attention.head_count_kv", 0}},
        {head_dim, {"head_dim", 0}, {"attention.key_length", 0}},
        {fixed, {"hidden_act"}, {}, "silu"},
        {fixed, {"use_sliding_window"}, {}, false},
        {maximum_length, {"max_position_embeddings", 32768}, {"context_length"}},
        {norm_epsilon, {"rms_norm_eps", 1e-6}, {"attention.layer_norm_rms_epsilon"}},
        {rope_theta, {"rope_theta", 10000}, {"rope.freq_base", 10000}},
        {rope_scaling, {"rope_scaling"}, {"rope.scaling"}},
        {tied_embeddings, {"tie_word_embeddings", false}},
    });

    static constexpr auto ignored = std::to_array<std::string_view>({"rotary_emb.inv_freq"});
};

inline constexpr decoder_family qwen2{.model_type = "qwen2",
                                      .class_name = "Qwen2ForCausalLM",
                                      .gguf_name = "qwen2",
                                      .norm = norm_kind::rms,
                                      .activation = activation_kind::silu,
                                      .tensors = qwen2_tables::tensors,
                                      .fields = qwen2_tables::fields,
                                      .ignored = qwen2_tables::ignored};

} // namespace preflearn::families
