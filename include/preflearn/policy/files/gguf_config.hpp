/// \file
/// A model's configuration as GGUF metadata, as llama.cpp's converter writes it: the family's names of settings, sizes
/// as whole numbers, others in float. What was written is read back and must describe the same model, so that a setting
/// for which GGUF has no name is refused and not lost.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/gguf_keys.hpp>
#include <preflearn/checkpoint/tensor.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/decoder/rotary.hpp>
#include <preflearn/policy/files/config_files.hpp>
#include <preflearn/policy/files/family_fields.hpp>

namespace preflearn {

namespace detail {

/// Rotary scaling by linear and yarn's rules; that of Llama 3 is a tensor (`gguf_divisors`).
inline void add_rope_keys(std::vector<gguf_key>& keys, const transformer_config& config, const std::string& family) {
    using rule = rope_scaling::rule;
    const rope_scaling& scaling = config.rope_scaling;
    require(scaling.type != rule::dynamic, "GGUF has no name for rotary positions that are scaled dynamically");
    if (scaling.type != rule::linear && scaling.type != rule::yarn) return;
    keys.push_back(gguf_text(family + "rope.scaling.type", scaling.type == rule::linear ? "linear" : "yarn"));
    keys.push_back(gguf_real(family + "rope.scaling.factor", scaling.factor));
    if (scaling.type == rule::linear) return;
    keys.push_back(gguf_number(family + "rope.scaling.original_context_length",
                               static_cast<std::uint32_t>(scaling.original_maximum_length)));
    keys.push_back(gguf_real(family + "rope.scaling.yarn_beta_fast", scaling.beta_fast));
    keys.push_back(gguf_real(family + "rope.scaling.yarn_beta_slow", scaling.beta_slow));
}

/// One of the settings that the family's table names.
inline gguf_key setting_key(transformer_config config, const field_entry& entry, const std::string& name) {
    const std::variant member = member_of(config, entry.field);
    if (auto* const* flag = std::get_if<bool*>(&member)) return gguf_flag(name, **flag);
    if (auto* const* number = std::get_if<double*>(&member)) return gguf_real(name, **number);
    return gguf_number(name, static_cast<std::uint32_t>(**std::get_if<std::size_t*>(&member)));
}

/// The configuration with its numbers as GGUF keeps them, in float, and what is said twice said once.
inline transformer_config in_float(transformer_config config) {
    for (double* const number :
         {&config.rope_theta, &config.local_rope_theta, &config.norm_epsilon, &config.attention_cap, &config.logit_cap,
          &config.rope_scaling.factor, &config.rope_scaling.beta_fast, &config.rope_scaling.beta_slow})
        *number = static_cast<float>(*number);
    if (config.attention_width == static_cast<double>(config.head_dim)) config.attention_width = 0; // what it means
    return config;
}

} // namespace detail

/// The divisors by which llama.cpp's converter tells Llama 3's rule; empty for other rules.
inline std::vector<float> gguf_divisors(const transformer_config& config) {
    const std::vector<double>& known = config.rope_scaling.frequency_divisors;
    if (config.rope_scaling.type != rope_scaling::rule::llama3) return {known.begin(), known.end()};
    transformer_config plain = config;
    plain.rope_scaling = {};
    const std::vector<double> from = rotary_frequencies(plain), to = rotary_frequencies(config);
    std::vector<float> divisors;
    for (std::size_t i = 0; i < from.size(); ++i) divisors.push_back(static_cast<float>(from[i] / to[i]));
    return divisors;
}

/// general.architecture and the settings. \throws argument_error for a family without GGUF files, and for what they
/// cannot say.
inline std::vector<gguf_key> gguf_config_keys(const transformer_config& config) {
    require(!config.family.gguf_name.empty(), "there are no GGUF files of ", config.family.model_type, " models");
    const std::string family = std::string(config.family.gguf_name) + ".";
    std::vector<gguf_key> keys{gguf_text("general.architecture", config.family.gguf_name)};
    std::set<std::string_view> written;
    for (const field_entry& entry : config.family.fields) {
        if (entry.gguf.name.empty() || entry.field == config_field::fixed ||
            entry.field == config_field::rope_scaling || entry.field == config_field::activation ||
            !written.insert(entry.gguf.name).second)
            continue;
        keys.push_back(detail::setting_key(config, entry, family + std::string(entry.gguf.name)));
    }
    if (written.contains("attention.key_length"))
        keys.push_back(gguf_number(family + "attention.value_length", static_cast<std::uint32_t>(config.head_dim)));
    if (config.family.rotary() && !written.contains("rope.dimension_count"))
        keys.push_back(gguf_number(family + "rope.dimension_count", static_cast<std::uint32_t>(config.rotary_dim)));
    if (config.family.rotary()) detail::add_rope_keys(keys, config, family);
    return keys;
}

/// Whether metadata and tensors by name and shape describe that model. \param file has no bytes of tensors but of
/// rope_freqs.weight \throws input_error saying that they do not.
inline void check_gguf_config(const checkpoint_file& file, const transformer_config& config) {
    transformer_config read = detail::in_float(read_gguf_config(file, std::span(&config.family, 1)));
    transformer_config expected = detail::in_float(config);
    if (const auto rule = llama3_rule_of(read)) read.rope_scaling = *rule;
    if (expected.rope_scaling.type == rope_scaling::rule::llama3) { // other members of it are the divisors' own
        const auto divisors = gguf_divisors(expected);
        expected.rope_scaling = {};
        expected.rope_scaling.frequency_divisors.assign(divisors.begin(), divisors.end());
        if (const auto rule = llama3_rule_of(expected)) expected.rope_scaling = *rule;
    }
    require<input_error>(identity_of(read) == identity_of(expected), file.path().string(), ": GGUF files of ",
                         config.family.gguf_name,
                         " models cannot say all that this one computes (a window, a width of attention, a kind of "
                         "rotary positions); write it as a folder");
}

} // namespace preflearn
