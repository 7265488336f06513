/// \file
/// 16-bit floating point: IEEE 754 binary16 (F16) and bfloat16 (BF16) to and from float, by bits, so that no
/// compiler or processor extension is needed, and without branches, so that loops become vector code. Rounding to
/// 16 bits is to nearest, ties to even. `float16` and `bfloat16` are numbers as they lie in memory; sums of them are
/// taken in float.
// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include <preflearn/core/system/compiler.hpp>

namespace preflearn {

/// The float equal to an F16 bit pattern; exact, also for subnormals, infinities and NaN.
constexpr float float_of_f16(std::uint16_t bits) {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
    const std::uint32_t rest = static_cast<std::uint32_t>(bits & 0x7fffU) << 13;
    // Shifted into place the exponent is too small by 112; a multiplication by 2^112 mends it and normalises
    // subnormals. Infinity and NaN (exponent 31) get the all-ones exponent instead.
    const std::uint32_t finite = std::bit_cast<std::uint32_t>(std::bit_cast<float>(rest) * 0x1p112F);
    return std::bit_cast<float>(sign | (rest >= 0x0f800000U ? 0x7f800000U | rest : finite));
}

/// The F16 bit pattern nearest to a float; beyond 65520 it is infinity.
constexpr std::uint16_t f16_of_float(float value) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = (bits >> 16) & 0x8000U;
    const std::uint32_t magnitude = bits & 0x7fffffffU;
    const std::uint32_t normal = (magnitude - 0x38000000U + 0xfffU + ((magnitude >> 13) & 1U)) >> 13;
    // Adding 0.5 to a subnormal leaves value·2^24, rounded, in the low bits.
    const float shifted = std::bit_cast<float>(magnitude < 0x38800000U ? magnitude : 0U) + 0.5F;
    const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(shifted) - 0x3f000000U;
    const std::uint32_t not_a_number = 0x7e00U | ((magnitude >> 13) & 0x3ffU);
    std::uint32_t found = magnitude < 0x38800000U ? subnormal : normal;
    found = magnitude >= 0x477ff000U ? 0x7c00U : found;
    found = magnitude > 0x7f800000U ? not_a_number : found;
    return static_cast<std::uint16_t>(sign | found);
}

constexpr float float_of_bf16(std::uint16_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// The BF16 bit pattern nearest to a float; a NaN stays one.
constexpr std::uint16_t bf16_of_float(float value) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t rounded = (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;
    const std::uint32_t not_a_number = (bits >> 16) | 0x40U;
    return static_cast<std::uint16_t>((bits & 0x7fffffffU) > 0x7f800000U ? not_a_number : rounded);
}

/// A number stored as F16.
struct float16 {
    std::uint16_t bits;

    float16() = default;
    explicit constexpr float16(float value) : bits(f16_of_float(value)) {}
    constexpr operator float() const { return float_of_f16(bits); }
};

/// A number stored as BF16.
struct bfloat16 {
    std::uint16_t bits;

    bfloat16() = default;
    explicit constexpr bfloat16(float value) : bits(bf16_of_float(value)) {}
    constexpr operator float() const { return float_of_bf16(bits); }
};

template <class T>
concept HalfReal = std::same_as<T, float16> || std::same_as<T, bfloat16>;

/// Any type in which real numbers are stored: float, double, or one of 16 bits.
template <class T>
concept StoredReal = std::floating_point<T> || HalfReal<T>;

/// The type in which numbers stored as T are computed: float for those of 16 bits, else T itself.
template <StoredReal T> using computed_t = std::conditional_t<HalfReal<T>, float, T>;

} // namespace preflearn
