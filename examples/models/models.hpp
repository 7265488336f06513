// The language models of the programs, compiled once for all of them. Products are oneDNN's where CMake finds it
// (onednn/), the processor's own elsewhere (cpu/).
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include <preflearn/policy/any_transformer.hpp>

/// By the processor's own products, which have the same bits everywhere.
preflearn::any_backend<float> cpu_models();
/// By the quickest products of --dtype float32 or bfloat16; what the user should know goes to standard error.
preflearn::any_backend<float> models_of(std::string_view type);
/// Why there are no products in bfloat16; empty: there are.
std::string no_bfloat16();
