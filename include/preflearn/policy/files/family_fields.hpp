/// \file
/// A configuration's members from and to the fields of a file, as the family's table names them.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/files/json_fields.hpp>

namespace preflearn {

namespace detail {

/// The member that a field is; none for what is not one number.
inline std::variant<std::monostate, std::size_t*, double*, bool*> member_of(transformer_config& c, config_field field) {
    switch (field) {
    case config_field::vocabulary_size:
        return &c.vocabulary_size;
    case config_field::hidden_size:
        return &c.hidden_size;
    case config_field::intermediate_size:
        return &c.intermediate_size;
    case config_field::layers:
        return &c.layers;
    case config_field::heads:
        return &c.heads;
    case config_field::key_value_heads:
        return &c.key_value_heads;
    case config_field::head_dim:
        return &c.head_dim;
    case config_field::rotary_dim:
        return &c.rotary_dim;
    case config_field::rope_theta:
        return &c.rope_theta;
    case config_field::local_rope_theta:
        return &c.local_rope_theta;
    case config_field::no_rotary_every:
        return &c.no_rotary_every;
    case config_field::norm_epsilon:
        return &c.norm_epsilon;
    case config_field::window:
        return &c.window;
    case config_field::full_attention_every:
        return &c.full_attention_every;
    case config_field::attention_width:
        return &c.attention_width;
    case config_field::attention_cap:
        return &c.attention_cap;
    case config_field::logit_cap:
        return &c.logit_cap;
    case config_field::logit_scale:
        return &c.logit_scale;
    case config_field::embedding_scale:
        return &c.embedding_scale;
    case config_field::residual_scale:
        return &c.residual_scale;
    case config_field::parallel_residual:
        return &c.parallel_residual;
    case config_field::attention_bias:
        return &c.attention_bias;
    case config_field::mlp_bias:
        return &c.mlp_bias;
    case config_field::maximum_length:
        return &c.maximum_length;
    case config_field::tied_embeddings:
        return &c.tied_embeddings;
    case config_field::fixed:
    case config_field::rope_scaling:
    case config_field::activation:
        break;
    }
    return std::monostate{};
}

/// What transformers calls the functions of an MLP; of several names of one function, the first is written.
inline constexpr std::array<std::pair<std::string_view, activation_kind>, 7> activation_names{
    {{"silu", activation_kind::silu},
     {"swish", activation_kind::silu},
     {"gelu", activation_kind::gelu},
     {"gelu_new", activation_kind::gelu_tanh},
     {"gelu_pytorch_tanh", activation_kind::gelu_tanh},
     {"gelu_fast", activation_kind::gelu_tanh},
     {"relu", activation_kind::relu}}};

inline activation_kind read_activation(const settings_reader& in, std::string_view field, activation_kind otherwise) {
    const std::string name = in.text(field, "");
    if (name.empty()) return otherwise;
    std::string known;
    for (const auto& [each, kind] : activation_names) {
        if (each == name) return kind;
        known += message(known.empty() ? "\"" : ", \"", each, '"');
    }
    throw input_error(message(in.what(field), "one of ", known, " was expected, found \"", name, '"'));
}

inline double head_dim_of(const transformer_config& c) {
    return static_cast<double>(c.head_dim != 0 || c.heads == 0 ? c.head_dim : c.hidden_size / c.heads);
}

/// The share of which read_field makes `part` again, rounding down.
inline double share_of(std::size_t part, double whole) {
    const double share = static_cast<double>(part) / whole;
    return share * whole < static_cast<double>(part) ? std::nextafter(share, 1.0) : share;
}

/// \throws input_error when a fixed field is there and has none of the values that the family has for its name.
inline void expect_fixed(const settings_reader& in, const field_entry& entry, file_field field_entry::*kind,
                         const decoder_family& family) {
    const std::string_view name = (entry.*kind).name;
    const auto json = [](const field_entry& of) {
        return std::visit([](const auto& value) { return nlohmann::json(value); }, of.value);
    };
    for (const field_entry& other : family.fields)
        if (other.field == config_field::fixed && (other.*kind).name == name && in.at(name) == json(other)) return;
    in.expect(name, json(entry));
}

} // namespace detail

/// Reads a field into a member; absent: its default. Where 0 stands for none here, and none is null in the file, a 0 in
/// the file is no such word: transformers computes with it.
/// \throws input_error naming file and field where it is missing, of another kind, or such a 0.
inline void read_field(const settings_reader& in, const file_field& field, transformer_config& config,
                       config_field member) {
    if (member == config_field::activation)
        config.family.activation = detail::read_activation(in, field.name, config.family.activation);
    const std::variant target = detail::member_of(config, member);
    const std::optional<double> otherwise = field.null && in.is_null(field.name) ? field.null : field.absent;
    if ((field.null == 0 || member == config_field::attention_width) && in.has(field.name))
        require<input_error>(in.at(field.name) != 0, in.what(field.name), field.null ? "null or " : "",
                             "a number above 0 was expected, found 0");
    if (auto* const* size = std::get_if<std::size_t*>(&target)) {
        if (field.unit == field_unit::of_head_dim) {
            const double share = in.number(field.name, otherwise);
            require<input_error>(share > 0 && share <= 1, in.what(field.name), "a share of 0 to 1 was expected, found ",
                                 share);
            constexpr double most = 1e9; // a head that is too wide is refused later
            **size = static_cast<std::size_t>(std::min(share * detail::head_dim_of(config), most));
        } else {
            std::optional<std::size_t> whole;
            if (otherwise) whole = static_cast<std::size_t>(*otherwise);
            **size = in.natural(field.name, whole);
        }
    } else if (auto* const* number = std::get_if<double*>(&target)) {
        **number = in.number(field.name, otherwise);
    } else if (auto* const* flag = std::get_if<bool*>(&target)) {
        **flag = in.flag(field.name, otherwise.value_or(0) != 0);
    }
}

/// Reads all fields of the configuration's family that `kind` of file has: &field_entry::hugging_face or
/// &field_entry::gguf. Members without any are left alone.
/// \throws input_error naming file and field where it is missing, of another kind, asks for what is not computed here,
/// or differs from another name of the same.
inline void read_fields(const settings_reader& in, file_field field_entry::*kind, transformer_config& config) {
    for (const field_entry& entry : config.family.fields)
        if (entry.field == config_field::fixed && !(entry.*kind).name.empty())
            detail::expect_fixed(in, entry, kind, config.family);
    std::map<config_field, std::string_view> given; // by which name the file has it
    for (const field_entry& entry : config.family.fields) {
        const file_field& named = entry.*kind;
        if (entry.field == config_field::fixed || (named.name.empty() && !named.absent)) continue;
        const bool there = !named.name.empty() && in.has(named.name);
        const auto [known, first] = given.try_emplace(entry.field, there ? named.name : std::string_view{});
        if (!first && there && !known->second.empty())
            require<input_error>(in.at(known->second) == in.at(named.name), in.what(named.name), "the same as ",
                                 known->second, ", ", in.at(known->second).dump(), ", was expected, found ",
                                 in.at(named.name).dump());
        if (!first && there) known->second = named.name;
        if (first || there) read_field(in, named, config, entry.field);
    }
}

/// \throws argument_error for frequency divisors, which config.json cannot say.
inline nlohmann::ordered_json rope_scaling_json(const rope_scaling& scaling) {
    using namespace std::string_literals;
    require(scaling.frequency_divisors.empty(),
            "config.json cannot hold the rotary frequency divisors of a GGUF file (rope_freqs.weight)");
    switch (scaling.type) {
    case rope_scaling::rule::linear:
        return {{"rope_type"s, "linear"s}, {"factor"s, scaling.factor}};
    case rope_scaling::rule::llama3:
        return {{"rope_type"s, "llama3"s},
                {"factor"s, scaling.factor},
                {"low_freq_factor"s, scaling.low_frequency_factor},
                {"high_freq_factor"s, scaling.high_frequency_factor},
                {"original_max_position_embeddings"s, scaling.original_maximum_length}};
    case rope_scaling::rule::yarn:
        return {{"rope_type"s, "yarn"s},
                {"factor"s, scaling.factor},
                {"original_max_position_embeddings"s, scaling.original_maximum_length},
                {"attention_factor"s, scaling.attention_factor},
                {"beta_fast"s, scaling.beta_fast},
                {"beta_slow"s, scaling.beta_slow},
                {"truncate"s, scaling.truncate}};
    case rope_scaling::rule::dynamic:
        return {{"rope_type"s, "dynamic"s}, {"factor"s, scaling.factor}};
    case rope_scaling::rule::none:
        break;
    }
    return nullptr;
}

/// A field as config.json has it. \throws argument_error as above.
inline nlohmann::ordered_json field_value(const transformer_config& config, const field_entry& entry) {
    if (entry.field == config_field::fixed)
        return std::visit([](const auto& value) { return nlohmann::ordered_json(value); }, entry.value);
    if (entry.field == config_field::rope_scaling) return rope_scaling_json(config.rope_scaling);
    if (entry.field == config_field::activation)
        return std::ranges::find(detail::activation_names, config.family.activation,
                                 &std::pair<std::string_view, activation_kind>::second)
            ->first;
    transformer_config copy = config; // members are found in what may be changed
    const std::variant member = detail::member_of(copy, entry.field);
    const std::optional<double> null = entry.hugging_face.null;
    if (auto* const* size = std::get_if<std::size_t*>(&member)) {
        if (entry.field == config_field::maximum_length && config.rope_scaling.type == rope_scaling::rule::dynamic)
            return config.rope_scaling.original_maximum_length;
        if (null && static_cast<double>(**size) == *null) return nullptr;
        if (entry.hugging_face.unit == field_unit::of_head_dim)
            return detail::share_of(**size, detail::head_dim_of(config));
        return **size;
    }
    if (auto* const* number = std::get_if<double*>(&member)) {
        if (**number == null) return nullptr;
        if (entry.field == config_field::attention_width) { // transformers 5 takes no 256.0 here, and no 0
            const double width = **number != 0 ? **number : detail::head_dim_of(config);
            if (std::floor(width) == width && width < 0x1p53) return static_cast<std::int64_t>(width);
            return width;
        }
        return **number;
    }
    if (auto* const* flag = std::get_if<bool*>(&member)) return **flag;
    return nullptr;
}

} // namespace preflearn
