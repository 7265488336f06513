/// \file
/// How kernels are started: one function, which the emulator of the tests can read, too (the form with triple angles is
/// no C++), and which throws what the runtime says about it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>

#include <cuda_runtime.h>

#include <preflearn/backend/cuda/error.hpp>

namespace preflearn::cuda {

/// A stream, and the line of our code that starts something on it.
struct on_stream {
    cudaStream_t stream;
    code_line at;

    on_stream(cudaStream_t chosen, code_line line = code_line::here()) : stream(chosen), at(line) {}
};

/// Dynamic shared memory that a block has without asking.
inline constexpr std::size_t shared_bytes_unasked = 48 << 10;

/// Starts a kernel with `dynamic_bytes` of dynamic shared memory a block; nothing, where the grid is empty.
/// \throws device_error, no_device_error where it does not start
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t dynamic_bytes, on_stream on,
            Arguments&&... arguments) {
    if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
    if (dynamic_bytes > shared_bytes_unasked)
        check(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                                   static_cast<int>(dynamic_bytes)),
              "cudaFuncSetAttribute", on.at);
    cudaLaunchConfig_t config{};
    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = dynamic_bytes;
    config.stream = on.stream;
    check(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...), "cudaLaunchKernelEx", on.at);
}

} // namespace preflearn::cuda
