/// \file
/// The Gemma 3 family (Gemma Team 2025, arXiv:2503.19786), its language models: Gemma 2 with norms of queries and keys
/// in place of the cap of attention scores, and five layers in six within a window, with a rotary base of their own.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/gemma_rows.hpp>
#include <preflearn/policy/family/llama_rows.hpp>

namespace preflearn::families {

struct gemma3_tables : gemma_rows {
    static constexpr auto tensors = norms_less_one(
        joined(llama_rows::before_attention, llama_rows::attention, llama_rows::head_norms, normed_behind));

    /// Defaults are those of transformers and of llama.cpp. A cap of attention scores would be read and not applied by
    /// transformers, so that it is refused.
    static constexpr auto own_fields = std::to_array<field_entry>({
        {vocabulary_size, {"vocab_size", 262208}},
        {hidden_size, {"hidden_size", 2304}, {"embedding_length"}},
        {intermediate_size, {"intermediate_size", 9216}, {"feed_forward_length"}},
        {layers, {"num_hidden_layers", 26}, {"block_count"}},
        {heads, {"num_attention_heads", 8}, {"attention.head_count"}},
        {key_value_heads, {"num_key_value_heads", 4}, {"attention.head_count_kv", 0}},
        {head_dim, {"head_dim", 256}, {"attention.key_length", 0}},
        {maximum_length, {"max_position_embeddings", 131072}, {"context_length"}},
        {rope_theta, {"rope_theta", 1e6}, {"rope.freq_base", 10000}},
        {local_rope_theta, {"rope_local_base_freq", 10000}, {"rope.freq_base_swa", 10000}},
        {attention_width, {"query_pre_attn_scalar", 256}, {"", 0}},
        {fixed, {"attn_logit_softcapping"}, {}, nullptr},
        {logit_cap, {.name = "final_logit_softcapping", .absent = 0, .null = 0}, {"final_logit_softcapping", 0}},
        {window, {.name = "sliding_window", .absent = 4096, .null = 0}, {"attention.sliding_window", 0}},
        {full_attention_every, {"sliding_window_pattern", 6}, {"attention.sliding_window_pattern", 6}},
    });
    static constexpr auto fields = joined(own_fields, shared_fields);

    static constexpr auto ignored_fields = std::to_array<std::string_view>({"hidden_act", "_sliding_window_pattern"});
    /// Of the models of 4B and more, which see images.
    static constexpr auto other_parts = std::to_array<std::string_view>(
        {"vision_tower.", "multi_modal_projector.", "model.vision_tower.", "model.multi_modal_projector."});
};

inline constexpr decoder_family gemma3{.model_type = "gemma3_text",
                                       .class_name = "Gemma3ForCausalLM",
                                       .gguf_name = "gemma3",
                                       .norm = norm_kind::rms,
                                       .activation = activation_kind::gelu_tanh,
                                       .scaled_embedding = true,
                                       .hidden_width_layers = 62,
                                       .text_part_of = "gemma3",
                                       .other_parts = gemma3_tables::other_parts,
                                       .tensors = gemma3_tables::tensors,
                                       .fields = gemma3_tables::fields,
                                       .ignored = gemma3_tables::ignored,
                                       .ignored_fields = gemma3_tables::ignored_fields};

} // namespace preflearn::families
