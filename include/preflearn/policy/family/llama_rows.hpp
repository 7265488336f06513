/// \file
/// Rows of tables that Llama and the families that follow it share (SmolLM3, Mistral, Qwen2, Qwen3, Gemma); each of
/// them says only what differs.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include <preflearn/policy/family/decoder_family.hpp>

namespace preflearn::families {

/// In struct scope, so that the enumerators stand by their own names.
struct llama_rows {
    using enum tensor_role;
    using enum tensor_part;
    using enum config_field;

    static constexpr auto before_attention = std::to_array<tensor_entry>({
        {embedding, weight, {"model.embed_tokens.weight"}, {"token_embd.weight"}},
        {attention_norm, weight, {"model.layers.{}.input_layernorm.weight"}, {"blk.{}.attn_norm.weight"}},
    });
    static constexpr auto attention = std::to_array<tensor_entry>({
        {query, weight, {"model.layers.{}.self_attn.q_proj.weight"}, {"blk.{}.attn_q.weight"}},
        {key, weight, {"model.layers.{}.self_attn.k_proj.weight"}, {"blk.{}.attn_k.weight"}},
        {value, weight, {"model.layers.{}.self_attn.v_proj.weight"}, {"blk.{}.attn_v.weight"}},
    });
    /// llama.cpp's converter reorders the rows of query and key for its own rotary layout, of Llama and those that run
    /// as Llama there.
    static constexpr auto interleaved_attention = [] {
        auto entries = attention;
        entries[0].gguf.form = entries[1].gguf.form = stored_form::interleaved;
        return entries;
    }();
    static constexpr auto head_norms = std::to_array<tensor_entry>({
        {query_norm, weight, {"model.layers.{}.self_attn.q_norm.weight"}, {"blk.{}.attn_q_norm.weight"}},
        {key_norm, weight, {"model.layers.{}.self_attn.k_norm.weight"}, {"blk.{}.attn_k_norm.weight"}},
    });
    static constexpr auto after_attention = std::to_array<tensor_entry>({
        {attention_output, weight, {"model.layers.{}.self_attn.o_proj.weight"}, {"blk.{}.attn_output.weight"}},
        {mlp_norm, weight, {"model.layers.{}.post_attention_layernorm.weight"}, {"blk.{}.ffn_norm.weight"}},
        {gate, weight, {"model.layers.{}.mlp.gate_proj.weight"}, {"blk.{}.ffn_gate.weight"}},
        {up, weight, {"model.layers.{}.mlp.up_proj.weight"}, {"blk.{}.ffn_up.weight"}},
        {down, weight, {"model.layers.{}.mlp.down_proj.weight"}, {"blk.{}.ffn_down.weight"}},
        {final_norm, weight, {"model.norm.weight"}, {"output_norm.weight"}},
        {head, weight, {"lm_head.weight"}, {"output.weight"}},
    });

    static constexpr auto shared_fields = std::to_array<field_entry>({
        {vocabulary_size, {"vocab_size"}},
        {hidden_size, {"hidden_size"}, {"embedding_length"}},
        {intermediate_size, {"intermediate_size"}, {"feed_forward_length"}},
        {layers, {"num_hidden_layers"}, {"block_count"}},
        {heads, {"num_attention_heads"}, {"attention.head_count"}},
        {fixed, {"hidden_act"}, {}, "silu"},
        {norm_epsilon, {"rms_norm_eps", 1e-6}, {"attention.layer_norm_rms_epsilon"}},
        {rope_scaling, {"rope_scaling"}, {"rope.scaling"}},
    });

    static constexpr auto ignored = std::to_array<std::string_view>({"rope_freqs.weight", "rotary_emb.inv_freq"});
};

} // namespace preflearn::families
