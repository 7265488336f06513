/// \file
/// The processor's backend with oneDNN's products (preflearn::onednn in CMake): `onednn_backend<>` in float,
/// `onednn_backend<bfloat16>` with bfloat16 factors and sums in float, on processors that have instructions for them.
/// Activations, trained numbers and gradients are float; all operations but products are those of `cpu_backend`.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/backend/concepts.hpp>
#include <preflearn/backend/cpu/backend.hpp>
#include <preflearn/backend/cpu/onednn/products.hpp>
#include <preflearn/core/numbers/half.hpp>

namespace preflearn {

/// Models Backend, ScoringBackend and LearningBackend of float. `Factor` is float or bfloat16: what products multiply,
/// and what frozen matrices that are not quantised are kept as.
template <class Factor = float> using onednn_backend = processor_backend<onednn_products<Factor>>;

static_assert(Backend<onednn_backend<>, float> && LearningBackend<onednn_backend<>, float>);
static_assert(LearningBackend<onednn_backend<bfloat16>, float> && !ScoringBackend<onednn_backend<>, double>);

} // namespace preflearn
