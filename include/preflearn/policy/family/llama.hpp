/// \file
/// The Llama family (Touvron et al. 2023, arXiv:2302.13971): Llama 1 to 3, SmolLM 1 and 2, TinyLlama.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/llama_rows.hpp>

namespace preflearn::families {

struct llama_tables : llama_rows {
    static constexpr stored_form turned = stored_form::interleaved;
    /// Which hardly any published model has. GGUF files do not say so otherwise than by having them.
    static constexpr auto biases = std::to_array<tensor_entry>({
        {query, bias, {"model.layers.{}.self_attn.q_proj.bias"}, {"blk.{}.attn_q.bias", turned}, attention_bias},
        {key, bias, {"model.layers.{}.self_attn.k_proj.bias"}, {"blk.{}.attn_k.bias", turned}, attention_bias},
        {value, bias, {"model.layers.{}.self_attn.v_proj.bias"}, {"blk.{}.attn_v.bias"}, attention_bias},
        {attention_output,
         bias,
         {"model.layers.{}.self_attn.o_proj.bias"},
         {"blk.{}.attn_output.bias"},
         attention_bias},
        {gate, bias, {"model.layers.{}.mlp.gate_proj.bias"}, {"blk.{}.ffn_gate.bias"}, mlp_bias},
        {up, bias, {"model.layers.{}.mlp.up_proj.bias"}, {"blk.{}.ffn_up.bias"}, mlp_bias},
        {down, bias, {"model.layers.{}.mlp.down_proj.bias"}, {"blk.{}.ffn_down.bias"}, mlp_bias},
    });
    static constexpr auto tensors = joined(before_attention, interleaved_attention, after_attention, biases);

    /// Defaults, here and elsewhere, are those of transformers and of llama.cpp.
    static constexpr auto own_fields = std::to_array<field_entry>({
        {key_value_heads, {"num_key_value_heads", 0}, {"attention.head_count_kv", 0}},
        {head_dim, {"head_dim", 0}, {"attention.key_length", 0}},
        {attention_bias, {"attention_bias", false}},
        {mlp_bias, {"mlp_bias", false}},
        {maximum_length, {"max_position_embeddings", 2048}, {"context_length"}},
        {rope_theta, {"rope_theta", 10000}, {"rope.freq_base", 10000}},
        {tied_embeddings, {"tie_word_embeddings", false}},
    });
    static constexpr auto fields = joined(shared_fields, own_fields);
};

inline constexpr decoder_family llama{.model_type = "llama",
                                      .class_name = "LlamaForCausalLM",
                                      .gguf_name = "llama",
                                      .tensors = llama_tables::tensors,
                                      .fields = llama_tables::fields,
                                      .ignored = llama_tables::ignored};

} // namespace preflearn::families
