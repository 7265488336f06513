/// \file
/// A model that learns by a low-rank adapter alone: its own weights are frozen, as they are stored, and shared by all
/// copies; `parameters()` are the A and B.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/adapters/adapter_options.hpp>
#include <preflearn/policy/adapters/merged.hpp>
#include <preflearn/policy/decoder/adapter_layout.hpp>

namespace preflearn {

/// Fresh numbers of an adapter as PEFT draws them: A uniform in ±1/√inputs, B zero, so that it adds nothing.
template <class Scalar>
void initialise_adapters(std::span<Scalar> numbers, const adapter_layout& layout, std::uint64_t seed) {
    for (const adapted_product& product : layout.products()) {
        for (std::size_t p = 0; p < product.count; ++p) {
            const adapter_place& part = product.parts[p];
            generator random(seed, "adapter", part.adapted.tensor);
            const double bound = 1 / std::sqrt(static_cast<double>(part.down.columns));
            for (std::size_t i = 0; i < part.down.size(); ++i)
                numbers[part.down.offset + i] = static_cast<Scalar>(bound * (2 * random.uniform() - 1));
            for (std::size_t i = 0; i < part.up.size(); ++i) numbers[part.up.offset + i] = Scalar(0);
        }
    }
}

/// The model with these adapters, whose numbers are zero; its weights are frozen, and shared where they were.
/// \throws argument_error when it has an adapter already, and as `adapter_layout`.
template <class Model> Model with_adapters(const Model& model, decoder_adapters adapters) {
    require(model.weights().adapters().empty(),
            "the model has an adapter already: merged(model) is one that can have another");
    if (model.weights().trained_size() == 0) return model.with_adapters(std::move(adapters));
    return model.of_tensors(frozen_tensors_of(model), std::move(adapters));
}

/// The model with a fresh adapter: it computes what the model computes, and learns by the adapter alone. Weights that
/// were frozen are shared with `model`, those that were trained are copied and frozen.
/// \throws argument_error for options that do not fit the model, or when it has an adapter already.
template <class Model>
Model with_adapter(const Model& model, const adapter_options& options = {}, std::uint64_t seed = 0) {
    Model adapted = with_adapters(model, adapters_of(model.layout(), model.config().layers, options));
    adapted.write_parameters([&](auto numbers) { initialise_adapters(numbers, adapted.weights().adapters(), seed); });
    return adapted;
}

} // namespace preflearn
