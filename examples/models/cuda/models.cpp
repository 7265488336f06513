// SPDX-License-Identifier: MIT
#include "../models.hpp"

#include <cstdio>
#include <string_view>

#include <preflearn/backend/cuda/backend.hpp>
#include <preflearn/backend/cuda/cublaslt.hpp>
#include <preflearn/backend/cuda/device.hpp>
#include <preflearn/core/numbers/half.hpp>
#include <preflearn/policy/any_backend.hpp>

using namespace preflearn;

any_backend<float> cuda_models(std::string_view type, int device) {
    const cuda::device_properties found = cuda::use_device(device);
    cuda::cublaslt::require_available();
    std::fprintf(stderr, "device %d: %s\n", found.number, found.name.c_str());
    if (type == "bfloat16") return any_backend_of<float, cuda_backend<bfloat16, cuda::cublaslt>>();
    if (type == "float16") return any_backend_of<float, cuda_backend<float16, cuda::cublaslt>>();
    return any_backend_of<float, cuda_backend<float, cuda::cublaslt>>();
}
