/// \file
/// The part of CUDA's language that the library's kernels use, for the emulator: built-in variables, barriers, warp
/// operations, atomics, mathematical functions and launches. Kernels are plain functions here; scheduler.cpp runs them.
// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include <cuda_runtime_api.h>

extern constinit thread_local uint3 threadIdx, blockIdx;
extern constinit thread_local dim3 blockDim, gridDim;
inline constexpr int warpSize = 32;

namespace emulator {

/// A line of a kernel.
struct place {
    const char* file;
    int line;
    static constexpr place here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
        return {file, line};
    }
};

enum class meeting {
    barrier,
    barrier_count,
    syncwarp,
    shuffle,
    shuffle_up,
    shuffle_down,
    shuffle_xor,
    ballot,
    product
};

/// The calling thread waits for all of its block; of `value`s, how many are not 0.
int meet_block(meeting kind, int value, place at);
/// Waits for the lanes that the mask names. \returns what the lane receives
std::uint64_t meet_warp(meeting kind, unsigned mask, std::uint64_t value, unsigned bytes, int argument, int width,
                        place at);
/// The warp's product of 16-bit numbers, c += a · b, 16 x 16 by 16 x 8, spread over the lanes as PTX's
/// mma.sync.m16n8k16 says.
void multiply_warp(bool bfloat, const std::uint32_t (&a)[4], const std::uint32_t (&b)[2], float (&c)[4], place at);

/// Of memory: what the thread did is seen before what it does.
void fence();

enum class atomic { add, maximum, minimum, exchange, compare, bit_and, bit_or };
/// Of int, unsigned, unsigned long long, float and double; \returns the old value
template <class T> T change(atomic kind, T* address, T value, T compare, place at);

/// An array of the block's shared memory: the same key is the same array.
void* shared_bytes(const void* key, std::size_t bytes, std::size_t alignment);
/// Bytes `first` … `first + bytes` of the launch's dynamic shared memory, with bounds of their own.
void* dynamic_bytes(std::size_t first, std::size_t bytes, std::size_t alignment);
std::size_t dynamic_size();

/// A kernel and its arguments.
struct kernel_call {
    const void* kernel;
    std::shared_ptr<void> arguments;
    std::size_t bytes;
    void (*run)(void* arguments);
};
cudaError_t start(const cudaLaunchConfig_t& config, kernel_call call);
/// Says that the running thread did something that it must not.
[[noreturn]] void fail(const char* what, place at = place::here());

/// Keeps a compiler from taking a value apart, so that an access is one access.
template <class T> __forceinline__ T whole(T value) {
    asm("" : "+r"(value));
    return value;
}

template <class T> __forceinline__ T shuffle(meeting kind, unsigned mask, T value, int argument, int width, place at) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "shuffles move 4 or 8 bytes");
    using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    const std::uint64_t found = meet_warp(kind, mask, std::bit_cast<bits>(value), sizeof(T), argument, width, at);
    return std::bit_cast<T>(static_cast<bits>(found));
}

} // namespace emulator

__forceinline__ void __syncthreads(emulator::place at = emulator::place::here()) {
    emulator::meet_block(emulator::meeting::barrier, 0, at);
    asm volatile("" ::: "memory");
}
__forceinline__ int __syncthreads_count(int predicate, emulator::place at = emulator::place::here()) {
    return emulator::meet_block(emulator::meeting::barrier_count, predicate, at);
}
__forceinline__ int __syncthreads_or(int predicate, emulator::place at = emulator::place::here()) {
    return emulator::meet_block(emulator::meeting::barrier_count, predicate, at) != 0;
}
__forceinline__ int __syncthreads_and(int predicate, emulator::place at = emulator::place::here()) {
    return emulator::meet_block(emulator::meeting::barrier_count, predicate == 0, at) == 0;
}
__forceinline__ void __syncwarp(unsigned mask = 0xffffffffU, emulator::place at = emulator::place::here()) {
    emulator::meet_warp(emulator::meeting::syncwarp, mask, 0, 0, 0, 32, at);
    asm volatile("" ::: "memory");
}
template <class T>
__forceinline__ T __shfl_sync(unsigned mask, T value, int lane, int width = 32,
                              emulator::place at = emulator::place::here()) {
    return emulator::shuffle(emulator::meeting::shuffle, mask, value, lane, width, at);
}
template <class T>
__forceinline__ T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                                 emulator::place at = emulator::place::here()) {
    return emulator::shuffle(emulator::meeting::shuffle_up, mask, value, static_cast<int>(delta), width, at);
}
template <class T>
__forceinline__ T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                                   emulator::place at = emulator::place::here()) {
    return emulator::shuffle(emulator::meeting::shuffle_down, mask, value, static_cast<int>(delta), width, at);
}
template <class T>
__forceinline__ T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32,
                                  emulator::place at = emulator::place::here()) {
    return emulator::shuffle(emulator::meeting::shuffle_xor, mask, value, lanes, width, at);
}
__forceinline__ unsigned __ballot_sync(unsigned mask, int predicate, emulator::place at = emulator::place::here()) {
    return static_cast<unsigned>(emulator::meet_warp(emulator::meeting::ballot, mask, predicate != 0, 4, 0, 32, at));
}
__forceinline__ int __any_sync(unsigned mask, int predicate, emulator::place at = emulator::place::here()) {
    return __ballot_sync(mask, predicate, at) != 0;
}
__forceinline__ int __all_sync(unsigned mask, int predicate, emulator::place at = emulator::place::here()) {
    return __ballot_sync(mask, predicate, at) == mask;
}
__forceinline__ void __threadfence() {
    emulator::fence();
    asm volatile("" ::: "memory");
}
__forceinline__ void __threadfence_block() { __threadfence(); }

