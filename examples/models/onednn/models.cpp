// In one file, since models on different backends have most of their code in common.
// SPDX-License-Identifier: MIT
#include "../models.hpp"

#include <cstdio>
#include <string_view>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/backend/cpu/onednn.hpp>
#include <preflearn/policy/any_backend.hpp>

using namespace preflearn;

any_backend<float> cpu_models() { return any_backend_of<float, cpu_backend>(); }

any_backend<float> onednn_models(std::string_view type) {
    if (type != "bfloat16") return any_backend_of<float, onednn_backend<>>();
    if (!multiplies_by_onednn<bfloat16>())
        std::fputs("bfloat16: weights are kept so, but this processor multiplies them as float32\n", stderr);
    return any_backend_of<float, onednn_backend<bfloat16>>();
}

bool has_onednn() { return true; }
