/// \file
/// The SmolLM3 family (Bakouch et al. 2025, huggingface.co/blog/smollm3): Llama in which every fourth layer has no
/// positions (Yang et al. 2025, arXiv:2501.18795). Its option of a window in these layers, which no published model
/// uses, is refused.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/llama_rows.hpp>

namespace preflearn::families {

struct smollm3_tables : llama_rows {
    static constexpr auto tensors = joined(before_attention, interleaved_attention, after_attention);

    static constexpr auto own_fields = std::to_array<field_entry>({
        {key_value_heads, {.name = "num_key_value_heads", .absent = 4, .null = 0}, {"attention.head_count_kv", 0}},
        {head_dim, {"head_dim", 0}, {"attention.key_length", 0}},
        {no_rotary_every, {"no_rope_layer_interval", 4}, {"", 4}},
        {fixed, {"attention_bias"}, {}, false},
        {fixed, {"mlp_bias"}, {}, false},
        {fixed, {"use_sliding_window"}, {}, false},
        {maximum_length, {"max_position_embeddings", 32768}, {"context_length"}},
        {rope_theta, {"rope_theta", 2000000}, {"rope.freq_base", 10000}},
        {tied_embeddings, {"tie_word_embeddings", true}},
    });
    static constexpr auto fields = joined(shared_fields, own_fields);
    /// Of the window that is not used.
    static constexpr auto ignored_fields = std::to_array<std::string_view>({"sliding_window", "max_window_layers"});
};

inline constexpr decoder_family smollm3{.model_type = "smollm3",
                                        .class_name = "SmolLM3ForCausalLM",
                                        .gguf_name = "smollm3",
                                        .tensors = smollm3_tables::tensors,
                                        .fields = smollm3_tables::fields,
                                        .ignored = smollm3_tables::ignored,
                                        .ignored_fields = smollm3_tables::ignored_fields};

} // namespace preflearn::families
