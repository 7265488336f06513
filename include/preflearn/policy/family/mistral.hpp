/// \file
/// The Mistral family (Jiang et al. 2023, arXiv:2310.06825): Mistral 7B, NeMo, Zephyr. Llama whose queries see no more
/// than a window of the keys, where config.json gives one. llama.cpp keeps them as Llama, without the window.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/llama_rows.hpp>

namespace preflearn::families {

struct mistral_tables : llama_rows {
    static constexpr auto tensors = joined(before_attention, interleaved_attention, after_attention);

    static constexpr auto own_fields = std::to_array<field_entry>({
        {key_value_heads, {.name = "num_key_value_heads", .absent = 8, .null = 0}, {"attention.head_count_kv", 0}},
        {head_dim, {"head_dim", 0}, {"attention.key_length", 0}},
        {window, {.name = "sliding_window", .absent = 4096, .null = 0}},
        {maximum_length, {"max_position_embeddings", 131072}, {"context_length"}},
        {rope_theta, {"rope_theta", 10000}, {"rope.freq_base", 10000}},
        {tied_embeddings, {"tie_word_embeddings", false}},
    });
    static constexpr auto fields = joined(shared_fields, own_fields);
};

inline constexpr decoder_family mistral{.model_type = "mistral",
                                        .class_name = "MistralForCausalLM",
                                        .gguf_name = "llama",
                                        .tensors = mistral_tables::tensors,
                                        .fields = mistral_tables::fields,
                                        .ignored = mistral_tables::ignored};

} // namespace preflearn::families
