/// \file
/// Which tensors of a decoder are trained. The others are frozen: they have no gradients, stay as they are stored, and
/// are shared by all copies of the model.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/family/decoder_family.hpp>

namespace preflearn {

/// All by default. Biases go with their matrices.
struct trained_tensors {
    bool embedding = true; ///< and learned positions; where the head is the embedding, that as well
    bool attention = true; ///< queries, keys, values and the output
    bool mlp = true;
    bool norms = true; ///< in and behind the layers
    bool head = true;  ///< where it is not the embedding
    /// Layers below this one, counted from 0, are frozen altogether.
    std::size_t first_layer = 0;

    [[nodiscard]] static constexpr trained_tensors none() { return {false, false, false, false, false}; }

    [[nodiscard]] bool contains(const tensor_place& tensor) const {
        if (!before_layers(tensor.entry.role) && !after_layers(tensor.entry.role) && tensor.layer < first_layer)
            return false;
        if (tensor.is_norm()) return norms;
        switch (tensor.entry.role) {
        case tensor_role::embedding:
        case tensor_role::positions:
            return embedding;
        case tensor_role::gate:
        case tensor_role::up:
        case tensor_role::gate_up:
        case tensor_role::down:
            return mlp;
        case tensor_role::head:
            return head;
        default:
            return attention;
        }
    }
};

} // namespace preflearn
