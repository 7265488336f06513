// SPDX-License-Identifier: MIT
#include "../models.hpp"

#include <string_view>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/any_backend.hpp>

preflearn::any_backend<float> cpu_models() { return preflearn::any_backend_of<float, preflearn::cpu_backend>(); }

preflearn::any_backend<float> onednn_models(std::string_view /*type*/) {
    throw preflearn::no_device_error("this program has no backend onednn: CMake found no oneDNN (Debian: libdnnl-dev)");
}

bool has_onednn() { return false; }
