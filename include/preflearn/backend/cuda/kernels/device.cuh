/// \file
/// What kernels have in common: 16 bytes of a row at once, elements to and from float, shared arrays, sums and maxima
/// of a warp or a block, and softmax normalisers. Everything is inlined by force: the checked build of the tests sees
/// memory as it is touched, and a call that returns a value would hide where it goes.
///
/// Shared arrays come from functions, never from `__shared__` variables: the emulator gives them bounds.
// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <cuda_runtime.h>

#include <preflearn/core/numbers/half.hpp>

namespace preflearn::cuda {

inline constexpr int warp_lanes = 32;
inline constexpr unsigned all_lanes = 0xffffffffU;

/// The lane of the calling thread, and its warp within the block. For blocks of one dimension.
__device__ __forceinline__ unsigned lane_index() { return threadIdx.x % warp_lanes; }
__device__ __forceinline__ unsigned warp_index() { return threadIdx.x / warp_lanes; }
__device__ __forceinline__ unsigned block_warps() { return (blockDim.x + warp_lanes - 1) / warp_lanes; }

// ---- elements

__device__ __forceinline__ float widen(float x) { return x; }
__device__ __forceinline__ float widen(bfloat16 x) { return std::bit_cast<float>(std::uint32_t{x.bits} << 16); }
__device__ __forceinline__ float widen(float16 x) {
#ifdef __CUDA_ARCH__
    float wide;
    asm("cvt.f32.f16 %0, %1;" : "=f"(wide) : "h"(x.bits));
    return wide;
#else
    return float_of_f16(x.bits);
#endif
}

namespace detail {

template <class E> struct narrowing;
template <> struct narrowing<float> {
    static __device__ __forceinline__ float of(float x) { return x; }
};
template <> struct narrowing<bfloat16> {
    static __device__ __forceinline__ bfloat16 of(float x) {
        bfloat16 narrow;
#ifdef __CUDA_ARCH__
        asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(narrow.bits) : "f"(x));
#else
        narrow.bits = bf16_of_float(x);
#endif
        return narrow;
    }
};
template <> struct narrowing<float16> {
    static __device__ __forceinline__ float16 of(float x) {
        float16 narrow;
#ifdef __CUDA_ARCH__
        asm("cvt.rn.f16.f32 %0, %1;" : "=h"(narrow.bits) : "f"(x));
#else
        narrow.bits = f16_of_float(x);
#endif
        return narrow;
    }
};

} // namespace detail

/// The element nearest to x; ties to even.
template <class E> __device__ __forceinline__ E narrow(float x) { return detail::narrowing<E>::of(x); }

// ---- 16 bytes at once

/// As many elements as 16 bytes hold.
template <class E> struct alignas(16) pack {
    static constexpr int size = static_cast<int>(16 / sizeof(E));
    E values[size];

    __device__ __forceinline__ E& operator[](int i) { return values[i]; }
    __device__ __forceinline__ const E& operator[](int i) const { return values[i]; }
};

namespace detail {

/// 16 bytes as one load or store, of whatever they are.
#ifdef __CUDACC__
using bits128 = uint4;
__device__ __forceinline__ bits128 whole(bits128 value) { return value; }
#else
__extension__ typedef unsigned __int128 bits128 __attribute__((may_alias));
using emulator::whole;
#endif

} // namespace detail

/// Reads, or writes, 16 bytes at an address that is a multiple of 16.
template <class E> __device__ __forceinline__ pack<E> load_pack(const E* from) {
    return std::bit_cast<pack<E>>(detail::whole(*reinterpret_cast<const detail::bits128*>(from)));
}
template <class E> __device__ __forceinline__ void store_pack(E* to, const pack<E>& values) {
    *reinterpret_cast<detail::bits128*>(to) = detail::whole(std::bit_cast<detail::bits128>(values));
}

/// Whether rows that begin here and lie `stride` elements apart may be read in packs as far as `columns` allow.
template <class E> bool packable(const E* data, std::size_t stride, std::size_t columns) {
    return reinterpret_cast<std::uintptr_t>(data) % 16 == 0 && stride * sizeof(E) % 16 == 0 &&
           columns % static_cast<std::size_t>(pack<E>::size) == 0;
}

// ---- shared memory

/// N elements of the block's shared memory, aligned to 16 bytes, not initialised. Calls with the same parameters give
/// the same array: a kernel that needs two of one kind tells them apart by Tag.
template <class T, int N, int Tag = 0> __device__ __forceinline__ T* shared_array() {
#ifdef __CUDACC__
    __shared__ alignas(16) T values[N];
    return values;
#else
    static char key;
    return static_cast<T*>(emulator::shared_bytes(&key, sizeof(T) * N, alignof(T) < 16 ? 16 : alignof(T)));
#endif
}

