// SPDX-License-Identifier: MIT
#include "../models.hpp"

#include <preflearn/backend/cpu/onednn.hpp>
#include <preflearn/policy/any_backend.hpp>

preflearn::any_backend<float> float32_models() {
    return preflearn::any_backend_of<float, preflearn::onednn_backend<>>();
}
