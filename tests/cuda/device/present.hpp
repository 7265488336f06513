// Whether a test can have what it needs. Tests of this folder are compiled with a CUDA toolkit, not with the emulator.
// SPDX-License-Identifier: MIT
#pragma once

#include <iostream>
#include <string>

#include <preflearn/backend/cuda/cublaslt_library.hpp>
#include <preflearn/backend/cuda/device.hpp>

namespace test {

/// Says why where it is not.
inline bool has_device() {
    const std::string reason = preflearn::cuda::no_device_reason();
    if (!reason.empty()) std::cout << "[skipped] " << reason << '\n';
    return reason.empty();
}

/// Says why where it is not.
inline bool has_cublaslt() {
    try {
        preflearn::cuda::cublaslt_library::opened();
        return true;
    } catch (const preflearn::no_device_error& failure) {
        std::cout << "[skipped] " << failure.what() << '\n';
        return false;
    }
}

} // namespace test
