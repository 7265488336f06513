// What the programs multiply by where CMake does not find oneDNN.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <preflearn/backend/cpu.hpp>

using float32_backend = preflearn::cpu_backend;
using bfloat16_backend = preflearn::cpu_backend;

/// Why there are no products in bfloat16; empty: there are.
inline std::string no_bfloat16() {
    return "products in bfloat16 are oneDNN's, which this program was built without (Debian: libdnnl-dev)";
}
/// What a user of bfloat16 should know; empty: nothing.
inline std::string about_bfloat16() { return {}; }
