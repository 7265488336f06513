/// \file
/// The first Gemma family (Gemma Team 2024, arXiv:2403.08295): Llama with weights of norms kept less one, an embedding
/// scaled by √hidden_size and GELU by tanh in the gated MLP.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/gemma_rows.hpp>
#include <preflearn/policy/family/llama_rows.hpp>

namespace preflearn::families {

struct gemma_tables : gemma_rows {
    static constexpr auto tensors =
        norms_less_one(joined(llama_rows::before_attention, llama_rows::attention, llama_rows::after_attention));

    /// Defaults are those of transformers and of llama.cpp. Published files say "gelu" and mean the one by tanh, which
    /// both take.
    static constexpr auto own_fields = std::to_array<field_entry>({
        {key_value_heads, {"num_key_value_heads", 16}, {"attention.head_count_kv", 0}},
        {head_dim, {"head_dim", 256}, {"attention.key_length", 0}},
        {fixed, {"hidden_act"}, {}, "gelu_pytorch_tanh"},
        {fixed, {"hidden_act"}, {}, "gelu", false},
    });
    static constexpr auto fields = joined(sizes, own_fields, shared_fields);
};

inline constexpr decoder_family gemma{.model_type = "gemma",
                                      .class_name = "GemmaForCausalLM",
                                      .gguf_name = "gemma",
                                      .norm = norm_kind::rms,
                                      .activation = activation_kind::gelu_tanh,
                                      .scaled_embedding = true,
                                      .tensors = gemma_tables::tensors,
                                      .fields = gemma_tables::fields,
                                      .ignored = gemma_tables::ignored};

} // namespace preflearn::families
