/// \file
/// Rows of tables that the Gemma families share: Llama's matrices, norms whose weights are kept less one (llama.cpp's
/// converter adds the one), and, from Gemma 2 on, norms behind the blocks, too.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <preflearn/policy/family/decoder_family.hpp>

namespace preflearn::families {

struct gemma_rows {
    using enum tensor_role;
    using enum tensor_part;
    using enum config_field;

    /// Such entries with every norm's weight stored less one.
    template <std::size_t Count>
    static constexpr std::array<tensor_entry, Count> norms_less_one(std::array<tensor_entry, Count> entries) {
        for (tensor_entry& entry : entries)
            if (is_norm(entry.role)) entry.hugging_face.form = stored_form::less_one;
        return entries;
    }
    /// What follows the products of queries, keys and values where norms stand behind both blocks, too.
    static constexpr auto normed_behind = std::to_array<tensor_entry>({
        {attention_output, weight, {"model.layers.{}.self_attn.o_proj.weight"}, {"blk.{}.attn_output.weight"}},
        {attention_after_norm,
         weight,
         {"model.layers.{}.post_attention_layernorm.weight"},
         {"blk.{}.post_attention_norm.weight"}},
        {mlp_norm, weight, {"model.layers.{}.pre_feedforward_layernorm.weight"}, {"blk.{}.ffn_norm.weight"}},
        {gate, weight, {"model.layers.{}.mlp.gate_proj.weight"}, {"blk.{}.ffn_gate.weight"}},
        {up, weight, {"model.layers.{}.mlp.up_proj.weight"}, {"blk.{}.ffn_up.weight"}},
        {down, weight, {"model.layers.{}.mlp.down_proj.weight"}, {"blk.{}.ffn_down.weight"}},
        {mlp_after_norm,
         weight,
         {"model.layers.{}.post_feedforward_layernorm.weight"},
         {"blk.{}.post_ffw_norm.weight"}},
        {final_norm, weight, {"model.norm.weight"}, {"output_norm.weight"}},
        {head, weight, {"lm_head.weight"}, {"output.weight"}},
    });

    static constexpr auto shared_fields = std::to_array<field_entry>({
        {norm_epsilon, {"rms_norm_eps", 1e-6}, {"attention.layer_norm_rms_epsilon"}},
        {rope_scaling, {"rope_scaling"}, {"rope.scaling"}},
        {fixed, {"hidden_activation"}, {}, "gelu_pytorch_tanh"},
        {fixed, {"attention_bias"}, {}, false},
        {fixed, {"use_bidirectional_attention"}, {}, false, false},
        {tied_embeddings, {"tie_word_embeddings", true}},
    });
    /// Sizes that every configuration gives.
    static constexpr auto sizes = std::to_array<field_entry>({
        {vocabulary_size, {"vocab_size"}},
        {hidden_size, {"hidden_size"}, {"embedding_length"}},
        {intermediate_size, {"intermediate_size"}, {"feed_forward_length"}},
        {layers, {"num_hidden_layers"}, {"block_count"}},
        {heads, {"num_attention_heads"}, {"attention.head_count"}},
        {maximum_length, {"max_position_embeddings", 8192}, {"context_length"}},
        {rope_theta, {"rope_theta", 10000}, {"rope.freq_base", 10000}},
    });

    static constexpr auto ignored = std::to_array<std::string_view>({"rotary_emb.inv_freq"});
};

} // namespace preflearn::families
