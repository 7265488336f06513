/// \file
/// The OPT family (Zhang et al. 2022, arXiv:2205.01068), of 125M and of 1.3B parameters and more. Its table of
/// positions begins with two rows that no text uses, and its MLP with ReLU is plain. OPT-350M alone projects its
/// embeddings and has its norms after the blocks; it is refused. llama.cpp has no such architecture, so there are no
/// GGUF files of it.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include <preflearn/policy/family/decoder_family.hpp>

namespace preflearn::families {

struct opt_tables {
    using enum tensor_role;
    using enum tensor_part;
    using enum config_field;

    static constexpr auto tensors = std::to_array<tensor_entry>({
        {embedding, weight, {"model.decoder.embed_tokens.weight"}},
        {positions, weight, {"model.decoder.embed_positions.weight"}},
        {attention_norm, weight, {"model.decoder.layers.{}.self_attn_layer_norm.weight"}},
        {attention_norm, bias, {"model.decoder.layers.{}.self_attn_layer_norm.bias"}},
        {query, weight, {"model.decoder.layers.{}.self_attn.q_proj.weight"}},
        {key, weight, {"model.decoder.layers.{}.self_attn.k_proj.weight"}},
        {value, weight, {"model.decoder.layers.{}.self_attn.v_proj.weight"}},
        {query, bias, {"model.decoder.layers.{}.self_attn.q_proj.bias"}},
        {key, bias, {"model.decoder.layers.{}.self_attn.k_proj.bias"}},
        {value, bias, {"model.decoder.layers.{}.self_attn.v_proj.bias"}},
        {attention_output, weight, {"model.decoder.layers.{}.self_attn.out_proj.weight"}},
        {attention_output, bias, {"model.decoder.layers.{}.self_attn.out_proj.bias"}},
        {mlp_norm, weight, {"model.decoder.layers.{}.final_layer_norm.weight"}},
        {mlp_norm, bias, {"model.decoder.layers.{}.final_layer_norm.bias"}},
        {up, weight, {"model.decoder.layers.{}.fc1.weight"}},
        {up, bias, {"model.decoder.layers.{}.fc1.bias"}},
        {down, weight, {"model.decoder.layers.{}.fc2.weight"}},
        {down, bias, {"model.decoder.layers.{}.fc2.bias"}},
        {final_norm, weight, {"model.decoder.final_layer_norm.weight"}},
        {final_norm, bias, {"model.decoder.final_layer_norm.bias"}},
        {head, weight, {"lm_head.weight"}},
    });
    static constexpr auto fields = std::to_array<field_entry>({
        {vocabulary_size, {"vocab_size"}},
        {hidden_size, {"hidden_size"}},
        {hidden_size, {"word_embed_proj_dim"}},
        {intermediate_size, {"ffn_dim"}},
        {layers, {"num_hidden_layers"}},
        {heads, {"num_attention_heads"}},
        {maximum_length, {"max_position_embeddings", 2048}},
        {norm_epsilon, {"", 1e-5}},
        {activation, {"activation_function"}},
        {fixed, {"do_layer_norm_before"}, {}, true},
        {fixed, {"_remove_final_layer_norm"}, {}, false},
        {fixed, {"enable_bias"}, {}, true},
        {fixed, {"layer_norm_elementwise_affine"}, {}, true},
        {tied_embeddings, {"tie_word_embeddings", true}},
    });
};
inline constexpr decoder_family opt{.model_type = "opt",
                                    .class_name = "OPTForCausalLM",
                                    .norm = norm_kind::layer,
                                    .activation = activation_kind::relu,
                                    .position_offset = 2,
                                    .optional_prefix = "model.",
                                    .tensors = opt_tables::tensors,
                                    .fields = opt_tables::fields};

} // namespace preflearn::families
