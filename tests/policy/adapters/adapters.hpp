/// \file
/// Small models with adapters that add something.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include <preflearn/policy/adapters/with_adapter.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../../parts.hpp"

namespace test {

/// Random weights of all kinds, an adapter as asked for, and noise on its numbers.
template <class Scalar = double>
preflearn::transformer<Scalar> adapted_model(const preflearn::transformer_config& config,
                                             const preflearn::adapter_options& options) {
    preflearn::transformer<Scalar> base(config, preflearn::generator(1, "weights"));
    const auto noise = normals(base.parameters().size(), 7, 0.2);
    for (std::size_t i = 0; i < noise.size(); ++i) base.parameters()[i] += static_cast<Scalar>(noise[i]);
    auto model = preflearn::with_adapter(base, options);
    const auto more = normals(model.parameters().size(), 8, 0.3);
    for (std::size_t i = 0; i < more.size(); ++i) model.parameters()[i] += static_cast<Scalar>(more[i]);
    return model;
}

} // namespace test
