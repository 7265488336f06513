/// \file
/// The Llama family (Touvron et al. 2023, arXiv:2302.13971): Llama 1 to 3, SmolLM 1 and 2, TinyLlama.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/llama_rows.hpp>

namespace preflearn::families {

struct llama_tables : llama_rows {
    static constexpr auto tensors = joined(before_attention, interleaved_attention, after_attention);

    /// Defaults, here and elsewhere, are those of transformers and of llama.cpp.
    static constexpr auto own_fields = std::to_array<field_entry>({
        {key_value_heads, {"num_key_value_heads", 0}, {"attention.head_count_kv", 0}},
        {head_dim, {"head_dim", 0}, {"attention.key_length", 0}},
        {fixed, {"attention_bias"}, {}, false},
        {fixed, {"mlp_bias"}, {}, false},
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
