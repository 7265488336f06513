/// \file
/// The product of a warp, c += a · b with a of 16 x 16 and b of 16 x 8 elements of 16 bits, and float sums: one
/// instruction (m16n8k16) of every GPU since sm_80. The emulator of the tests computes it from the same table.
///
/// Lane l holds, with g = l / 4 and t = l % 4: of a, element i at row g + 8 (i / 2 mod 2), column 2 t + i mod 2 + 8 (i
/// / 4); of b, element i at row 2 t + i mod 2 + 8 (i / 2), column g; of c, element i at row g + 8 (i / 2), column 2 t +
/// i mod 2. So the c of two neighbouring products, made narrow, is the a of the next one (FlashAttention-2).
///
/// Source: PTX ISA, mma.sync.aligned.m16n8k16.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <preflearn/backend/cuda/kernels/device.cuh>

namespace preflearn::cuda {

/// A lane's elements, two in a register, the one with the smaller i below.
template <HalfReal E> struct mma_a { std::uint32_t registers[4]; };
template <HalfReal E> struct mma_b { std::uint32_t registers[2]; };
struct mma_c {
    float values[4] = {0, 0, 0, 0};
};

/// Two elements as a register; they are neighbours in memory, the first below.
template <HalfReal E> __device__ __forceinline__ std::uint32_t two(E low, E high) {
    return std::uint32_t{low.bits} | std::uint32_t{high.bits} << 16;
}
/// The same of floats, rounded to E.
template <HalfReal E> __device__ __forceinline__ std::uint32_t narrow_two(float low, float high) {
#ifdef __CUDA_ARCH__
    std::uint32_t both;
    if constexpr (std::same_as<E, bfloat16>)
        asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
    else
        asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
    return both;
#else
    return two(narrow<E>(low), narrow<E>(high));
#endif
}
/// Two neighbours in memory, at an address that is a multiple of 4.
template <HalfReal E> __device__ __forceinline__ std::uint32_t load_two(const E* from) {
#ifdef __CUDACC__
    return *reinterpret_cast<const std::uint32_t*>(from);
#else
    typedef std::uint32_t word __attribute__((may_alias));
    return *reinterpret_cast<const word*>(from);
#endif
}

/// c += a · b; every lane of the warp comes.
template <HalfReal E> __device__ __forceinline__ void multiply_add(mma_c& c, const mma_a<E>& a, const mma_b<E>& b) {
#ifdef __CUDA_ARCH__
    if constexpr (std::same_as<E, bfloat16>)
        asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
            "{%0, %1, %2, %3};"
            : "+f"(c.values[0]), "+f"(c.values[1]), "+f"(c.values[2]), "+f"(c.values[3])
            : "r"(a.registers[0]), "r"(a.registers[1]), "r"(a.registers[2]), "r"(a.registers[3]), "r"(b.registers[0]),
              "r"(b.registers[1]));
    else
        asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
            "{%0, %1, %2, %3};"
            : "+f"(c.values[0]), "+f"(c.values[1]), "+f"(c.values[2]), "+f"(c.values[3])
            : "r"(a.registers[0]), "r"(a.registers[1]), "r"(a.registers[2]), "r"(a.registers[3]), "r"(b.registers[0]),
              "r"(b.registers[1]));
#elif !defined(__CUDACC__)
    emulator::multiply_warp(std::same_as<E, bfloat16>, a.registers, b.registers, c.values, emulator::place::here());
#endif
}

} // namespace preflearn::cuda