template <class T>
__forceinline__ T atomicAdd(T* address, std::type_identity_t<T> value, emulator::place at = emulator::place::here()) {
    return emulator::change(emulator::atomic::add, address, value, T{}, at);
}
template <class T>
__forceinline__ T atomicMax(T* address, std::type_identity_t<T> value, emulator::place at = emulator::place::here()) {
    return emulator::change(emulator::atomic::maximum, address, value, T{}, at);
}
template <class T>
__forceinline__ T atomicMin(T* address, std::type_identity_t<T> value, emulator::place at = emulator::place::here()) {
    return emulator::change(emulator::atomic::minimum, address, value, T{}, at);
}
template <class T>
__forceinline__ T atomicExch(T* address, std::type_identity_t<T> value, emulator::place at = emulator::place::here()) {
    return emulator::change(emulator::atomic::exchange, address, value, T{}, at);
}
template <class T>
__forceinline__ T atomicAnd(T* address, std::type_identity_t<T> value, emulator::place at = emulator::place::here()) {
    return emulator::change(emulator::atomic::bit_and, address, value, T{}, at);
}
template <class T>
__forceinline__ T atomicOr(T* address, std::type_identity_t<T> value, emulator::place at = emulator::place::here()) {
    return emulator::change(emulator::atomic::bit_or, address, value, T{}, at);
}
template <class T>
__forceinline__ T atomicCAS(T* address, std::type_identity_t<T> compare, std::type_identity_t<T> value,
                            emulator::place at = emulator::place::here()) {
    return emulator::change(emulator::atomic::compare, address, value, compare, at);
}

template <class T> __forceinline__ T __ldg(const T* address) { return *address; }
template <class T> __forceinline__ T __ldcs(const T* address) { return *address; }
template <class T> __forceinline__ void __stcs(T* address, T value) { *address = value; }

// The device's forms of these are less exact than the processor's.
__forceinline__ float __expf(float x) { return std::exp(x); }
__forceinline__ float __logf(float x) { return std::log(x); }
__forceinline__ float __log2f(float x) { return std::log2(x); }
__forceinline__ float __fdividef(float x, float y) { return x / y; }
__forceinline__ float __frcp_rn(float x) { return 1 / x; }
__forceinline__ float __frsqrt_rn(float x) { return 1 / std::sqrt(x); }
__forceinline__ float __fsqrt_rn(float x) { return std::sqrt(x); }
__forceinline__ float __fmaf_rn(float x, float y, float z) { return std::fma(x, y, z); }
__forceinline__ float __fadd_rn(float x, float y) { return x + y; }
__forceinline__ float __fmul_rn(float x, float y) { return x * y; }
__forceinline__ float __saturatef(float x) { return x > 0 ? (x < 1 ? x : 1.0F) : 0.0F; }
__forceinline__ float rsqrtf(float x) { return 1 / std::sqrt(x); }
__forceinline__ double rsqrt(double x) { return 1 / std::sqrt(x); }
__forceinline__ int max(int a, int b) { return a < b ? b : a; }
__forceinline__ int min(int a, int b) { return b < a ? b : a; }
__forceinline__ unsigned max(unsigned a, unsigned b) { return a < b ? b : a; }
__forceinline__ unsigned min(unsigned a, unsigned b) { return b < a ? b : a; }
__forceinline__ unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
__forceinline__ int __float_as_int(float x) { return std::bit_cast<int>(x); }
__forceinline__ float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
__forceinline__ float __int_as_float(int x) { return std::bit_cast<float>(x); }
__forceinline__ int __popc(unsigned x) { return std::popcount(x); }
__forceinline__ int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
__forceinline__ int __ffs(int x) { return x == 0 ? 0 : std::countr_zero(static_cast<unsigned>(x)) + 1; }
[[noreturn]] __forceinline__ void __trap(emulator::place at = emulator::place::here()) {
    emulator::fail("executes __trap", at);
}

struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(8) uint2 {
    unsigned x, y;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};

/// Starts a kernel; what it did wrong is thrown as emulator::kernel_fault.
template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
    struct call {
        void (*kernel)(Parameters...);
        std::tuple<std::remove_cvref_t<Parameters>...> values;
    };
    auto made = std::make_shared<call>(call{kernel, {std::forward<Arguments>(arguments)...}});
    return emulator::start(*config, {.kernel = reinterpret_cast<const void*>(kernel),
                                     .arguments = made,
                                     .bytes = sizeof(call),
                                     .run = [](void* given) {
                                         const call& c = *static_cast<const call*>(given);
                                         std::apply(c.kernel, c.values);
                                     }});
}
/// For the attributes of a kernel given by its name.
template <class... Parameters>
cudaError_t cudaFuncSetAttribute(void (*kernel)(Parameters...), cudaFuncAttribute attribute, int value) {
    return cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), attribute, value);
}
template <class... Parameters>
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, void (*kernel)(Parameters...)) {
    return cudaFuncGetAttributes(attributes, reinterpret_cast<const void*>(kernel));
}
