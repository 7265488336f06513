/// \file
/// How config.json says which layers turn positions, by which angles, and which have a window; read and written.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/rotary.hpp>
#include <preflearn/policy/files/family_fields.hpp>
#include <preflearn/policy/files/json_fields.hpp>

namespace preflearn {

/// A set of rotary settings.
inline constexpr auto rope_fields = std::to_array<std::string_view>(
    {"attention_factor", "beta_fast", "beta_slow", "factor", "finetuned", "high_freq_factor", "low_freq_factor",
     "mscale", "mscale_all_dim", "original_max_position_embeddings", "partial_rotary_factor", "rope_theta", "rope_type",
     "truncate", "type"});
/// Two sets: of layers that see everything, and of those with a window.
inline constexpr auto layer_type_fields = std::to_array<std::string_view>({"full_attention", "sliding_attention"});

/// Yarn's own settings, once its factor is read.
inline void read_yarn(const settings_reader& rope, rope_scaling& scaling) {
    scaling.beta_fast = rope.number("beta_fast", 32);
    scaling.beta_slow = rope.number("beta_slow", 1);
    scaling.truncate = rope.flag("truncate", true);
    const auto lengthened = [&](double by) { return 1 + by * std::log(std::max(scaling.factor, 1.0)) / 10; };
    const double by = rope.number("mscale", 0), all = rope.number("mscale_all_dim", 0);
    scaling.attention_factor =
        rope.number("attention_factor", by != 0 && all != 0 ? lengthened(by) / lengthened(all) : 0);
}

/// The rule of one set of rotary settings and what belongs to it. `original`: the length trained on first, where it
/// stands outside, or 0.
inline void read_rope_scaling(const settings_reader& rope, transformer_config& config, std::size_t original) {
    using rule = rope_scaling::rule;
    const std::string name = rope.text("rope_type", rope.text("type", "default"));
    if (rope.has("type")) rope.expect("type", name);
    if (name == "default") return;
    constexpr auto rules = std::to_array<std::pair<std::string_view, rule>>(
        {{"linear", rule::linear}, {"llama3", rule::llama3}, {"yarn", rule::yarn}, {"dynamic", rule::dynamic}});
    const auto* const found = std::ranges::find(rules, name, &std::pair<std::string_view, rule>::first);
    require<input_error>(found != rules.end(), rope.what("rope_type"),
                         R"("default", "linear", "llama3", "yarn" or "dynamic" was expected, found ")", name, '"');
    rope_scaling& scaling = config.rope_scaling;
    scaling.type = found->second;
    std::optional<double> factor;
    if (scaling.type == rule::llama3 || scaling.type == rule::yarn) {
        const std::size_t outside = original != 0 ? original : config.maximum_length;
        scaling.original_maximum_length = rope.natural("original_max_position_embeddings", outside);
        if (original != 0) rope.expect("original_max_position_embeddings", original);
        // of yarn it may follow from the lengths
        if (scaling.type == rule::yarn)
            factor = static_cast<double>(config.maximum_length) / static_cast<double>(scaling.original_maximum_length);
    }
    scaling.factor = rope.number("factor", factor);
    if (scaling.type == rule::dynamic) { // max_position_embeddings is the length trained on first
        scaling.original_maximum_length = config.maximum_length;
        const double longest = std::max(scaling.factor, 1.0) * static_cast<double>(config.maximum_length);
        config.maximum_length = static_cast<std::size_t>(std::min(longest, 1e9));
    }
    if (scaling.type == rule::llama3) {
        scaling.low_frequency_factor = rope.number("low_freq_factor");
        scaling.high_frequency_factor = rope.number("high_freq_factor");
    }
    if (scaling.type == rule::yarn) read_yarn(rope, scaling);
}

/// One set. `original` as above.
inline void read_rope_set(const settings_reader& rope, transformer_config& config, std::size_t original) {
    rope.expect_known(rope_fields);
    read_rope_scaling(rope, config, original);
    if (rope.has("rope_theta")) config.rope_theta = rope.number("rope_theta");
    if (!config.family.has(config_field::rotary_dim)) {
        rope.expect("partial_rotary_factor", 1.0);
    } else if (rope.has("partial_rotary_factor")) {
        read_field(rope, {.name = "partial_rotary_factor", .unit = field_unit::of_head_dim}, config,
                   config_field::rotary_dim);
    }
}

/// `rope_scaling` (transformers 4) or `rope_parameters` (transformers 5, where theta stands as well, and layers with a
/// window may have their own, in families that know such). `original` as above.
inline void read_rope(const settings_reader& rope, transformer_config& config, std::size_t original = 0) {
    if (!rope.has("full_attention") && !rope.has("sliding_attention")) return read_rope_set(rope, config, original);
    rope.expect_known(layer_type_fields);
    require<input_error>(config.family.has(config_field::local_rope_theta),
                         rope.what(rope.has("full_attention") ? "full_attention" : "sliding_attention"),
                         "one set of rotary settings was expected, since all layers of ", config.family.model_type,
                         " models turn alike, found one by layer type");
    read_rope_set(rope.within("full_attention"), config, original);
    if (!rope.has("sliding_attention")) return;
    const settings_reader local = rope.within("sliding_attention");
    local.expect_known(rope_fields);
    local.expect("rope_type", "default");
    config.local_rope_theta = local.number("rope_theta");
}

/// The rule by which a GGUF file's divisors were made, where it is that of Llama 3.1 to 3.3.
inline std::optional<rope_scaling> llama3_rule_of(const transformer_config& config) {
    const std::vector<double>& divisors = config.rope_scaling.frequency_divisors;
    if (divisors.empty() || config.rope_scaling.type != rope_scaling::rule::none) return std::nullopt;
    transformer_config plain = config, ruled = config;
    plain.rope_scaling = {};
    ruled.rope_scaling = {.type = rope_scaling::rule::llama3, .factor = *std::ranges::max_element(divisors)};
    const std::vector<double> from = rotary_frequencies(plain), to = rotary_frequencies(ruled);
    for (std::size_t i = 0; i < divisors.size(); ++i) // they are stored as float
        if (std::abs(from[i] / to[i] - divisors[i]) > 1e-6 * divisors[i]) return std::nullopt;
    return ruled.rope_scaling;
}

/// `layer_types`, where it is given, says which layers have the window; a period that says the same stays, another one
/// is found, and the field is refused where there is none.
inline void read_layer_types(const settings_reader& in, transformer_config& config) {
    const nlohmann::json& types = in.at("layer_types");
    if (types.is_null()) return;
    require<input_error>(types.is_array() && types.size() == config.layers, in.what("layer_types"), "a list of ",
                         config.layers, " types was expected, found ", types.dump());
    const std::string full = "full_attention", sliding = "sliding_attention";
    const auto expected = [&](std::size_t layer) { return config.window_of(layer) == 0 ? full : sliding; };
    const auto first_other = [&] {
        std::size_t layer = 0;
        while (layer < types.size() && types[layer] == expected(layer)) ++layer;
        return layer;
    };
    if (config.window != 0 && first_other() < types.size()) {
        config.full_attention_every = 0;
        for (std::size_t layer = types.size(); layer-- > 0;)
            if (types[layer] == full) config.full_attention_every = layer + 1;
    }
    if (const std::size_t layer = first_other(); layer < types.size())
        throw input_error(message(in.what("layer_types"), "\"", expected(layer), "\" was expected of layer ", layer,
                                  config.window == 0 ? " (there is no window)" : "", ", found ", types[layer].dump()));
}

/// `no_rope_layers` is 1 of every layer that turns positions and 0 of the others; where it is given it wins over the
/// interval, and is refused where no interval says the same.
inline void read_layers_without_rotary(const settings_reader& in, transformer_config& config) {
    const nlohmann::json& turning = in.at("no_rope_layers");
    if (turning.is_null()) return;
    require<input_error>(turning.is_array() && turning.size() >= config.layers, in.what("no_rope_layers"), "a list of ",
                         config.layers, " numbers was expected, found ", turning.dump());
    const auto first_other = [&] {
        std::size_t layer = 0;
        while (layer < config.layers && turning[layer] == (config.rotates(layer) ? 1 : 0)) ++layer;
        return layer;
    };
    if (first_other() == config.layers) return;
    std::size_t still = 0;
    while (still < config.layers && turning[still] == 1) ++still;
    config.no_rotary_every = still < config.layers ? still + 1 : 0;
    if (const std::size_t layer = first_other(); layer < config.layers)
        throw input_error(message(in.what("no_rope_layers"), config.rotates(layer) ? 1 : 0, " was expected of layer ",
                                  layer, ", since every ", config.no_rotary_every, "th is without, found ",
                                  turning[layer].dump()));
}

/// As transformers reads it.
inline nlohmann::ordered_json rotary_layers_json(const transformer_config& config) {
    nlohmann::ordered_json turning = nlohmann::ordered_json::array();
    for (std::size_t layer = 0; layer < config.layers; ++layer) turning.push_back(config.rotates(layer) ? 1 : 0);
    return turning;
}

inline nlohmann::ordered_json layer_types_json(const transformer_config& config) {
    nlohmann::ordered_json types = nlohmann::ordered_json::array();
    for (std::size_t layer = 0; layer < config.layers; ++layer)
        types.push_back(config.window_of(layer) == 0 ? "full_attention" : "sliding_attention");
    return types;
}

} // namespace preflearn
