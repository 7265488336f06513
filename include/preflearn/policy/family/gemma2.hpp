/// \file
/// The Gemma 2 family (Gemma Team 2024, arXiv:2408.00118): Gemma with norms after the blocks, too, every other layer's
/// attention within a window, and soft caps of attention scores and logits.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include <preflearn/policy/family/decoder_family.hpp>

namespace preflearn::families {

struct gemma2_tables {
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

    /// Defaults are those of transformers and of llama.cpp.
    static constexpr auto fields = std::to_array<field_entry>({
        {vocabulary_size, {"vocab_size"}},
        {hidden_size, {"hidden_size"}, {"embedding_length"}},
        {intermediate_size, {"intermediate_size"}, {"feed_forward_length"}},
        {layers, {"num_hidden_layers"}, {"block_count"}},
        {heads, {"num_attention_heads"}, {"attention.head_count"}},
        {key_value_heads, {"num_key_value_heads", 4}, {"attention.head_count_kv", 0}},
        {head_dim, {"head_dim", 256}, {"attention.key_length", 0}},
        {maximum_length, {"max_position_embeddings", 8192}, {"context_length"}},
        {norm_epsilon, {"rms_norm_eps", 1e-6}, {"attention.layer_norm_rms_epsilon"}},
        {rope_theta, {"rope_theta", 10000}, {"rope.freq_base", 10000}},
        {rope_scaling, {"rope_scaling"}, {"rope.scaling"}},
        {attention_width, {"query_pre_attn_scalar", 256}, {"", 0}},
        {attention_cap, {.name = "attn_logit_softcapping", .absent = 50, .null = 0}, {"attn_logit_softcapping", 50}},
        {logit_cap, {.name = "final_logit_softcapping", .absent = 30, .null = 0}, {"final_logit_softcapping", 30}},
        {window, {.name = "sliding_window", .absent = 4096, .null = 0}, {"attention.sliding_window", 4096}},
        {full_attention_every, {"", 2}, {"", 2}},
        {fixed, {"hidden_activation"}, {}, "gelu_pytorch_tanh"},
        {fixed, {"attention_bias"}, {}, false},
        {fixed, {"use_bidirectional_attention"}, {}, false, false},
        {tied_embeddings, {"tie_word_embeddings", true}},
    });

    /// The name of the activation that is read is another; the length of the window is there twice.
    static constexpr auto ignored_fields = std::to_array<std::string_view>({"hidden_act", "sliding_window_size"});
    static constexpr auto ignored = std::to_array<std::string_view>({"rotary_emb.inv_freq"});
};

inline constexpr decoder_family gemma2{.model_type = "gemma2",
                                       .class_name = "Gemma2ForCausalLM",
                                       .gguf_name = "gemma2",
                                       .norm = norm_kind::rms,
                                       .activation = activation_kind::gelu_tanh,
                                       .scaled_embedding = true,
                                       .hidden_width_layers = 46,
                                       .tensors = gemma2_tables::tensors,
                                       .fields = gemma2_tables::fields,
                                       .ignored = gemma2_tables::ignored,
                                       .ignored_fields = gemma2_tables::ignored_fields};

} // namespace preflearn::families
