/// \file
/// The GPT-2 family (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"): GPT-2, DistilGPT-2,
/// DialoGPT. Learned positions, layer norms, biases everywhere, query, key and value in one matrix, a plain MLP.
/// Matrices lie as inputs × outputs in Hugging Face files; llama.cpp's converter turns them round.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include <preflearn/policy/family/decoder_family.hpp>

namespace preflearn::families {

struct gpt2_tables {
    using enum tensor_role;
    using enum tensor_part;
    using enum config_field;
    static constexpr stored_form transposed = stored_form::transposed;

    static constexpr auto tensors = std::to_array<tensor_entry>({
        {embedding, weight, {"transformer.wte.weight"}, {"token_embd.weight"}},
        {positions, weight, {"transformer.wpe.weight"}, {"position_embd.weight"}},
        {attention_norm, weight, {"transformer.h.{}.ln_1.weight"}, {"blk.{}.attn_norm.weight"}},
        {attention_norm, bias, {"transformer.h.{}.ln_1.bias"}, {"blk.{}.attn_norm.bias"}},
        {query_key_value, weight, {"transformer.h.{}.attn.c_attn.weight", transposed}, {"blk.{}.attn_qkv.weight"}},
        {query_key_value, bias, {"transformer.h.{}.attn.c_attn.bias"}, {"blk.{}.attn_qkv.bias"}},
        {attention_output, weight, {"transformer.h.{}.attn.c_proj.weight", transposed}, {"blk.{}.attn_output.weight"}},
        {attention_output, bias, {"transformer.h.{}.attn.c_proj.bias"}, {"blk.{}.attn_output.bias"}},
        {mlp_norm, weight, {"transformer.h.{}.ln_2.weight"}, {"blk.{}.ffn_norm.weight"}},
        {mlp_norm, bias, {"transformer.h.{}.ln_2.bias"}, {"blk.{}.ffn_norm.bias"}},
        {up, weight, {"transformer.h.{}.mlp.c_fc.weight", transposed}, {"blk.{}.ffn_up.weight"}},
        {up, bias, {"transformer.h.{}.mlp.c_fc.bias"}, {"blk.{}.ffn_up.bias"}},
        {down, weight, {"transformer.h.{}.mlp.c_proj.weight", transposed}, {"blk.{}.ffn_down.weight"}},
        {down, bias, {"transformer.h.{}.mlp.c_proj.bias"}, {"blk.{}.ffn_down.bias"}},
        {final_norm, weight, {"transformer.ln_f.weight"}, {"output_norm.weight"}},
        {final_norm, bias, {"transformer.ln_f.bias"}, {"output_norm.bias"}},
        {head, weight, {"lm_head.weight"}, {"output.weight"}},
    });
    static constexpr auto fields = std::to_array<field_entry>({
        {vocabulary_size, {"vocab_size"}},
        {hidden_size, {"n_embd"}, {"embedding_length"}},
        {intermediate_size, {.name = "n_inner", .absent = 0, .null = 0}, {"feed_forward_length"}},
        {layers, {"n_layer"}, {"block_count"}},
        {heads, {"n_head"}, {"attention.head_count"}},
        {maximum_length, {"n_positions", 1024}, {"context_length"}},
        {maximum_length, {"n_ctx"}},
        {norm_epsilon, {"layer_norm_epsilon", 1e-5}, {"attention.layer_norm_epsilon"}},
        {activation, {"activation_function"}},
        {fixed, {"scale_attn_weights"}, {}, true},
        {fixed, {"scale_attn_by_inverse_layer_idx"}, {}, false},
        {fixed, {"add_cross_attention"}, {}, false, false},
        {tied_embeddings, {"tie_word_embeddings", true}},
    });
    /// Masks that older files keep.
    static constexpr auto ignored = std::to_array<std::string_view>({".attn.bias", ".attn.masked_bias"});
};
inline constexpr decoder_family gpt2{.model_type = "gpt2",
                                     .class_name = "GPT2LMHeadModel",
                                     .gguf_name = "gpt2",
                                     .norm = norm_kind::layer,
                                     .activation = activation_kind::gelu_tanh,
                                     .optional_prefix = "transformer.",
                                     .tensors = gpt2_tables::tensors,
                                     .fields = gpt2_tables::fields,
                                     .ignored = gpt2_tables::ignored};

} // namespace preflearn::families
