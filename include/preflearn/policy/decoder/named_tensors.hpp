/// \file
/// The trained tensors of a model by name: what a test or a user looks at, part by part of the flat vector.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/policy/decoder/adapter_layout.hpp>
#include <preflearn/policy/decoder/layout.hpp>

namespace preflearn {

/// A named tensor of a model: its name in Hugging Face files, its shape (outermost first), its part of the parameters.
template <class T> struct named_tensor {
    std::string name;
    std::vector<std::size_t> shape;
    std::span<T> values;
};

/// "model.layers.0.self_attn.q_proj" of a tensor "model.layers.0.self_attn.q_proj.weight".
inline std::string module_name(const tensor_place& place) {
    std::string name = layer_name(place.entry.hugging_face.name, place.layer);
    constexpr std::string_view end = ".weight";
    if (name.ends_with(end)) name.resize(name.size() - end.size());
    return name;
}

/// Every trained tensor of a model, in the order of the flat vector; the matrices of an adapter last, as
/// MODULE.lora_A.weight (rank × inputs) and MODULE.lora_B.weight (outputs × rank).
template <class Model> auto tensors(Model& model) {
    using element = typename decltype(model.parameters())::element_type;
    std::vector<named_tensor<element>> all;
    for (const tensor_place& place : model.layout().tensors())
        if (const auto at = model.weights().trained_offset(place))
            all.push_back({layer_name(place.entry.hugging_face.name, place.layer), place.shape(),
                           model.parameters().subspan(*at, place.size())});
    const auto add = [&](const weight_block& part, const std::string& name) {
        all.push_back({name,
                       {part.rows, part.columns},
                       model.parameters().subspan(model.weights().adapter_offset(part), part.size())});
    };
    const auto name_of = [&](const adapter_place& part) {
        return module_name(model.layout().tensors()[part.adapted.tensor]);
    };
    for (const adapted_product& product : model.weights().adapters().products()) {
        const std::span<const adapter_place> parts(product.parts.data(), product.count);
        for (const adapter_place& part : parts) add(part.down, name_of(part) + ".lora_A.weight");
        for (const adapter_place& part : parts) add(part.up, name_of(part) + ".lora_B.weight");
    }
    return all;
}

} // namespace preflearn
