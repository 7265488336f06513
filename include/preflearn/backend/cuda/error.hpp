/// \file
/// What calls of the CUDA runtime return, as exceptions: with the call, its place in our code, the error's name and the
/// device. Where there is no device, which of the three reasons it has: no driver, one too old, or no GPU that it sees.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include <cuda_runtime_api.h>

#include <preflearn/core/system/error.hpp>

namespace preflearn::cuda {

/// A line of our code. As a default argument it is where the function is called.
struct code_line {
    const char* file;
    int line;

    static constexpr code_line here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
        return {file, line};
    }
    /// "preflearn/backend/cuda/memory.hpp:71", wherever the library lies.
    friend std::ostream& operator<<(std::ostream& out, const code_line& at) {
        std::string_view name = at.file;
        if (const std::size_t ours = name.rfind("preflearn/backend/"); ours != name.npos) name.remove_prefix(ours);
        return out << name << ':' << at.line;
    }
};

namespace detail {

/// "13.0" of 13000.
inline std::string version_text(int version) { return message(version / 1000, '.', version % 1000 / 10); }

/// "device 1 (NVIDIA H100)"; asks nothing that could hide the error.
inline std::string current_device_text() {
    int number = 0;
    if (cudaGetDevice(&number) != cudaSuccess) return "no device";
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, number) != cudaSuccess) return message("device ", number);
    return message("device ", number, " (", static_cast<const char*>(properties.name), ')');
}

} // namespace detail

/// Whether the error says that there is no device to compute on.
inline bool means_no_device(cudaError_t result) {
    return result == cudaErrorInsufficientDriver || result == cudaErrorNoDevice || result == cudaErrorStubLibrary ||
           result == cudaErrorSystemDriverMismatch || result == cudaErrorCompatNotSupportedOnDevice;
}

/// Why, in words. \param result for which means_no_device() holds
inline std::string why_no_device(cudaError_t result) {
    int driver = 0, runtime = 0; // a call that fails leaves them as they are
    (void)cudaDriverGetVersion(&driver);
    (void)cudaRuntimeGetVersion(&runtime);
    const std::string error = message(" (", cudaGetErrorName(result), ", ", static_cast<int>(result), ')');
    if (result == cudaErrorNoDevice)
        return "no CUDA device: the NVIDIA driver sees none (CUDA_VISIBLE_DEVICES may hide them)" + error;
    if (driver == 0 || result == cudaErrorStubLibrary) return "no CUDA device: no NVIDIA driver is installed" + error;
    if (driver < runtime)
        return message("no CUDA device: the NVIDIA driver is too old, it serves CUDA ", detail::version_text(driver),
                       " and this program needs ", detail::version_text(runtime), error);
    return message("no CUDA device: ", cudaGetErrorString(result), error);
}

/// Throws unless the call succeeded: `check(cudaEventRecord(event, stream), "cudaEventRecord")`. The runtime's last
/// error is then forgotten, lest it be taken for a later launch's.
/// \throws no_device_error where there is none; device_error
inline void check(cudaError_t result, std::string_view call, code_line at = code_line::here()) {
    if (result == cudaSuccess) return;
    (void)cudaGetLastError();
    if (means_no_device(result)) throw no_device_error(why_no_device(result));
    throw device_error(message(call, " failed on ", detail::current_device_text(), ": ", cudaGetErrorString(result),
                               " (", cudaGetErrorName(result), ", ", static_cast<int>(result), "); ", at));
}

} // namespace preflearn::cuda
