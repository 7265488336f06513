/// \file
/// What CUDA devices there are, and which of them this process computes on: one, since several GPUs are served by a
/// process each. The runtime's own choice belongs to a thread; this one holds for every thread that asks for the
/// stream (stream.hpp).
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <string>

#include <cuda_runtime_api.h>

#include <preflearn/backend/cuda/error.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn::cuda {

/// The lowest compute capability for which the kernels are compiled: bfloat16 on tensor cores.
inline constexpr int lowest_capability = 80;

struct device_properties {
    int number = 0;
    std::string name;
    int capability = 0;                    ///< 10 · major + minor: 80, 90, 100
    std::size_t multiprocessors = 0;       ///< SMs
    std::size_t l2_bytes = 0;              ///< of the second-level cache
    std::size_t shared_bytes_of_block = 0; ///< shared memory that a block may ask for
    std::size_t memory_bytes = 0;          ///< of the whole device
};

/// Of the device's memory, that of other processes included.
struct memory_state {
    std::size_t free_bytes = 0, total_bytes = 0;
};

/// How many devices the driver shows. \throws no_device_error where there is none
inline int device_count() {
    int count = 0; // which a call that fails leaves as it is
    check(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
    if (count == 0) throw no_device_error(why_no_device(cudaErrorNoDevice));
    return count;
}

/// Why there is no device here, in one line; empty: there is one.
inline std::string no_device_reason() {
    try {
        device_count();
        return {};
    } catch (const device_error& failure) {
        return failure.what();
    }
}

/// \throws device_error for a number that no device has
inline device_properties properties_of(int device) {
    cudaDeviceProp found{};
    check(cudaGetDeviceProperties(&found, device), "cudaGetDeviceProperties");
    return {.number = device,
            .name = found.name,
            .capability = 10 * found.major + found.minor,
            .multiprocessors = static_cast<std::size_t>(found.multiProcessorCount),
            .l2_bytes = static_cast<std::size_t>(found.l2CacheSize),
            .shared_bytes_of_block = found.sharedMemPerBlockOptin,
            .memory_bytes = found.totalGlobalMem};
}

namespace detail {

/// The device that was chosen for the process; −1: none was, and each thread has the runtime's.
inline std::atomic<int>& chosen_device() {
    static std::atomic<int> number{-1};
    return number;
}

/// "0 (NVIDIA H100), 1 (NVIDIA H100)".
inline std::string device_list(int count) {
    std::string list;
    for (int d = 0; d < count; ++d) list += message(d == 0 ? "" : ", ", d, " (", properties_of(d).name, ')');
    return list;
}

} // namespace detail

/// The device of this thread from now on: the one that was chosen for the process, else the runtime's choice.
/// \throws no_device_error where there is none
inline int bind_device() {
    static thread_local int bound = -1;
    if (const int chosen = detail::chosen_device().load(std::memory_order_relaxed); chosen >= 0) {
        if (bound != chosen) check(cudaSetDevice(chosen), "cudaSetDevice");
        return bound = chosen;
    }
    int current = 0;
    check(cudaGetDevice(&current), "cudaGetDevice");
    return current;
}

/// Of this thread's device; asked of the driver, which takes its time, once a thread.
inline const device_properties& properties_of_this_device() {
    static thread_local std::optional<device_properties> known;
    if (const int device = bind_device(); !known || known->number != device) known = properties_of(device);
    return *known;
}

/// Chooses the device for all threads of the process: before anything is put on one, since arrays do not move.
/// \throws no_device_error where there is none, or it cannot run the kernels; argument_error for a number that no
/// device has
inline device_properties use_device(int number = 0) {
    const int count = device_count();
    if (number < 0 || number >= count)
        throw argument_error(message("CUDA device ", number, " was asked for, there ", count == 1 ? "is " : "are ",
                                     count, ": ", detail::device_list(count)));
    const device_properties found = properties_of(number);
    if (found.capability < lowest_capability)
        throw no_device_error(message("CUDA device ", number, " (", found.name, ") has compute capability ",
                                      found.capability / 10, '.', found.capability % 10, ", ", lowest_capability / 10,
                                      ".0 or later is needed"));
    detail::chosen_device() = number;
    bind_device();
    return found;
}

/// Of this thread's device. \throws device_error
inline memory_state device_memory() {
    bind_device();
    memory_state state;
    check(cudaMemGetInfo(&state.free_bytes, &state.total_bytes), "cudaMemGetInfo");
    return state;
}

} // namespace preflearn::cuda
