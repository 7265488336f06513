/// \file
/// Addresses of code as lines of source, for messages.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace emulator {

/// "norm.cuh:57 (device.cuh:80)" of an address that a call returns to: the outermost line of the function that was
/// compiled, and the line that was inlined into it; empty where nobody knows.
std::string line_of(const void* address);
/// "void preflearn::cuda::rms_norm<float>(…)" of a function's address.
std::string function_of(const void* address);

} // namespace emulator
