// The language models of the programs, compiled once for all of them. Products are oneDNN's where CMake finds it
// (onednn/), the processor's own elsewhere (cpu/); on a GPU where the program is built with PREFLEARN_WITH_CUDA
// (cuda/).
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <preflearn/policy/any_transformer.hpp>

/// What computes.
struct model_choice {
    std::string backend; // --backend: cpu, onednn or cuda; empty: the processor, as quickly as this program can
    std::string type = "float32"; // --dtype
    int device = 0;               // --device, of cuda
};
/// Of --backend.
std::vector<std::string> backend_names();
/// \throws usage_error for what cannot be meant, as bfloat16 without products in it
void check(const model_choice& chosen);
/// The same of programs that train, which a GPU does not.
void check_trains(const model_choice& chosen);

/// What the user should know goes to standard error. \throws preflearn::no_device_error where this program has no such
/// backend, or the machine no such device
preflearn::any_backend<float> models_of(const model_choice& chosen);

/// By the processor's own products, which have the same bits everywhere.
preflearn::any_backend<float> cpu_models();
/// By oneDNN's.
preflearn::any_backend<float> onednn_models(std::string_view type);
/// On a GPU, which the process then has chosen.
preflearn::any_backend<float> cuda_models(std::string_view type, int device);
/// Whether this program has oneDNN's products.
bool has_onednn();
