/// \file
/// Which tensors of a decoder are trained. The others are frozen: they have no gradients, stay as they are stored, and
/// are shared by all copies of the model.
// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstddef>
#include <string_view>
#include <system_error>

#include <preflearn/core/system/error.hpp>
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
    /// Not 0: so many layers from the last on are trained, in place of those from `first_layer` on. `of` counts them.
    std::size_t last_layers = 0;
    /// A head that is the embedding becomes a matrix of its own when the model is loaded, so that it may be trained
    /// where the embedding is not.
    bool own_head = false;

    [[nodiscard]] static constexpr trained_tensors none() { return {false, false, false, false, false}; }
    /// The last `layers` and what stands above them.
    [[nodiscard]] static constexpr trained_tensors last(std::size_t layers) {
        return {.embedding = false, .last_layers = layers};
    }
    /// The head by itself.
    [[nodiscard]] static constexpr trained_tensors head_alone() {
        return {false, false, false, false, true, 0, 0, true};
    }

    /// The same for a model of so many layers. \throws argument_error when more of them are to be trained.
    [[nodiscard]] trained_tensors of(std::size_t layers) const {
        require(last_layers <= layers, "trained_tensors.last_layers: the model has ", layers, " layers, found ",
                last_layers);
        trained_tensors counted = *this;
        if (last_layers != 0) counted.first_layer = layers - last_layers;
        counted.last_layers = 0;
        return counted;
    }

    /// \throws argument_error where layers from the last on are not counted yet.
    [[nodiscard]] bool contains(const tensor_place& tensor) const {
        require(last_layers == 0, "trained_tensors.last_layers: how many layers the model has is to be said by `of`");
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

/// "all", "head" (the head by itself) or "last:K" (the last K layers and what stands above them).
/// \throws argument_error for another text.
inline trained_tensors trained_tensors_named(std::string_view name) {
    if (name == "all") return {};
    if (name == "head") return trained_tensors::head_alone();
    constexpr std::string_view last = "last:";
    std::size_t layers = 0;
    if (name.starts_with(last)) {
        const std::string_view digits = name.substr(last.size());
        const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), layers);
        if (failure != std::errc() || end != digits.data() + digits.size()) layers = 0;
    }
    require(layers != 0, "what is trained: \"all\", \"head\" or \"last:K\" with K layers was expected, found \"", name,
            '"');
    return trained_tensors::last(layers);
}

} // namespace preflearn
