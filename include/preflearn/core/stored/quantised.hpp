/// \file
/// The quantised blocks of ggml: a few small integers share one or two scales, x = d·q (+ m). The products are
/// exact in float (an F16 scale times at most 13 bits), so each value is rounded at most once and equals
/// ggml's. The bit layouts are fixed by ggml (ggml-common.h); the kernels are written from these layouts.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <preflearn/core/numbers/half.hpp>

namespace preflearn {

namespace detail {

inline unsigned byte_at(const std::byte* block, std::size_t at) { return std::to_integer<unsigned>(block[at]); }
inline int signed_byte_at(const std::byte* block, std::size_t at) {
    return static_cast<std::int8_t>(std::to_integer<std::uint8_t>(block[at]));
}
inline float f16_at(const std::byte* block, std::size_t at) {
    std::uint16_t bits;
    std::memcpy(&bits, block + at, sizeof bits);
    return float_of_f16(bits);
}
inline std::uint32_t word_at(const std::byte* block, std::size_t at) {
    std::uint32_t word;
    std::memcpy(&word, block + at, sizeof word);
    return word;
}

/// Element i of 32 in 16 bytes: the low halves of all bytes first, then the high halves.
inline unsigned nibble_of_32(const std::byte* packed, std::size_t i) {
    return i < 16 ? byte_at(packed, i) & 15U : byte_at(packed, i - 16) >> 4;
}

/// The 6-bit scale and minimum of group j of 8 (Q4_K and Q5_K), packed in 12 bytes.
struct scale_and_minimum {
    unsigned scale;
    unsigned minimum;
};
inline scale_and_minimum scales_of_8(const std::byte* packed, std::size_t j) {
    if (j < 4) return {byte_at(packed, j) & 63U, byte_at(packed, j + 4) & 63U};
    return {(byte_at(packed, j + 4) & 15U) | (byte_at(packed, j - 4) >> 6) << 4,
            byte_at(packed, j + 4) >> 4 | (byte_at(packed, j) >> 6) << 4};
}

} // namespace detail

/// 32 × 8 bits: d (F16), q[32] signed. x = d·q.
struct q8_0_format {
    static constexpr std::size_t elements = 32;
    static constexpr std::size_t bytes = 34;
    template <class T> static void decode(const std::byte* block, T* out) {
        const float d = detail::f16_at(block, 0);
        for (std::size_t i = 0; i < 32; ++i) {
            out[i] = static_cast<T>(d * static_cast<float>(detail::signed_byte_at(block, 2 + i)));
        }
    }
};

/// 32 × 4 bits: d (F16), q[16]. x = d·(q - 8).
struct q4_0_format {
    static constexpr std::size_t elements = 32;
    static constexpr std::size_t bytes = 18;
    template <class T> static void decode(const std::byte* block, T* out) {
        const float d = detail::f16_at(block, 0);
        for (std::size_t i = 0; i < 32; ++i) {
            out[i] = static_cast<T>(d * static_cast<float>(static_cast<int>(detail::nibble_of_32(block + 2, i)) - 8));
        }
    }
};

/// 32 × 4 bits: d, m (F16), q[16]. x = d·q + m.
struct q4_1_format {
    static constexpr std::size_t elements = 32;
    static constexpr std::size_t bytes = 20;
    template <class T> static void decode(const std::byte* block, T* out) {
        const float d = detail::f16_at(block, 0), m = detail::f16_at(block, 2);
        for (std::size_t i = 0; i < 32; ++i) {
            out[i] = static_cast<T>(d * static_cast<float>(detail::nibble_of_32(block + 4, i)) + m);
        }
    }
};

/// 32 × 5 bits: d (F16), the fifth bits (32-bit word), q[16]. x = d·(q - 16).
struct q5_0_format {
    static constexpr std::size_t elements = 32;
    static constexpr std::size_t bytes = 22;
    template <class T> static void decode(const std::byte* block, T* out) {
        const float d = detail::f16_at(block, 0);
        const std::uint32_t fifth = detail::word_at(block, 2);
        for (std::size_t i = 0; i < 32; ++i) {
            const unsigned q = detail::nibble_of_32(block + 6, i) | (fifth >> i & 1U) << 4;
            out[i] = static_cast<T>(d * static_cast<float>(static_cast<int>(q) - 16));
        }
    }
};

/// 32 × 5 bits: d, m (F16), the fifth bits (32-bit word), q[16]. x = d·q + m.
struct q5_1_format {
    static constexpr std::size_t elements = 32;
    static constexpr std::size_t bytes = 24;
    template <class T> static void decode(const std::byte* block, T* out) {
        const float d = detail::f16_at(block, 0), m = detail::f16_at(block, 2);
        const std::uint32_t fifth = detail::word_at(block, 4);
        for (std::size_t i = 0; i < 32; ++i) {
            const unsigned q = detail::nibble_of_32(block + 8, i) | (fifth >> i & 1U) << 4;
            out[i] = static_cast<T>(d * static_cast<float>(q) + m);
        }
    }
};

/// 256 × 2 bits in 16 groups: scales[16] (low half: scale, high half: minimum), q[64], d, m (F16).
/// x = d·scale·q - m·minimum.
struct q2_k_format {
    static constexpr std::size_t elements = 256;
    static constexpr std::size_t bytes = 84;
    template <class T> static void decode(const std::byte* block, T* out) {
        const float d = detail::f16_at(block, 80), m = detail::f16_at(block, 82);
        for (std::size_t group = 0, first = 0; group < 16; ++group, first += 16) {
            const unsigned packed = detail::byte_at(block, group);
            const float step = d * static_cast<float>(packed & 15U), base = m * static_cast<float>(packed >> 4);
            const std::byte* const low = block + 16 + first / 128 * 32 + first % 32;
            for (std::size_t i = 0; i < 16; ++i) {
                const unsigned q = detail::byte_at(low, i) >> (first % 128 / 32 * 2) & 3U;
                out[first + i] = static_cast<T>(step * static_cast<float>(q) - base);
            }
        }
    }
};

/// 256 × 3 bits in 16 groups: the third bits (inverted) in 32 bytes, q[64], 16 six-bit scales in 12 bytes, d (F16).
/// x = d·(scale - 32)·(q - 4).
struct q3_k_format {
    static constexpr std::size_t elements = 256;
    static constexpr std::size_t bytes = 110;
    template <class T> static void decode(const std::byte* block, T* out) {
        const float d = detail::f16_at(block, 108);
        const std::byte* const scales = block + 96;
        for (std::size_t group = 0; group < 16; ++group) {
            const unsigned low = detail::byte_at(scales, group % 8) >> (group < 8 ? 0 : 4) & 15U;
            const unsigned high = detail::byte_at(scales, 8 + group % 4) >> (group / 4 * 2) & 3U;
            const float scale = d * static_cast<float>(static_cast<int>(low | high << 4) - 32);
            const std::size_t first = group * 16;
            const std::byte *const thirds = block + first % 32, *const two = thirds + 32 + first / 128 * 32;
            for (std::size_t i = 0; i < 16; ++i) {
                const unsigned q = detail::byte_at(two, i) >> (first % 128 / 32 * 2) & 3U;
                const unsigned third = detail::byte_at(thirds, i) >> (first / 32) & 1U;
                out[first + i] = static_cast<T>(scale * static_cast<float>(static_cast<int>(q | third << 2) - 4));
            }
        }
    }
};

/// 256 × 4 bits in 8 groups: d, m (F16), 6-bit scales and minima in 12 bytes, q[128].
/// x = d·scale·q - m·minimum.
struct q4_k_format {
    static constexpr std::size_t elements = 256;
    static constexpr std::size_t bytes = 144;
    template <class T> static void decode(const std::byte* block, T* out) {
        const float d = detail::f16_at(block, 0), m = detail::f16_at(block, 2);
        for (std::size_t group = 0; group < 8; ++group) {
            const auto [scale, minimum] = detail::scales_of_8(block + 4, group);
            const float step = d * static_cast<float>(scale), base = m * static_cast<float>(minimum);
            const std::byte* const packed = block + 16 + group / 2 * 32;
            for (std::size_t i = 0; i < 32; ++i) {
                const unsigned q = detail::byte_at(packed, i) >> (group % 2 * 4) & 15U;
                out[group * 32 + i] = static_cast<T>(step * static_cast<float>(q) - base);
            }
        }
    }
};

/// 256 × 5 bits in 8 groups: as Q4_K, with the fifth bits in 32 bytes before q[128].
struct q5_k_format {
    static constexpr std::size_t elements = 256;
    static constexpr std::size_t bytes = 176;
    template <class T> static void decode(const std::byte* block, T* out) {
        const float d = detail::f16_at(block, 0), m = detail::f16_at(block, 2);
        for (std::size_t group = 0; group < 8; ++group) {
            const auto [scale, minimum] = detail::scales_of_8(block + 4, group);
            const float step = d * static_cast<float>(scale), base = m * static_cast<float>(minimum);
            const std::byte* const packed = block + 48 + group / 2 * 32;
            for (std::size_t i = 0; i < 32; ++i) {
                const unsigned fifth = detail::byte_at(block, 16 + i) >> group & 1U;
                const unsigned q = (detail::byte_at(packed, i) >> (group % 2 * 4) & 15U) | fifth << 4;
                out[group * 32 + i] = static_cast<T>(step * static_cast<float>(q) - base);
            }
        }
    }
};

/// 256 × 6 bits in 16 groups: low halves q[128], high bits [64], scales[16] signed, d (F16). x = d·scale·(q - 32).
struct q6_k_format {
    static constexpr std::size_t elements = 256;
    static constexpr std::size_t bytes = 210;
    template <class T> static void decode(const std::byte* block, T* out) {
        const float d = detail::f16_at(block, 208);
        // 16 bytes of high bits belong to four groups, of which two and two share their low halves' bytes
        for (std::size_t sixteen = 0; sixteen < 4; ++sixteen) {
            const std::size_t half = sixteen / 2, within = sixteen % 2 * 16;
            const std::byte *const lows = block + half * 64 + within, *const highs = block + 128 + half * 32 + within;
            T* const to = out + half * 128 + within;
            float scales[4]; // NOLINT
            for (std::size_t quarter = 0; quarter < 4; ++quarter)
                scales[quarter] =
                    d * static_cast<float>(detail::signed_byte_at(block, 192 + half * 8 + quarter * 2 + sixteen % 2));
            for (std::size_t i = 0; i < 16; ++i) {
                const unsigned first = detail::byte_at(lows, i), second = detail::byte_at(lows, 32 + i),
                               high = detail::byte_at(highs, i);
                const auto number = [](unsigned low, unsigned two) {
                    return static_cast<float>(static_cast<int>((low & 15U) | (two & 3U) << 4) - 32);
                };
                to[i] = static_cast<T>(scales[0] * number(first, high));
                to[32 + i] = static_cast<T>(scales[1] * number(second, high >> 2));
                to[64 + i] = static_cast<T>(scales[2] * number(first >> 4, high >> 4));
                to[96 + i] = static_cast<T>(scales[3] * number(second >> 4, high >> 6));
            }
        }
    }
};

} // namespace preflearn
