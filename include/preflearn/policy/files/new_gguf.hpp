/// \file
/// A model as a GGUF file that no such file was before: its configuration and tensors by the family's names for them.
/// Tokenizer and what is said of the model are the caller's keys.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/checkpoint/checkpoint_file.hpp>
#include <preflearn/checkpoint/gguf_keys.hpp>
#include <preflearn/checkpoint/tensor.hpp>
#include <preflearn/checkpoint/write_gguf.hpp>
#include <preflearn/core/stored/encoded_values.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/files/gguf_config.hpp>
#include <preflearn/policy/files/save_gguf.hpp>

namespace preflearn {

/// The keys and tensors of a model's file, before any number of it is written.
struct new_gguf {
    std::vector<gguf_key> keys{};
    std::vector<gguf_tensor> tensors{}; ///< of the layout in its order, then perhaps rope_freqs.weight
    std::vector<float> divisors{};      ///< what that holds
};

/// \param more keys behind those of the configuration \throws argument_error and input_error for a model that such a
/// file cannot describe.
inline new_gguf plan_gguf(const transformer_config& config, const decoder_layout& layout,
                          const std::vector<gguf_key>& more, element_type type, const std::filesystem::path& path) {
    new_gguf made{.keys = gguf_config_keys(config), .divisors = gguf_divisors(config)};
    made.keys.push_back(gguf_number("general.file_type", detail::gguf_file_type(type)));
    if (type == element_type::q8_0) made.keys.push_back(gguf_number("general.quantization_version", 2));
    made.keys.insert(made.keys.end(), more.begin(), more.end());
    std::vector<tensor_view> views;
    for (const tensor_place& place : layout.tensors()) {
        require(!place.entry.gguf.name.empty(), path.string(), ": GGUF has no name for the tensor ",
                place.entry.hugging_face.name);
        made.tensors.push_back({layer_name(place.entry.gguf.name, place.layer), detail::gguf_type_of(place, type),
                                stored_shape(place.entry.gguf.form, place)});
        views.push_back({made.tensors.back().name, made.tensors.back().type, made.tensors.back().shape, {}});
    }
    if (!made.divisors.empty()) {
        made.tensors.push_back({"rope_freqs.weight", element_type::f32, {made.divisors.size()}});
        views.push_back(
            {"rope_freqs.weight", element_type::f32, {made.divisors.size()}, std::as_bytes(std::span(made.divisors))});
    }
    check_gguf_config({path, gguf_metadata(made.keys, path.string()), std::move(views), {}}, config);
    return made;
}

/// Writes a model, adapters merged, as a GGUF file of its own: matrices as `type` (F32, F16, BF16, Q8_0), vectors as
/// F32. The file appears whole or not at all. \throws as `plan_gguf`; numeric_error for a number that the type cannot
/// hold; input_error when the file cannot be written.
template <class Model>
void save_new_gguf(const Model& model, const std::vector<gguf_key>& more, const std::filesystem::path& path,
                   element_type type = element_type::f32) {
    using scalar = typename Model::scalar;
    const new_gguf made = plan_gguf(model.config(), model.layout(), more, type, path);
    const std::vector<tensor_place>& places = model.layout().tensors();
    write_gguf(path, made.keys, made.tensors, [&](std::size_t t, const auto& put) {
        if (t == places.size()) return put(std::as_bytes(std::span(made.divisors)));
        detail::put_in_stored_order(model, t, places[t].entry.gguf.form, [&](std::span<const scalar> values) {
            detail::require_storable(values, made.tensors[t].type, made.tensors[t].name);
            put(encode_values(values, made.tensors[t].type));
        });
    });
}

} // namespace preflearn
