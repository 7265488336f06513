/// \file
/// The Llama family (Touvron et al. 2023, arXiv:2302.13971; SmolLM2, TinyLlama, Llama 2 and 3): which parts it is made
/// of and how its files name its tensors and settings. A new family is another file like this one.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include <preflearn/backend/cpu/activate.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/backend/cpu/normalise.hpp>

namespace preflearn {

struct llama {
    using norm = rms_norm<>;
    using activation = silu;

    /// `model_type` and `architectures` of config.json, `general.architecture` of GGUF.
    static constexpr std::string_view model_type = "llama", class_name = "LlamaForCausalLM", gguf_name = "llama";
    /// llama.cpp's converter reorders the rows of query and key for its own rotary layout; loading undoes it.
    static constexpr bool gguf_interleaves_rotary = true;

    static constexpr tensor_entry embedding{tensor_role::embedding, "model.embed_tokens.weight", "token_embd.weight"};
    /// In the order of the flat vector: query, key, value adjacent, gate and up adjacent.
    static constexpr std::array layer = {
        tensor_entry{tensor_role::attention_norm, "model.layers.{}.input_layernorm.weight", "blk.{}.attn_norm.weight"},
        tensor_entry{tensor_role::query, "model.layers.{}.self_attn.q_proj.weight", "blk.{}.attn_q.weight"},
        tensor_entry{tensor_role::key, "model.layers.{}.self_attn.k_proj.weight", "blk.{}.attn_k.weight"},
        tensor_entry{tensor_role::value, "model.layers.{}.self_attn.v_proj.weight", "blk.{}.attn_v.weight"},
        tensor_entry{tensor_role::attention_output, "model.layers.{}.self_attn.o_proj.weight",
                     "blk.{}.attn_output.weight"},
        tensor_entry{tensor_role::mlp_norm, "model.layers.{}.post_attention_layernorm.weight",
                     "blk.{}.ffn_norm.weight"},
        tensor_entry{tensor_role::gate, "model.layers.{}.mlp.gate_proj.weight", "blk.{}.ffn_gate.weight"},
        tensor_entry{tensor_role::up, "model.layers.{}.mlp.up_proj.weight", "blk.{}.ffn_up.weight"},
        tensor_entry{tensor_role::down, "model.layers.{}.mlp.down_proj.weight", "blk.{}.ffn_down.weight"},
    };
    static constexpr tensor_entry final_norm{tensor_role::final_norm, "model.norm.weight", "output_norm.weight"};
    static constexpr tensor_entry head{tensor_role::head, "lm_head.weight", "output.weight"};

    /// Refuses what config.json may ask for and this family does not compute; `settings` reads fields by name.
    template <class Settings> static void check(const Settings& settings) {
        settings.expect("hidden_act", "silu");
        settings.expect("attention_bias", false);
        settings.expect("mlp_bias", false);
    }
};

} // namespace preflearn
