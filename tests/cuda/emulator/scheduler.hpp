/// \file
/// A block of threads as fibres: who runs, who waits, and for whom.
// SPDX-License-Identifier: MIT
#pragma once

#include <boost/context/detail/fcontext.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "cuda_runtime.h"
#include "shared_memory.hpp"

namespace emulator {

struct device_thread;

/// A place in the kernel: the line that called the built-in, and where its code is.
struct code_place {
    place line{nullptr, 0};
    const void* code = nullptr;
};

/// What a lane brings to a product of its warp, and where its sums are.
struct warp_factors {
    const std::uint32_t* a = nullptr; ///< 8 elements
    const std::uint32_t* b = nullptr; ///< 4
    float* c = nullptr;               ///< 4
    bool bfloat = false;
};
/// Of all lanes, once they have met.
void multiply(device_thread* lanes);

inline constexpr std::size_t stack_bytes = 256UL << 10;

enum class thread_state : std::uint8_t { runnable, at_barrier, at_warp, returned };

struct device_thread {
    boost::context::detail::fcontext_t context = nullptr;
    char* stack = nullptr; ///< its lowest byte
    void* kept = nullptr;  ///< AddressSanitizer's
    uint3 index{};
    unsigned number = 0;
    thread_state state = thread_state::runnable;
    code_place at{}; ///< where it waits
    meeting kind{};  ///< for what
    std::uint64_t given = 0, result = 0;
    int argument = 0, width = 32;
    warp_factors factors{}; ///< of multiply_warp

    [[nodiscard]] unsigned warp() const { return number / 32; }
    [[nodiscard]] unsigned lane() const { return number % 32; }
};

/// Lanes of a warp that wait for others.
struct warp_group {
    meeting kind;
    unsigned mask, arrived, bytes;
    code_place at;
};

/// The block that runs.
struct device_block {
    uint3 index{};
    const cudaLaunchConfig_t* config = nullptr;
    const kernel_call* call = nullptr;
    std::vector<device_thread> threads;
    std::vector<unsigned> ready;                  ///< numbers of threads
    std::vector<std::vector<warp_group>> waiting; ///< by warp
    unsigned at_barrier = 0, returned = 0;
    int counted = 0;
    shared_memory shared;
    device_thread* running = nullptr;
    std::string fault; ///< not empty: the launch ends
};

/// The block that this thread of the processor runs, or null.
extern constinit thread_local device_block* present;

/// Whether the code that runs is a kernel's, and not the emulator's, which calls functions of the standard library that
/// may have been compiled with the kernels.
extern constinit thread_local bool in_kernel;
/// Begins every function that a kernel calls.
struct outside_kernel {
    outside_kernel() { in_kernel = false; }
    outside_kernel(const outside_kernel&) = delete;
    outside_kernel& operator=(const outside_kernel&) = delete;
    ~outside_kernel() { in_kernel = true; }
};

/// The running thread waits: back to the loop of the block; returns when its turn has come again.
void give_way();
void make_ready(device_thread& t);
/// Ends the launch: what this thread does wrong.
void report(const device_thread& t, const std::string& what, code_place at);
/// The same of the running thread, which does not go on.
[[noreturn]] void fail_thread(const std::string& what, code_place at);
const char* name_of(meeting kind);
std::string thread_text(const device_thread& t);
std::string waits_text(const device_thread& t);
std::string mask_text(unsigned mask);
std::string place_text(const code_place& at);
/// From the first block to the last; throws kernel_fault.
void run_kernel(const cudaLaunchConfig_t& config, const kernel_call& call);

} // namespace emulator
