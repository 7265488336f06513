// SPDX-License-Identifier: MIT
#include "../models.hpp"

#include <string_view>

#include <preflearn/core/system/error.hpp>

preflearn::any_backend<float> cuda_models(std::string_view /*type*/, int /*device*/) {
    throw preflearn::no_device_error(
        "this program has no backend cuda: it was built without it (CMake: PREFLEARN_WITH_CUDA=ON)");
}
