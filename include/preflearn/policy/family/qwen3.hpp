/// \file
/// The Qwen3 family (Yang et al. 2025, arXiv:2505.09388), dense models: Llama with a norm of every head's query and
/// key before positions turn them. Its options of biases and of a sliding window, which no published model uses, are
/// refused, as is its mixture of experts, a family of its own.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/llama_rows.hpp>

namespace preflearn::families {

struct qwen3_tables : llama_rows {
    static constexpr auto tensors = joined(before_attention, attention, head_norms, after_attention);

    static constexpr auto own_fields = std::to_array<field_entry>({
        {key_value_heads, {.name = "num_key_value_heads", .absent = 32, .null = 0}, {"attention.head_count_kv", 0}},
        {head_dim, {"head_dim", 128}, {"attention.key_length", 0}},
        {fixed, {"attention_bias"}, {}, false},
        {fixed, {"use_sliding_window"}, {}, false},
        {maximum_length, {"max_position_embeddings", 32768}, {"context_length"}},
        {rope_theta, {"rope_theta", 10000}, {"rope.freq_base", 10000}},
        {tied_embeddings, {"tie_word_embeddings", false}},
    });
    static constexpr auto fields = joined(shared_fields, own_fields);
    /// Of the window that is not used.
    static constexpr auto ignored_fields = std::to_array<std::string_view>({"sliding_window", "max_window_layers"});
};

inline constexpr decoder_family qwen3{.model_type = "qwen3",
                                      .class_name = "Qwen3ForCausalLM",
                                      .gguf_name = "qwen3",
                                      .tensors = qwen3_tables::tensors,
                                      .fields = qwen3_tables::fields,
                                      .ignored = qwen3_tables::ignored,
                                      .ignored_fields = qwen3_tables::ignored_fields};

} // namespace preflearn::families
