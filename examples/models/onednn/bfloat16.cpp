// SPDX-License-Identifier: MIT
#include "../models.hpp"

#include <preflearn/backend/cpu/onednn.hpp>
#include <preflearn/policy/any_backend.hpp>

using preflearn::bfloat16;

preflearn::any_backend<float> bfloat16_models() {
    return preflearn::any_backend_of<float, preflearn::onednn_backend<bfloat16>>();
}
std::string no_bfloat16() { return {}; }
std::string about_bfloat16() {
    return preflearn::multiplies_by_onednn<bfloat16>()
               ? std::string()
               : "bfloat16: weights are kept so, but this processor multiplies them as float32";
}