/// `count` elements that begin at byte `first`, a multiple of 16, of the launch's dynamic shared memory. Parts that are
/// used at the same time do not overlap.
template <class T> __device__ __forceinline__ T* dynamic_shared(std::size_t first, [[maybe_unused]] std::size_t count) {
#ifdef __CUDACC__
    extern __shared__ __align__(16) unsigned char dynamic_shared_bytes[];
    return reinterpret_cast<T*>(dynamic_shared_bytes + first);
#else
    return static_cast<T*>(emulator::dynamic_bytes(first, sizeof(T) * count, 16));
#endif
}

// ---- sums and maxima

struct sum_of {
    template <class T> __device__ __forceinline__ T operator()(T a, T b) const { return a + b; }
};
/// The larger; NaN where one is.
struct maximum_of {
    template <class T> __device__ __forceinline__ T operator()(T a, T b) const { return a > b || a != a ? a : b; }
};

/// Of each `Width` neighbouring lanes of a whole warp, in an order that is the same in every lane up to exchanges
/// within a pair, so that every lane has the same bits where `combine` commutes.
template <int Width = warp_lanes, class T, class Combine>
__device__ __forceinline__ T warp_reduce(T value, Combine combine) {
#pragma unroll
    for (int lanes = Width / 2; lanes > 0; lanes /= 2) value = combine(value, __shfl_xor_sync(all_lanes, value, lanes));
    return value;
}
template <int Width = warp_lanes, class T> __device__ __forceinline__ T warp_sum(T value) {
    return warp_reduce<Width>(value, sum_of{});
}
template <int Width = warp_lanes, class T> __device__ __forceinline__ T warp_max(T value) {
    return warp_reduce<Width>(value, maximum_of{});
}

/// Of all threads of a block of whole warps, in every thread. All threads must come. Barriers before and behind it are
/// not needed; calls of different `Tag` have scratch of their own.
template <int Tag = 0, class T, class Combine> __device__ __forceinline__ T block_reduce(T value, Combine combine) {
    T* const scratch = shared_array<T, warp_lanes, -1 - Tag>();
    value = warp_reduce(value, combine);
    if (block_warps() == 1) return value;
    if (lane_index() == 0) scratch[warp_index()] = value;
    __syncthreads();
    value = scratch[0];
    for (unsigned w = 1; w < block_warps(); ++w) value = combine(value, scratch[w]);
    __syncthreads();
    return value;
}
template <int Tag = 0, class T> __device__ __forceinline__ T block_sum(T value) {
    return block_reduce<Tag>(value, sum_of{});
}
template <int Tag = 0, class T> __device__ __forceinline__ T block_max(T value) {
    return block_reduce<Tag>(value, maximum_of{});
}

// ---- normalisers of a softmax, in powers of two

inline constexpr float log2_of_e = 1.442695040888963407F, ln_of_2 = 0.693147180559945309F;

/// Σ 2^{z − maximum} of the z so far.
struct log_sum {
    float maximum, sum;
};
/// Of nothing.
inline constexpr log_sum no_sum{-HUGE_VALF, 0};

/// What to subtract before 2^: the maximum, or 0 while there is none, since −∞ − (−∞) is NaN.
__device__ __forceinline__ float exponent_base(float maximum) { return maximum == -HUGE_VALF ? 0.0F : maximum; }

/// Of both; which comes first makes no difference.
__device__ __forceinline__ log_sum merge(log_sum a, log_sum b) {
    const float maximum = maximum_of{}(a.maximum, b.maximum), base = exponent_base(maximum);
    return {maximum, a.sum * exp2f(a.maximum - base) + b.sum * exp2f(b.maximum - base)};
}
__device__ __forceinline__ log_sum with(log_sum a, float z) { return merge(a, {z, 1}); }

/// log₂ Σ 2^z; −∞ of nothing.
__device__ __forceinline__ float log2_of(log_sum a) { return a.maximum + log2f(a.sum); }

template <int Width = warp_lanes> __device__ __forceinline__ log_sum warp_merge(log_sum a) {
#pragma unroll
    for (int lanes = Width / 2; lanes > 0; lanes /= 2) {
        const log_sum other{__shfl_xor_sync(all_lanes, a.maximum, lanes), __shfl_xor_sync(all_lanes, a.sum, lanes)};
        a = merge(a, other);
    }
    return a;
}

/// Of all threads of a block of whole warps, as block_reduce.
template <int Tag = 0> __device__ __forceinline__ log_sum block_merge(log_sum a) {
    log_sum* const scratch = shared_array<log_sum, warp_lanes, -1 - Tag>();
    a = warp_merge(a);
    if (block_warps() == 1) return a;
    if (lane_index() == 0) scratch[warp_index()] = a;
    __syncthreads();
    a = scratch[0];
    for (unsigned w = 1; w < block_warps(); ++w) a = merge(a, scratch[w]);
    __syncthreads();
    return a;
}

} // namespace preflearn::cuda
