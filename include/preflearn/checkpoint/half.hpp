/// \file
/// 16-bit floating point: IEEE 754 binary16 (F16) and bfloat16 (BF16) to and from float, by bits, so that no
/// compiler or processor extension is needed. Rounding to 16 bits is to nearest, ties to even.
// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>

namespace preflearn {

/// The float equal to an F16 bit pattern; exact, also for subnormals, infinities and NaN.
constexpr float float_of_f16(std::uint16_t bits) {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
    const std::uint32_t rest = static_cast<std::uint32_t>(bits & 0x7fffU) << 13;
    // Shifted into place the exponent is too small by 112; a multiplication by 2^112 mends it and normalises
    // subnormals. Infinity and NaN (exponent 31) get the all-ones exponent instead.
    if ((bits & 0x7c00U) == 0x7c00U) return std::bit_cast<float>(sign | 0x7f800000U | rest);
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(std::bit_cast<float>(rest) * 0x1p112F) | sign);
}

/// The F16 bit pattern nearest to a float; beyond 65520 it is infinity.
constexpr std::uint16_t f16_of_float(float value) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000U);
    const std::uint32_t magnitude = bits & 0x7fffffffU;
    if (magnitude > 0x7f800000U) return static_cast<std::uint16_t>(sign | 0x7e00U | ((magnitude >> 13) & 0x3ffU));
    if (magnitude >= 0x477ff000U) return static_cast<std::uint16_t>(sign | 0x7c00U);
    if (magnitude < 0x38800000U) { // subnormal: adding 0.5 leaves value·2^24, rounded, in the low bits
        const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
        return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3f000000U));
    }
    const std::uint32_t rounded = magnitude - 0x38000000U + 0xfffU + ((magnitude >> 13) & 1U);
    return static_cast<std::uint16_t>(sign | (rounded >> 13));
}

constexpr float float_of_bf16(std::uint16_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// The BF16 bit pattern nearest to a float; a NaN stays one.
constexpr std::uint16_t bf16_of_float(float value) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>((bits >> 16) | 0x40U);
    return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

} // namespace preflearn
