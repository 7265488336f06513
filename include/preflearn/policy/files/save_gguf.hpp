/// \file
/// A model that was read from a GGUF file is written as one again: its metadata and tokenizer as they were, its tensors
/// in the type that is asked for. Names and the order of rows are the family's for such files.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/gguf_keys.hpp>
#include <preflearn/checkpoint/tensor.hpp>
#include <preflearn/checkpoint/write_gguf.hpp>
#include <preflearn/core/stored/encoded_values.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/decoder/merged_tensor.hpp>
#include <preflearn/policy/files/config_files.hpp>
#include <preflearn/policy/files/tensor_forms.hpp>

namespace preflearn {

namespace detail {

/// llama.cpp's number of a file whose matrices are mostly of that type. \throws argument_error for types that are not
/// written.
inline std::uint32_t gguf_file_type(element_type type) {
    switch (type) {
    case element_type::f32:
        return 0;
    case element_type::f16:
        return 1;
    case element_type::q8_0:
        return 7;
    case element_type::bf16:
        return 32;
    default:
        throw argument_error(message("GGUF tensors are written as F32, F16, BF16 or Q8_0, not as ", name_of(type)));
    }
}

/// What a place is stored as: vectors and learned positions as F32, and rows that do not fill blocks of Q8_0 as F16, as
/// llama.cpp's own programs do.
inline element_type gguf_type_of(const tensor_place& place, element_type type) {
    if (place.is_vector() || place.entry.role == tensor_role::positions) return element_type::f32;
    return place.columns % block_elements(type) == 0 ? type : element_type::f16;
}

/// \throws numeric_error for a number that is not finite, or not in the type of the file.
template <class T> void require_storable(std::span<const T> values, element_type type, const std::string& name) {
    const double most = type == element_type::f16    ? 65504
                        : type == element_type::q8_0 ? 65504.0 * 127
                                                     : std::numeric_limits<float>::max();
    for (const T value : values)
        require<numeric_error>(std::abs(static_cast<double>(value)) <= most, "tensor '", name, "': ", value,
                               " cannot be stored as ", name_of(type));
}

/// The keys of the source with the type of the new file.
inline std::vector<gguf_key> keys_for(const checkpoint_file& source, element_type type) {
    std::vector<gguf_key> keys = gguf_keys(source);
    set_gguf_key(keys, gguf_number("general.file_type", gguf_file_type(type)));
    if (type == element_type::q8_0) set_gguf_key(keys, gguf_number("general.quantization_version", 2));
    return keys;
}

/// Calls put(numbers) for a place's numbers in the order of the file; where they lie as here, a million or so at a
/// time.
template <class Model, class Put>
void put_in_stored_order(const Model& model, std::size_t number, stored_form form, const Put& put) {
    using scalar = typename Model::scalar;
    const tensor_place& place = model.layout().tensors()[number];
    if (form != stored_form::plain || model.weights().adapters().find(number) != nullptr) {
        const std::vector<scalar> all = merged_tensor(model, number);
        return put(std::span<const scalar>(
            form == stored_form::plain ? all : as_stored(std::span(all), form, place, model.config())));
    }
    const auto trained = model.weights().trained_offset(place);
    const std::size_t at_once = std::max<std::size_t>(1, (std::size_t{1} << 20) / place.columns);
    std::vector<scalar> read;
    for (std::size_t row = 0; row < place.rows; row += at_once) {
        const std::size_t rows = std::min(at_once, place.rows - row);
        if (trained) {
            put(model.parameters().subspan(*trained + row * place.columns, rows * place.columns));
            continue;
        }
        read.resize(rows * place.columns);
        read_rows(model.weights().frozen(number), row, matrix_view<scalar>(read.data(), rows, place.columns));
        put(std::span<const scalar>(read));
    }
}

} // namespace detail

/// Writes `model`, which was loaded from the GGUF file `source` (and trained since, perhaps), as a GGUF file with the
/// source's metadata and tokenizer, byte by byte, and its tensors' order. Matrices are stored as `type`: F32, F16, BF16
/// or Q8_0 (with llama.cpp's rounding), adapters merged; vectors and learned positions as F32. Tensors that hold no
/// parameters are copied. The file appears whole or not at all, and may be the source itself. \throws argument_error
/// for another type, or a model that is not the source's; numeric_error for a number that the type cannot hold;
/// input_error when a file cannot be read or written.
template <class Model>
void save_gguf(const Model& model, const std::filesystem::path& source, const std::filesystem::path& path,
               element_type type = element_type::f32) {
    using scalar = typename Model::scalar;
    const checkpoint_file file = read_gguf(source);
    const std::vector<gguf_key> keys = detail::keys_for(file, type);
    const transformer_config described = read_gguf_config(file, std::span(&model.config().family, 1));
    require(described.window == model.config().window, source.string(), ": its metadata say a window of ",
            described.window, " keys (0: none), and the model to be saved has one of ", model.config().window);
    require(identity_of(described) == identity_of(model.config()), source.string(),
            ": its metadata describes another model than the one to be saved");
    const std::vector<tensor_place>& places = model.layout().tensors();
    std::unordered_map<std::string, std::size_t> numbers;
    for (std::size_t t = 0; t < places.size(); ++t)
        numbers.emplace(layer_name(places[t].entry.gguf.name, places[t].layer), t);
    std::vector<gguf_tensor> tensors;
    std::vector<std::size_t> of_tensor; // its place, or none
    for (const tensor_view& tensor : file.tensors()) {
        const auto found = numbers.find(tensor.name);
        of_tensor.push_back(found == numbers.end() ? places.size() : found->second);
        const bool kept = found == numbers.end();
        tensors.push_back(
            {tensor.name, kept ? tensor.type : detail::gguf_type_of(places[found->second], type), tensor.shape});
        if (!kept) numbers.erase(found);
    }
    require<input_error>(numbers.empty(), source.string(), ": has no tensor '",
                         numbers.empty() ? "" : numbers.begin()->first, "'");
    write_gguf(path, keys, tensors, [&](std::size_t t, const auto& put) {
        if (of_tensor[t] == places.size()) return put(file.tensors()[t].bytes);
        const stored_form form = places[of_tensor[t]].entry.gguf.form;
        detail::put_in_stored_order(model, of_tensor[t], form, [&](std::span<const scalar> values) {
            detail::require_storable(values, tensors[t].type, tensors[t].name);
            put(encode_values(values, tensors[t].type));
        });
    });
}

} // namespace preflearn
