// SPDX-License-Identifier: MIT
#include "../models.hpp"

#include <string_view>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/policy/any_backend.hpp>

preflearn::any_backend<float> cpu_models() { return preflearn::any_backend_of<float, preflearn::cpu_backend>(); }

preflearn::any_backend<float> models_of(std::string_view /*float32: no_bfloat16() keeps the other from being used*/) {
    return cpu_models();
}

std::string no_bfloat16() {
    return "products in bfloat16 are oneDNN's, which this program was built without (Debian: libdnnl-dev)";
}
