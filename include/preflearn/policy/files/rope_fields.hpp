/// \file
/// How config.json says which layers turn positions, by which angles, and which have a window; read and written.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/files/family_fields.hpp>
#include <preflearn/policy/files/json_fields.hpp>

namespace preflearn {

/// `rope_scaling` (transformers 4) or `rope_parameters` (transformers 5, where theta stands as well, and layers with a
/// window may have their own).
inline void read_rope(const settings_reader& rope, transformer_config& config) {
    if (rope.has("full_attention")) {
        read_rope(rope.within("full_attention"), config);
        if (!rope.has("sliding_attention")) return;
        const settings_reader local = rope.within("sliding_attention");
        local.expect("rope_type", "default");
        config.local_rope_theta = local.number("rope_theta");
        return;
    }
    const std::string rule = rope.text("rope_type", rope.text("type", "default"));
    rope_scaling& scaling = config.rope_scaling;
    if (rule == "linear") {
        scaling.type = rope_scaling::rule::linear;
        scaling.factor = rope.number("factor");
    } else if (rule == "llama3") {
        scaling.type = rope_scaling::rule::llama3;
        scaling.factor = rope.number("factor");
        scaling.low_frequency_factor = rope.number("low_freq_factor");
        scaling.high_frequency_factor = rope.number("high_freq_factor");
        scaling.original_maximum_length = rope.natural("original_max_position_embeddings");
    } else {
        require<input_error>(rule == "default", rope.origin(),
                             ": rope_type: \"default\", \"linear\" or \"llama3\" was expected, found \"", rule, "\"");
    }
    if (rope.has("rope_theta")) config.rope_theta = rope.number("rope_theta");
    if (!config.family.has(config_field::rotary_dim)) {
        rope.expect("partial_rotary_factor", 1.0);
    } else if (rope.has("partial_rotary_factor")) {
        read_field(rope, {.name = "partial_rotary_factor", .unit = field_unit::of_head_dim}, config,
                   config_field::rotary_dim);
    }
}

/// `layer_types`, where it is given, says which layers have the window; it wins over a period, and is refused where no
/// period says the same.
inline void read_layer_types(const settings_reader& in, transformer_config& config) {
    const nlohmann::json& types = in.at("layer_types");
    if (types.is_null()) return;
    require<input_error>(types.is_array() && types.size() == config.layers, in.what("layer_types"), "a list of ",
                         config.layers, " types was expected, found ", types.dump());
    const std::string full = "full_attention", sliding = "sliding_attention";
    if (config.window != 0) {
        config.full_attention_every = 0;
        for (std::size_t layer = types.size(); layer-- > 0;)
            if (types[layer] == full) config.full_attention_every = layer + 1;
    }
    for (std::size_t layer = 0; layer < types.size(); ++layer)
        require<input_error>(types[layer] == (config.window_of(layer) == 0 ? full : sliding), in.what("layer_types"),
                             "\"", config.window_of(layer) == 0 ? full : sliding, "\" was expected of layer ", layer,
                             config.window == 0 ? " (there is no window)" : "", ", found ", types[layer].dump());
}

inline nlohmann::ordered_json layer_types_json(const transformer_config& config) {
    nlohmann::ordered_json types = nlohmann::ordered_json::array();
    for (std::size_t layer = 0; layer < config.layers; ++layer)
        types.push_back(config.window_of(layer) == 0 ? "full_attention" : "sliding_attention");
    return types;
}

} // namespace preflearn
