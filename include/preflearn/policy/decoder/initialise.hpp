/// \file
/// Random weights: every matrix from N(0, s²) with s = 1/√inputs (or the configuration's), the two that write into
/// the residual stream smaller by √(2 layers) (Radford et al. 2019), so that a deep model starts as calm as a shallow
/// one.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/policy/decoder/config.hpp>
#include <preflearn/policy/decoder/layout.hpp>

namespace preflearn {

/// Overwrites the matrices of the layout; vectors (norms' weights, biases) are left as they are. The same seed gives
/// the same weights at any number of threads.
template <class Scalar>
void initialise(std::span<Scalar> parameters, const decoder_layout& layout, const transformer_config& config,
                std::uint64_t seed) {
    constexpr std::size_t grain = std::size_t{1} << 14;
    std::uint64_t stream = 0;
    for (const tensor_place& place : layout.tensors()) {
        if (place.is_vector()) continue;
        double deviation = config.initializer_range != 0 ? config.initializer_range
                                                         : 1 / std::sqrt(static_cast<double>(place.columns));
        if (place.entry.role == tensor_role::attention_output || place.entry.role == tensor_role::down)
            deviation /= std::sqrt(2.0 * static_cast<double>(config.layers));
        const std::span<Scalar> values = parameters.subspan(place.offset, place.size());
        parallel_blocks(values.size(), grain, [&](std::size_t begin, std::size_t end) {
            generator random(seed, "initial weights", stream + begin / grain);
            for (std::size_t i = begin; i < end; ++i) values[i] = static_cast<Scalar>(deviation * random.normal());
        });
        stream += (values.size() + grain - 1) / grain;
    }
}

/// The same of a model, of which nothing is frozen, from a generator's next number.
template <class Model> void initialise(Model& model, generator random) {
    model.write_parameters([&](auto all) { initialise(all, model.layout(), model.config(), random()); });
}

} // namespace preflearn
