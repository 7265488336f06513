/// \file
/// Transformers to disk, as transformers reads them: config.json and safetensors, in one file or, of a large model, in
/// shards with their index, of which only one is in memory at a time. Names and forms are in the family's table.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <ostream>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/checkpoint/tensor.hpp>
#include <preflearn/core/stored/encoded_values.hpp>
#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/decoder/merged_tensor.hpp>
#include <preflearn/policy/files/config_files.hpp>
#include <preflearn/policy/files/tensor_forms.hpp>

namespace preflearn {

namespace detail {

/// What config.json calls a number type. \throws argument_error for one in which no model is written.
inline std::string torch_name_of(element_type type) {
    switch (type) {
    case element_type::f64:
        return "float64";
    case element_type::f32:
        return "float32";
    case element_type::bf16:
        return "bfloat16";
    case element_type::f16:
        return "float16";
    default:
        throw argument_error(message("a model is saved as F64, F32, BF16 or F16, not as ", name_of(type)));
    }
}

/// Tensors `first` to `end` of a model to one file, behind `views` of others.
template <class Model>
void save_tensors(const Model& model, std::size_t first, std::size_t end, element_type type,
                  const std::filesystem::path& file, std::vector<tensor_view> views = {}) {
    using scalar = typename Model::scalar;
    std::deque<std::vector<std::byte>> encoded;
    for (std::size_t t = first; t < end; ++t) {
        const tensor_place& place = model.layout().tensors()[t];
        const stored_form form = place.entry.hugging_face.form;
        std::vector<scalar> numbers;
        std::span<const scalar> values;
        const auto at = model.weights().trained_offset(place);
        if (at && model.weights().adapters().find(t) == nullptr)
            values = model.parameters().subspan(*at, place.size());
        else
            values = numbers = merged_tensor(model, t);
        if (form != stored_form::plain) values = numbers = as_stored(values, form, place, model.config());
        std::span<const std::byte> bytes = std::as_bytes(values);
        if (block_bytes(type) != sizeof(scalar) || !numbers.empty())
            bytes = encoded.emplace_back(encode_values(values, type));
        views.push_back(
            {layer_name(place.entry.hugging_face.name, place.layer), type, stored_shape(form, place), bytes});
    }
    write_safetensors(file, views);
}

/// Where the shards of at most so many bytes end, as numbers of tensors; a larger tensor has a shard of its own.
inline std::vector<std::size_t> shard_ends(const decoder_layout& layout, std::size_t element_bytes, std::size_t most) {
    std::vector<std::size_t> ends;
    std::size_t bytes = 0, t = 0;
    for (const tensor_place& place : layout.tensors()) {
        const std::size_t more = place.size() * element_bytes;
        if (bytes != 0 && more > most - std::min(bytes, most)) {
            ends.push_back(t);
            bytes = 0;
        }
        bytes += more;
        ++t;
    }
    ends.push_back(t);
    return ends;
}

inline std::string shard_name(std::size_t number, std::size_t count) {
    const auto five = [](std::size_t n) {
        const std::string digits = std::to_string(n);
        return digits.size() < 5 ? std::string(5 - digits.size(), '0') + digits : digits;
    };
    return "model-" + five(number) + "-of-" + five(count) + ".safetensors";
}

} // namespace detail

/// Writes config.json and model.safetensors that transformers loads; makes the folder. Numbers, those of frozen tensors
/// too, are written as `type`: F32 (of a model of double: F64) unless BF16 or F16 is asked for, to which each is
/// rounded to nearest even; an adapter is merged into what is written. More than `shard_bytes` are written as shards of
/// at most as many and model.safetensors.index.json. Each file appears whole or not at all.
/// \throws input_error when it cannot be written; argument_error when config.json cannot express the model or its
/// number type.
template <class Model>
void save_transformer(const Model& model, const std::filesystem::path& folder,
                      element_type type = sizeof(typename Model::scalar) == 4 ? element_type::f32 : element_type::f64,
                      std::size_t shard_bytes = 5'000'000'000) {
    using namespace std::string_literals;
    const auto config = config_json(model.config(), detail::torch_name_of(type));
    make_folder(folder);
    const std::vector<std::size_t> ends = detail::shard_ends(model.layout(), block_bytes(type), shard_bytes);
    if (ends.size() == 1) {
        detail::save_tensors(model, 0, ends.front(), type, folder / "model.safetensors");
    } else {
        nlohmann::ordered_json map = nlohmann::ordered_json::object();
        std::size_t bytes = 0, first = 0;
        for (std::size_t shard = 0; shard < ends.size(); ++shard) {
            const std::string name = detail::shard_name(shard + 1, ends.size());
            detail::save_tensors(model, first, ends[shard], type, folder / name);
            for (; first < ends[shard]; ++first) {
                const tensor_place& place = model.layout().tensors()[first];
                map[layer_name(place.entry.hugging_face.name, place.layer)] = name;
                bytes += place.size() * block_bytes(type);
            }
        }
        const nlohmann::ordered_json index{{"metadata"s, {{"total_size"s, bytes}}}, {"weight_map"s, std::move(map)}};
        write_atomically(folder / "model.safetensors.index.json",
                         [&](std::ostream& out) { out << index.dump(2) << '\n'; });
        std::error_code ignored;
        std::filesystem::remove(folder / "model.safetensors", ignored); // of a model there before, read first
    }
    write_atomically(folder / "config.json", [&](std::ostream& out) { out << config.dump(2) << '\n'; });
}

} // namespace preflearn
