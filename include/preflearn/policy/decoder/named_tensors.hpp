/// \file
/// The trained tensors of a model by name: what a test or a user looks at, part by part of the flat vector.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <preflearn/policy/decoder/layout.hpp>

namespace preflearn {

/// A named tensor of a model: its name in Hugging Face files, its shape (outermost first), its part of the parameters.
template <class T> struct named_tensor {
    std::string name;
    std::vector<std::size_t> shape;
    std::span<T> values;
};

/// Every trained tensor of a model, in the order of the flat vector.
template <class Model> auto tensors(Model& model) {
    using element = typename decltype(model.parameters())::element_type;
    std::vector<named_tensor<element>> all;
    for (const tensor_place& place : model.layout().tensors())
        if (const auto at = model.weights().trained_offset(place))
            all.push_back({layer_name(place.entry.hugging_face.name, place.layer), place.shape(),
                           model.parameters().subspan(*at, place.size())});
    return all;
}

} // namespace preflearn
