/// \file
/// A model with an adapter as one without, of the same function.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/policy/decoder/frozen_tensors.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/decoder/merged_tensor.hpp>

namespace preflearn {

/// All tensors of a model as frozen ones: those that are frozen already stay as they are stored and are shared, the
/// others become plain numbers, with an adapter merged.
template <class Model> frozen_tensors frozen_tensors_of(const Model& model) {
    frozen_tensors all;
    for (std::size_t t = 0; t < model.layout().tensors().size(); ++t) {
        const tensor_place& place = model.layout().tensors()[t];
        if (!model.weights().trained_offset(place) && model.weights().adapters().find(t) == nullptr)
            all.emplace(t, model.weights().frozen(t));
        else
            all.emplace(t, stored_numbers(merged_tensor(model, t), place.rows, place.columns));
    }
    return all;
}

/// The model without an adapter whose weights are those of `model` with its adapter. All are frozen; those that had no
/// adapter are shared.
template <class Model> Model merged(const Model& model) { return model.of_tensors(frozen_tensors_of(model)); }

} // namespace preflearn
