/// \file
/// Families that the library does not offer yet, described to see that a decoder_family can say them: fused and
/// transposed matrices, learned positions with and without an offset, layer norms with biases, a plain MLP, partial
/// rotation, parallel residuals.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include <preflearn/policy/family/decoder_family.hpp>

namespace test {

using namespace preflearn;

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
        {fixed, {"activation_function"}, {}, "gelu_new"},
        {fixed, {"scale_attn_weights"}, {}, true},
        {fixed, {"scale_attn_by_inverse_layer_idx"}, {}, false},
        {fixed, {"add_cross_attention"}, {}, false, false},
        {tied_embeddings, {"tie_word_embeddings", true}},
    });
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

struct gpt_neox_tables {
    using enum tensor_role;
    using enum tensor_part;
    using enum config_field;
    static constexpr stored_form by_head = stored_form::by_head;

    static constexpr auto tensors = std::to_array<tensor_entry>({
        {embedding, weight, {"gpt_neox.embed_in.weight"}},
        {attention_norm, weight, {"gpt_neox.layers.{}.input_layernorm.weight"}},
        {attention_norm, bias, {"gpt_neox.layers.{}.input_layernorm.bias"}},
        {query_key_value, weight, {"gpt_neox.layers.{}.attention.query_key_value.weight", by_head}},
        {query_key_value, bias, {"gpt_neox.layers.{}.attention.query_key_value.bias", by_head}},
        {attention_output, weight, {"gpt_neox.layers.{}.attention.dense.weight"}},
        {attention_output, bias, {"gpt_neox.layers.{}.attention.dense.bias"}},
        {mlp_norm, weight, {"gpt_neox.layers.{}.post_attention_layernorm.weight"}},
        {mlp_norm, bias, {"gpt_neox.layers.{}.post_attention_layernorm.bias"}},
        {up, weight, {"gpt_neox.layers.{}.mlp.dense_h_to_4h.weight"}},
        {up, bias, {"gpt_neox.layers.{}.mlp.dense_h_to_4h.bias"}},
        {down, weight, {"gpt_neox.layers.{}.mlp.dense_4h_to_h.weight"}},
        {down, bias, {"gpt_neox.layers.{}.mlp.dense_4h_to_h.bias"}},
        {final_norm, weight, {"gpt_neox.final_layer_norm.weight"}},
        {final_norm, bias, {"gpt_neox.final_layer_norm.bias"}},
        {head, weight, {"embed_out.weight"}},
    });
    static constexpr auto fields = std::to_array<field_entry>({
        {vocabulary_size, {"vocab_size"}},
        {hidden_size, {"hidden_size"}},
        {intermediate_size, {"intermediate_size"}},
        {layers, {"num_hidden_layers"}},
        {heads, {"num_attention_heads"}},
        {maximum_length, {"max_position_embeddings", 2048}},
        {norm_epsilon, {"layer_norm_eps", 1e-5}},
        {rotary_dim, {.name = "rotary_pct", .absent = 0.25, .unit = field_unit::of_head_dim}},
        {rope_theta, {"rotary_emb_base", 10000}},
        {rope_scaling, {"rope_scaling"}},
        {parallel_residual, {"use_parallel_residual", true}},
        {fixed, {"hidden_act"}, {}, "gelu"},
        {fixed, {"attention_bias"}, {}, true},
        {tied_embeddings, {"tie_word_embeddings", false}},
    });
};
inline constexpr decoder_family gpt_neox{.model_type = "gpt_neox",
                                         .class_name = "GPTNeoXForCausalLM",
                                         .norm = norm_kind::layer,
                                         .activation = activation_kind::gelu,
                                         .tensors = gpt_neox_tables::tensors,
                                         .fields = gpt_neox_tables::fields};

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
        {fixed, {"activation_function"}, {}, "relu"},
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

inline constexpr std::array sketches{gpt2, gpt_neox, opt};

} // namespace test
