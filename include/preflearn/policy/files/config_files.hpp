/// \file
/// A model's configuration from where checkpoints keep it: config.json of a Hugging Face folder, or the metadata of a
/// GGUF file; and back to config.json. Which fields there are is in the family's table.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/core/on_demand.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/families.hpp>
#include <preflearn/policy/files/family_fields.hpp>
#include <preflearn/policy/files/json_fields.hpp>
#include <preflearn/policy/files/rope_fields.hpp>
#include <preflearn/policy/files/unread_fields.hpp>

namespace preflearn {

namespace detail {

/// Validated, with the file's name before the message.
inline transformer_config validated_of(const transformer_config& config, const std::string& origin) {
    try {
        return validated<input_error>(config);
    } catch (const input_error& failure) {
        throw input_error(message(origin, ": ", failure.what()));
    }
}

/// Of a GGUF file: linear scaling, yarn, and what llama.cpp's converter computed of other rules.
inline void read_gguf_rope(const checkpoint_file& file, const settings_reader& in, transformer_config& config) {
    const std::string rule = in.text("rope.scaling.type", "none");
    require<input_error>(rule == "none" || rule == "linear" || rule == "yarn", in.what("rope.scaling.type"),
                         "\"none\", \"linear\" or \"yarn\" was expected, found \"", rule, "\"");
    const double factor = in.number("rope.scaling.factor", in.number("rope.scale_linear", 1));
    rope_scaling& scaling = config.rope_scaling;
    if (factor != 1 && factor != 0) {
        scaling.type = rule == "yarn" ? rope_scaling::rule::yarn : rope_scaling::rule::linear;
        scaling.factor = factor;
    }
    if (scaling.type == rope_scaling::rule::yarn) {
        scaling.original_maximum_length = in.natural("rope.scaling.original_context_length", config.maximum_length);
        scaling.beta_fast = in.number("rope.scaling.yarn_beta_fast", 32);
        scaling.beta_slow = in.number("rope.scaling.yarn_beta_slow", 1);
        const double more = in.number("rope.scaling.attn_factor", in.number("rope.scaling.yarn_attn_factor", 1));
        if (more != 1) scaling.attention_factor = more * (1 + std::log(std::max(factor, 1.0)) / 10);
        for (const auto& [name, only] :
             {std::pair{"rope.scaling.yarn_ext_factor", 1.0}, std::pair{"rope.scaling.yarn_log_multiplier", 0.0}})
            in.expect(name, only);
    }
    config = validated_of(config, in.origin());
    in.expect("rope.dimension_count", config.rotary_dim);
    if (const tensor_view* const divisors = file.find("rope_freqs.weight")) {
        require<input_error>(divisors->size() == config.rotary_dim / 2, in.origin(),
                             ": tensor 'rope_freqs.weight': head_dim / 2 = ", config.rotary_dim / 2,
                             " values were expected, found shape ", text_of_shape(divisors->shape));
        config.rope_scaling.frequency_divisors = all_values<double>(*divisors);
    }
    if (!in.has("rope.freq_base"))
        config.notes.push_back(message(in.origin(), ": ", config.family.gguf_name, ".rope.freq_base is not given; ",
                                       config.rope_theta, " is taken, as llama.cpp does"));
}

/// Says that a window stands in a GGUF file whose family is computed without one, as by llama.cpp.
inline void tell_of_unread_window(const settings_reader& in, transformer_config& config) {
    const std::string_view key = "attention.sliding_window";
    if (std::ranges::any_of(config.family.fields, [&](const field_entry& f) { return f.gguf.name == key; })) return;
    if (const std::size_t window = in.natural(key, 0); window != 0 && window < config.maximum_length)
        config.notes.push_back(message(in.what(key), "a window of ", window, " keys is not computed for ",
                                       config.family.gguf_name, " files, nor by llama.cpp; queries see all keys"));
}

/// The part of a config.json that describes the language model: all of it, or, of a model that sees images, too, its
/// text_config with what stands beside that, whose end tokens are those of conversations, too. \throws input_error when
/// such a part is missing or of another family.
inline nlohmann::json language_part(const nlohmann::json& whole, std::span<const decoder_family> known,
                                    const std::string& origin) {
    const settings_reader in(whole, origin);
    const std::string type = in.text("model_type", "");
    const auto family = std::ranges::find_if(
        known, [&](const decoder_family& f) { return !f.text_part_of.empty() && f.text_part_of == type; });
    if (family == known.end()) return whole;
    nlohmann::json part = in.at("text_config");
    require<input_error>(part.is_object(), in.what("text_config"), "an object was expected, found ", part.type_name());
    in.within("text_config").expect("model_type", family->model_type);
    part["model_type"] = family->model_type;
    for (const char* const name : {"tie_word_embeddings", "quantization_config"})
        if (in.has(name) && member_or_null(part, name).is_null()) part[name] = in.at(name);
    if (in.has("eos_token_id")) part["eos_token_id"] = in.at("eos_token_id");
    return part;
}

/// Rotary settings where either generation of transformers has them. \throws input_error when two say different things.
inline void read_rope_blocks(const settings_reader& in, transformer_config& config) {
    const bool at_top = in.has("rope_theta");
    const double theta = config.rope_theta;
    const transformer_config before = config;
    std::optional<transformer_config> other;
    for (const char* const name : {"rope_scaling", "rope_parameters"}) {
        if (!in.has(name)) continue;
        config = before;
        read_rope(in.within(name), config, in.natural("original_max_position_embeddings", 0));
        require<input_error>(!other || other->rope_scaling == config.rope_scaling, in.what("rope_scaling"),
                             "the same as rope_parameters was expected, found another");
        other = config;
    }
    require<input_error>(!at_top || config.rope_theta == theta, in.what("rope_theta"),
                         "the same as in rope_parameters, ", config.rope_theta, ", was expected, found ", theta);
    if (!config.family.has(config_field::rotary_dim)) in.expect("partial_rotary_factor", 1.0);
}

} // namespace detail

/// Reads config.json, and the end tokens from generation_config.json where that lies beside it.
/// \throws input_error naming file and field for a family that is not among `known`, a missing field, or an option not
/// computed here.
template <int = on_demand>
transformer_config read_config_json(const std::filesystem::path& path,
                                    std::span<const decoder_family> known = families::all) {
    const nlohmann::json whole = read_json_file(path), object = detail::language_part(whole, known, path.string());
    const settings_reader in(object, path.string());
    transformer_config config{.family = family_named(known, &decoder_family::model_type, in.text("model_type", ""),
                                                     path.string() + ": model_type")};
    read_fields(in, &field_entry::hugging_face, config);
    config.end_tokens = in.tokens("eos_token_id");
    if (config.family.has(config_field::rope_scaling)) detail::read_rope_blocks(in, config);
    if (config.family.has(config_field::no_rotary_every))
        read_layers_without_rotary(in, config);
    else
        in.expect("no_rope_layers", nullptr);
    read_layer_types(in, config);
    if (const std::string unread = unread_fields(in, config.family); !unread.empty())
        config.notes.push_back(message(path.string(), ": these fields are not known and not read: ", unread));
    if (member_or_null(whole, "model_type") != nlohmann::json(config.family.model_type))
        config.notes.push_back(message(path.string(), ": of a model that sees images, the language model is read"));
    const std::filesystem::path generation = path.parent_path() / "generation_config.json";
    if (std::filesystem::exists(generation)) {
        const nlohmann::json other = read_json_file(generation);
        const settings_reader more(other, generation.string());
        if (more.has("eos_token_id")) config.end_tokens = more.tokens("eos_token_id");
    }
    return detail::validated_of(config, path.string());
}

/// Reads GGUF metadata. What llama.cpp requires is required, the norm's epsilon and the context length among it; what
/// it does not is as there. The size of the vocabulary, whether the head is the embedding and whether there are biases
/// follow from the tensors.
/// Sampling is to stop at the end of text, of turn and of message. \throws input_error as above.
template <int = on_demand>
transformer_config read_gguf_config(const checkpoint_file& file,
                                    std::span<const decoder_family> known = families::all) {
    const std::string origin = file.path().string();
    const settings_reader general(file.metadata(), origin);
    transformer_config config{.family = family_named(known, &decoder_family::gguf_name,
                                                     general.text("general.architecture", ""),
                                                     origin + ": general.architecture")};
    const settings_reader in(file.metadata(), origin, std::string(config.family.gguf_name) + ".");
    read_fields(in, &field_entry::gguf, config);
    refuse_other_gguf_settings(in, config.family);
    const tensor_view& embedding = file.at(config.family.find(tensor_role::embedding)->gguf.name);
    require<input_error>(embedding.shape.size() == 2, origin, ": tensor '", embedding.name,
                         "': two axes were expected, found shape ", text_of_shape(embedding.shape));
    config.vocabulary_size = embedding.shape.front();
    const tensor_entry* const head = config.family.find(tensor_role::head);
    config.tied_embeddings = head == nullptr || file.find(head->gguf.name) == nullptr;
    for (const tensor_entry& entry : config.family.tensors) {
        const std::variant flag = detail::member_of(config, entry.when);
        if (auto* const* there = std::get_if<bool*>(&flag))
            **there = **there || file.find(layer_name(entry.gguf.name, 0)) != nullptr;
    }
    config.end_tokens = general.tokens("tokenizer.ggml.eos_token_id");
    for (const char* const end : {"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"})
        for (const token_id token : general.tokens(end)) add_end_token(config, token);
    if (config.family.rotary()) detail::read_gguf_rope(file, in, config);
    config = detail::validated_of(config, origin);
    in.expect("attention.value_length", config.head_dim);
    detail::tell_of_unread_window(in, config);
    if (config.layers != 0 && config.layers == config.family.hidden_width_layers)
        config.attention_width = static_cast<double>(config.hidden_size / config.heads); // as llama.cpp divides
    return config;
}

/// What transformers (4 and 5) reads as config.json. \throws argument_error for frequency divisors, which it cannot
/// say, unless they are those of Llama 3.
template <int = on_demand>
nlohmann::ordered_json config_json(transformer_config config, const std::string& number_type) {
    using namespace std::string_literals;
    const decoder_family& family = config.family;
    if (const auto rule = llama3_rule_of(config)) config.rope_scaling = *rule;
    nlohmann::ordered_json json{{"architectures"s, {family.class_name}}, {"model_type"s, family.model_type}};
    for (const field_entry& entry : family.fields)
        if (!entry.hugging_face.name.empty() && entry.written)
            json[std::string(entry.hugging_face.name)] = field_value(config, entry);
    if (family.has(config_field::full_attention_every) && config.window != 0)
        json["layer_types"] = layer_types_json(config);
    if (family.has(config_field::no_rotary_every)) json["no_rope_layers"] = rotary_layers_json(config);
    // said, since transformers' defaults need not be within the vocabulary
    json["bos_token_id"] = nullptr;
    json["pad_token_id"] = nullptr;
    json["eos_token_id"] = nullptr;
    if (config.end_tokens.size() == 1) json["eos_token_id"] = config.end_tokens.front();
    if (config.end_tokens.size() > 1) json["eos_token_id"] = config.end_tokens;
    json["torch_dtype"] = number_type;
    return json;
}

} // namespace preflearn
