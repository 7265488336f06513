/// \file
/// The GPT-NeoX family (Black et al. 2022, arXiv:2204.06745): GPT-NeoX-20B, Pythia (Biderman et al. 2023,
/// arXiv:2304.01373). Attention and MLP both read the layer's input, each through a norm of its own; a part of each
/// head turns by position; query, key and value of a head lie together, which llama.cpp's converter undoes.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include <preflearn/policy/family/decoder_family.hpp>

namespace preflearn::families {

struct gpt_neox_tables {
    using enum tensor_role;
    using enum tensor_part;
    using enum config_field;
    static constexpr stored_form by_head = stored_form::by_head;

    static constexpr auto tensors = std::to_array<tensor_entry>({
        {embedding, weight, {"gpt_neox.embed_in.weight"}, {"token_embd.weight"}},
        {attention_norm, weight, {"gpt_neox.layers.{}.input_layernorm.weight"}, {"blk.{}.attn_norm.weight"}},
        {attention_norm, bias, {"gpt_neox.layers.{}.input_layernorm.bias"}, {"blk.{}.attn_norm.bias"}},
        {query_key_value,
         weight,
         {"gpt_neox.layers.{}.attention.query_key_value.weight", by_head},
         {"blk.{}.attn_qkv.weight"}},
        {query_key_value,
         bias,
         {"gpt_neox.layers.{}.attention.query_key_value.bias", by_head},
         {"blk.{}.attn_qkv.bias"}},
        {attention_output, weight, {"gpt_neox.layers.{}.attention.dense.weight"}, {"blk.{}.attn_output.weight"}},
        {attention_output, bias, {"gpt_neox.layers.{}.attention.dense.bias"}, {"blk.{}.attn_output.bias"}},
        {mlp_norm, weight, {"gpt_neox.layers.{}.post_attention_layernorm.weight"}, {"blk.{}.ffn_norm.weight"}},
        {mlp_norm, bias, {"gpt_neox.layers.{}.post_attention_layernorm.bias"}, {"blk.{}.ffn_norm.bias"}},
        {up, weight, {"gpt_neox.layers.{}.mlp.dense_h_to_4h.weight"}, {"blk.{}.ffn_up.weight"}},
        {up, bias, {"gpt_neox.layers.{}.mlp.dense_h_to_4h.bias"}, {"blk.{}.ffn_up.bias"}},
        {down, weight, {"gpt_neox.layers.{}.mlp.dense_4h_to_h.weight"}, {"blk.{}.ffn_down.weight"}},
        {down, bias, {"gpt_neox.layers.{}.mlp.dense_4h_to_h.bias"}, {"blk.{}.ffn_down.bias"}},
        {final_norm, weight, {"gpt_neox.final_layer_norm.weight"}, {"output_norm.weight"}},
        {final_norm, bias, {"gpt_neox.final_layer_norm.bias"}, {"output_norm.bias"}},
        {head, weight, {"embed_out.weight"}, {"output.weight"}},
    });
    static constexpr auto fields = std::to_array<field_entry>({
        {vocabulary_size, {"vocab_size"}},
        {hidden_size, {"hidden_size"}, {"embedding_length"}},
        {intermediate_size, {"intermediate_size"}, {"feed_forward_length"}},
        {layers, {"num_hidden_layers"}, {"block_count"}},
        {heads, {"num_attention_heads"}, {"attention.head_count"}},
        {maximum_length, {"max_position_embeddings", 2048}, {"context_length"}},
        {norm_epsilon, {"layer_norm_eps", 1e-5}, {"attention.layer_norm_epsilon"}},
        {rotary_dim,
         {.name = "rotary_pct", .absent = 0.25, .unit = field_unit::of_head_dim},
         {"rope.dimension_count", 0}},
        {rotary_dim, {.name = "partial_rotary_factor", .unit = field_unit::of_head_dim}, {}, {}, false},
        {rope_theta, {"rotary_emb_base", 10000}, {"rope.freq_base", 10000}},
        {rope_theta, {"rope_theta"}, {}, {}, false},
        {rope_scaling, {"rope_scaling"}, {"rope.scaling"}},
        {parallel_residual, {"use_parallel_residual", true}, {"use_parallel_residual", true}},
        {activation, {"hidden_act"}},
        {fixed, {"attention_bias"}, {}, true},
        {tied_embeddings, {"tie_word_embeddings", false}},
    });
    /// Masks and angles that older files keep.
    static constexpr auto ignored =
        std::to_array<std::string_view>({".attention.bias", ".attention.masked_bias", ".rotary_emb.inv_freq"});
};
inline constexpr decoder_family gpt_neox{.model_type = "gpt_neox",
                                         .class_name = "GPTNeoXForCausalLM",
                                         .gguf_name = "gptneox",
                                         .norm = norm_kind::layer,
                                         .activation = activation_kind::gelu,
                                         .tensors = gpt_neox_tables::tensors,
                                         .fields = gpt_neox_tables::fields,
                                         .ignored = gpt_neox_tables::ignored};

} // namespace preflearn::families
