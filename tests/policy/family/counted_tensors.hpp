/// \file
/// What tests of families ask of a configuration and a layout: settings changed one by one, and where each number of a
/// file's tensor lands.
// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/files/config_files.hpp>
#include <preflearn/policy/files/tensor_forms.hpp>

#include "../../files.hpp"
#include "../golden.hpp"

namespace test {

using namespace preflearn;

/// A config.json with the members of `patch` in place of those of the same name.
inline transformer_config read_patched(const char* text, const nlohmann::json& patch = nlohmann::json::object()) {
    const folder here;
    nlohmann::json config = nlohmann::json::parse(text);
    for (const auto& [name, value] : patch.items()) config[name] = value;
    return read_config_json(here.write("config.json", config.dump()));
}

/// The message with which a patched config.json is refused.
inline std::string refusal(const char* text, const nlohmann::json& patch) {
    return error_of([&] { (void)read_patched(text, patch); });
}

/// A tensor of 0, 1, 2 … as its place receives it.
inline std::vector<double> counted(const transformer_config& config, const tensor_place& place) {
    std::vector<double> numbers(place.size()), values(place.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i);
    const stored_form form = place.entry.hugging_face.form;
    read_stored(as_tensor<double>("t", stored_shape(form, place), numbers), form, place, config, std::span(values));
    CHECK(as_stored(std::span<const double>(values), form, place, config) == numbers);
    return values;
}

inline const tensor_place& place_of(const decoder_layout& layout, tensor_role role,
                                    tensor_part part = tensor_part::weight) {
    return *std::ranges::find_if(layout.tensors(),
                                 [&](const auto& p) { return p.entry.role == role && p.entry.part == part; });
}

/// A Hugging Face folder of a golden family whose tensors go by other names, with one more that nothing reads.
inline void write_renamed(const folder& to, const std::string& family, auto&& rename, const std::string& mask) {
    const checkpoint_file theirs = read_safetensors(golden_folder(family));
    std::vector<tensor_view> tensors;
    for (tensor_view tensor : theirs.tensors()) {
        tensor.name = rename(tensor.name);
        tensors.push_back(tensor);
    }
    const std::vector<float> ones(4, 1);
    tensors.push_back(as_tensor<float>(mask, {1, 1, 2, 2}, ones));
    write_safetensors(to / "model.safetensors", tensors);
    std::filesystem::copy_file(golden_folder(family) / "config.json", to / "config.json");
}

} // namespace test
