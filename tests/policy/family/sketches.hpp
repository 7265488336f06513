/// \file
/// Families that the library does not offer yet, described to see that a decoder_family can say them: fused and
/// transposed matrices, learned positions with and without an offset, layer norms with biases, a plain MLP, norms after
/// the blocks and of heads, weights less one, windows, scales, partial rotation, parallel residuals.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include <preflearn/policy/family/decoder_family.hpp>

namespace test {

using namespace preflearn;

struct gemma3_tables {
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
        {query_norm, weight, {"model.layers.{}.self_attn.q_norm.weight", less_one}, {"blk.{}.attn_q_norm.weight"}},
        {key_norm, weight, {"model.layers.{}.self_attn.k_norm.weight", less_one}, {"blk.{}.attn_k_norm.weight"}},
        {attention_output, weight, {"model.layers.{}.self_attn.o_proj.weight"}, {"blk.{}.attn_output.weight"}},
        {attention_after_norm,
         weight,
         {"model.layers.{}.post_attention_layernorm.weight", less_one},
         {"blk.{}.post_attention_norm.weight"}},
        {mlp_norm, weight, {"model.layers.{}.pre_feedforward_layernorm.weight", less_one}, {"blk.{}.ffn_norm.weight"}},
        {gate, weight, {"model.layers.{}.mlp.gate_proj.weight"}, {"blk.{}.ffn_gate.weight"}},
        {up, weight, {"model.layers.{}.mlp.up_proj.weight"}, {"blk.{}.ffn_up.weight"}},
        {down, weight, {"model.layers.{}.mlp.down_proj.weight"}, {"blk.{}.ffn_down.weight"}},
        {mlp_after_norm,
         weight,
         {"model.layers.{}.post_feedforward_layernorm.weight", less_one},
         {"blk.{}.post_ffw_norm.weight"}},
        {final_norm, weight, {"model.norm.weight", less_one}, {"output_norm.weight"}},
        {head, weight, {"lm_head.weight"}, {"output.weight"}},
    });
    static constexpr auto fields = std::to_array<field_entry>({
        {vocabulary_size, {"vocab_size"}},
        {hidden_size, {"hidden_size"}, {"embedding_length"}},
        {intermediate_size, {"intermediate_size"}, {"feed_forward_length"}},
        {layers, {"num_hidden_layers"}, {"block_count"}},
        {heads, {"num_attention_heads"}, {"attention.head_count"}},
        {key_value_heads, {"num_key_value_heads", 0}, {"attention.head_count_kv", 0}},
        {head_dim, {"head_dim", 256}, {"attention.key_length", 256}},
        {maximum_length, {"max_position_embeddings", 131072}, {"context_length"}},
        {norm_epsilon, {"rms_norm_eps", 1e-6}, {"attention.layer_norm_rms_epsilon"}},
        {rope_theta, {"rope_theta", 1e6}, {"rope.freq_base", 1e6}},
        {local_rope_theta, {"rope_local_base_freq", 10000}, {"", 10000}},
        {rope_scaling, {"rope_scaling"}, {"rope.scaling"}},
        {attention_width, {"query_pre_attn_scalar", 256}, {"", 0}},
        {window, {.name = "sliding_window", .absent = 4096, .null = 0}, {"attention.sliding_window"}},
        {full_attention_every, {"sliding_window_pattern", 6}, {"", 6}},
        {attention_cap, {.name = "attn_logit_softcapping", .absent = 0, .null = 0}},
        {logit_cap, {.name = "final_logit_softcapping", .absent = 0, .null = 0}},
        {fixed, {"hidden_activation"}, {}, "gelu_pytorch_tanh"},
        {fixed, {"attention_bias"}, {}, false},
        {fixed, {"use_bidirectional_attention"}, {}, false, false},
        {tied_embeddings, {"tie_word_embeddings", true}},
    });
};
inline constexpr decoder_family gemma3{.model_type = "gemma3_text",
                                       .class_name = "Gemma3ForCausalLM",
                                       .gguf_name = "gemma3",
                                       .activation = activation_kind::gelu_tanh,
                                       .scaled_embedding = true,
                                       .tensors = gemma3_tables::tensors,
                                       .fields = gemma3_tables::fields};

inline constexpr std::array sketches{gemma3};

} // namespace test
