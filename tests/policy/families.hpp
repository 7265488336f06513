/// \file
/// Families of decoders that exist nowhere: together they use everything that a decoder can be asked for.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/family/decoder_family.hpp>

namespace test {

namespace tables {
using preflearn::tensor_entry;
using preflearn::tensor_part;
using role = preflearn::tensor_role;

/// GPT-2 with the terms of attention in three tensors: layer norms, biases everywhere, learned positions, plain MLP.
inline constexpr std::array learned_positions{
    tensor_entry{role::embedding, tensor_part::weight, {"embedding"}},
    tensor_entry{role::positions, tensor_part::weight, {"positions"}},
    tensor_entry{role::attention_norm, tensor_part::weight, {"{}.norm_1"}},
    tensor_entry{role::attention_norm, tensor_part::bias, {"{}.norm_1_bias"}},
    tensor_entry{role::query, tensor_part::weight, {"{}.q"}},
    tensor_entry{role::key, tensor_part::weight, {"{}.k"}},
    tensor_entry{role::value, tensor_part::weight, {"{}.v"}},
    tensor_entry{role::query, tensor_part::bias, {"{}.q_bias"}},
    tensor_entry{role::key, tensor_part::bias, {"{}.k_bias"}},
    tensor_entry{role::value, tensor_part::bias, {"{}.v_bias"}},
    tensor_entry{role::attention_output, tensor_part::weight, {"{}.o"}},
    tensor_entry{role::attention_output, tensor_part::bias, {"{}.o_bias"}},
    tensor_entry{role::mlp_norm, tensor_part::weight, {"{}.norm_2"}},
    tensor_entry{role::mlp_norm, tensor_part::bias, {"{}.norm_2_bias"}},
    tensor_entry{role::up, tensor_part::weight, {"{}.up"}},
    tensor_entry{role::up, tensor_part::bias, {"{}.up_bias"}},
    tensor_entry{role::down, tensor_part::weight, {"{}.down"}},
    tensor_entry{role::down, tensor_part::bias, {"{}.down_bias"}},
    tensor_entry{role::final_norm, tensor_part::weight, {"norm"}},
    tensor_entry{role::final_norm, tensor_part::bias, {"norm_bias"}},
};
/// Gemma 3: norms of heads, norms after the blocks, windows.
inline constexpr std::array normed_heads{
    tensor_entry{role::embedding, tensor_part::weight, {"embedding"}},
    tensor_entry{role::attention_norm, tensor_part::weight, {"{}.norm_1"}},
    tensor_entry{role::query, tensor_part::weight, {"{}.q"}},
    tensor_entry{role::key, tensor_part::weight, {"{}.k"}},
    tensor_entry{role::value, tensor_part::weight, {"{}.v"}},
    tensor_entry{role::query_norm, tensor_part::weight, {"{}.q_norm"}},
    tensor_entry{role::key_norm, tensor_part::weight, {"{}.k_norm"}},
    tensor_entry{role::attention_output, tensor_part::weight, {"{}.o"}},
    tensor_entry{role::attention_after_norm, tensor_part::weight, {"{}.after_1"}},
    tensor_entry{role::mlp_norm, tensor_part::weight, {"{}.norm_2"}},
    tensor_entry{role::gate, tensor_part::weight, {"{}.gate"}},
    tensor_entry{role::up, tensor_part::weight, {"{}.up"}},
    tensor_entry{role::down, tensor_part::weight, {"{}.down"}},
    tensor_entry{role::mlp_after_norm, tensor_part::weight, {"{}.after_2"}},
    tensor_entry{role::final_norm, tensor_part::weight, {"norm"}},
    tensor_entry{role::head, tensor_part::weight, {"head"}},
};
/// Phi: both blocks read one norm of the layer's input; queries, keys and values are one tensor.
inline constexpr std::array parallel_blocks{
    tensor_entry{role::embedding, tensor_part::weight, {"embedding"}},
    tensor_entry{role::attention_norm, tensor_part::weight, {"{}.norm"}},
    tensor_entry{role::attention_norm, tensor_part::bias, {"{}.norm_bias"}},
    tensor_entry{role::query_key_value, tensor_part::weight, {"{}.qkv"}},
    tensor_entry{role::query_key_value, tensor_part::bias, {"{}.qkv_bias"}},
    tensor_entry{role::attention_output, tensor_part::weight, {"{}.o"}},
    tensor_entry{role::up, tensor_part::weight, {"{}.up"}},
    tensor_entry{role::down, tensor_part::weight, {"{}.down"}},
    tensor_entry{role::final_norm, tensor_part::weight, {"norm"}},
    tensor_entry{role::final_norm, tensor_part::bias, {"norm_bias"}},
    tensor_entry{role::head, tensor_part::weight, {"head"}},
};
} // namespace tables

inline preflearn::transformer_config of_family(const preflearn::decoder_family& family) {
    preflearn::transformer_config config{.vocabulary_size = 19,
                                         .hidden_size = 12,
                                         .intermediate_size = 10,
                                         .layers = 2,
                                         .heads = 4,
                                         .key_value_heads = 2,
                                         .head_dim = 6,
                                         .rope_theta = 50,
                                         .maximum_length = 24};
    config.family = family;
    return config;
}

inline preflearn::transformer_config learned_positions() {
    return preflearn::validated(of_family({.model_type = "learned",
                                           .norm = preflearn::norm_kind::layer,
                                           .activation = preflearn::activation_kind::gelu_tanh,
                                           .position_offset = 2,
                                           .tensors = tables::learned_positions}));
}
inline preflearn::transformer_config normed_heads() {
    preflearn::transformer_config config = of_family({.model_type = "normed",
                                                      .activation = preflearn::activation_kind::gelu,
                                                      .scaled_embedding = true,
                                                      .tensors = tables::normed_heads});
    config.layers = 3;
    config.tied_embeddings = false;
    config.local_rope_theta = 5;
    config.window = 3;
    config.full_attention_every = 2;
    config.attention_width = 9;
    config.attention_cap = 1.5;
    config.logit_cap = 2;
    return preflearn::validated(config);
}
inline preflearn::transformer_config parallel_blocks() {
    preflearn::transformer_config config = of_family({.model_type = "parallel",
                                                      .norm = preflearn::norm_kind::layer,
                                                      .activation = preflearn::activation_kind::relu,
                                                      .tensors = tables::parallel_blocks});
    config.tied_embeddings = false;
    config.rotary_dim = 4;
    config.rope_scaling = {
        .type = preflearn::rope_scaling::rule::yarn, .factor = 3, .original_maximum_length = 8, .beta_fast = 2};
    config.no_rotary_every = 2;
    config.residual_scale = 0.4;
    config.logit_scale = 0.7;
    config.parallel_residual = true;
    return preflearn::validated(config);
}

} // namespace test
