/// \file
/// The Gemma 2 family (Gemma Team 2024, arXiv:2408.00118): Gemma with norms after the blocks, too, every other layer's
/// attention within a window, and soft caps of attention scores and logits.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/gemma_rows.hpp>
#include <preflearn/policy/family/llama_rows.hpp>

namespace preflearn::families {

struct gemma2_tables : gemma_rows {
    static constexpr auto tensors =
        norms_less_one(joined(llama_rows::before_attention, llama_rows::attention, normed_behind));

    /// Defaults are those of transformers and of llama.cpp.
    static constexpr auto own_fields = std::to_array<field_entry>({
        {key_value_heads, {"num_key_value_heads", 4}, {"attention.head_count_kv", 0}},
        {head_dim, {"head_dim", 256}, {"attention.key_length", 0}},
        {attention_width, {"query_pre_attn_scalar", 256}, {"", 0}},
        {attention_cap, {.name = "attn_logit_softcapping", .absent = 50, .null = 0}, {"attn_logit_softcapping", 50}},
        {logit_cap, {.name = "final_logit_softcapping", .absent = 30, .null = 0}, {"final_logit_softcapping", 30}},
        {window, {.name = "sliding_window", .absent = 4096, .null = 0}, {"attention.sliding_window", 4096}},
        {full_attention_every, {"", 2}, {"", 2}},
    });
    static constexpr auto fields = joined(sizes, own_fields, shared_fields);

    /// The name of the activation that is read is another; the length of the window is there twice.
    static constexpr auto ignored_fields = std::to_array<std::string_view>({"hidden_act", "sliding_window_size"});
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
