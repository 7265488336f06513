/// \file
/// The Qwen2 family (Yang et al. 2024, arXiv:2407.10671): Qwen1.5, Qwen2 and Qwen2.5. Llama with biases of query, key
/// and value. Its option of a sliding window in the upper layers, which no published model uses, is refused.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/llama_rows.hpp>

namespace preflearn::families {

struct qwen2_tables : llama_rows {
    static constexpr auto biases = std::to_array<tensor_entry>({
        {query, bias, {"model.layers.{}.self_attn.q_proj.bias"}, {"blk.{}.attn_q.bias"}},
        {key, bias, {"model.layers.{}.self_attn.k_proj.bias"}, {"blk.{}.attn_k.bias"}},
        {value, bias, {"model.layers.{}.self_attn.v_proj.bias"}, {"blk.{}.attn_v.bias"}},
    });
    static constexpr auto tensors = joined(before_attention, attention, biases, after_attention);

    static constexpr auto own_fields = std::to_array<field_entry>({
        {key_value_heads, {"num_key_value_heads", 0}, {"attention.head_count_kv", 0}},
        {head_dim, {"head_dim", 0}, {"attention.key_length", 0}},
        {fixed, {"use_sliding_window"}, {}, false},
        {maximum_length, {"max_position_embeddings", 32768}, {"context_length"}},
        {rope_theta, {"rope_theta", 10000}, {"rope.freq_base", 10000}},
        {tied_embeddings, {"tie_word_embeddings", false}},
    });
    static constexpr auto fields = joined(shared_fields, own_fields);
    /// Of the window that is not used.
    static constexpr auto ignored_fields = std::to_array<std::string_view>({"sliding_window", "max_window_layers"});
};

inline constexpr decoder_family qwen2{.model_type = "qwen2",
                                      .class_name = "Qwen2ForCausalLM",
                                      .gguf_name = "qwen2",
                                      .tensors = qwen2_tables::tensors,
                                      .fields = qwen2_tables::fields,
                                      .ignored = qwen2_tables::ignored,
                                      .ignored_fields = qwen2_tables::ignored_fields};

} // namespace preflearn::families
