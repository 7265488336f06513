// What the programs multiply by where CMake finds oneDNN.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <preflearn/backend/cpu/onednn.hpp>

using float32_backend = preflearn::onednn_backend<>;
using bfloat16_backend = preflearn::onednn_backend<preflearn::bfloat16>;

/// Why there are no products in bfloat16; empty: there are.
inline std::string no_bfloat16() { return {}; }
/// What a user of bfloat16 should know; empty: nothing.
inline std::string about_bfloat16() {
    return preflearn::multiplies_by_onednn<preflearn::bfloat16>()
               ? std::string()
               : "bfloat16: weights are kept so, but this processor multiplies them as float32";
}
