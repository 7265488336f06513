/// \file
/// Stored numbers decoded in registers, of as many rows as a vector has lanes (lanes.hpp) at one inner index after the
/// other, without being written anywhere: 16 bytes of every row are turned as four words, and a word yields the numbers
/// of its bytes or halves. They are the very numbers that quantised.hpp gives: all products are exact in float, so at
/// most one rounding happens, in the same place.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <Eigen/Core>

#include <preflearn/core/stored/element.hpp>
#include <preflearn/products/lanes.hpp>

namespace preflearn::detail {

/// Numbers of 32 bits: 16 at a time, a cache line a row.
struct turned_f32 {
    static constexpr std::size_t depth = 16, block = 16, block_size = 64, parts = 1, of_word = 1;
    lane_words words[16]; // NOLINT

    void load(const lane_rows& rows, std::size_t at, std::size_t /*piece*/) {
        for (std::size_t i = 0; i < 4; ++i) rows.four_words(at + 16 * i, words + 4 * i);
    }
    template <std::size_t, std::size_t> [[nodiscard]] lane_floats value(std::size_t word) const {
        return floats_of(words[word]);
    }
};

/// Numbers of 16 bits: 32 at a time, a cache line a row.
template <bool Brain> struct turned_halves {
    static constexpr std::size_t depth = 32, block = 32, block_size = 64, parts = 1, of_word = 2;
    lane_words words[16]; // NOLINT

    void load(const lane_rows& rows, std::size_t at, std::size_t /*piece*/) {
        for (std::size_t i = 0; i < 4; ++i) rows.four_words(at + 16 * i, words + 4 * i);
    }
    template <std::size_t, std::size_t Half> [[nodiscard]] lane_floats value(std::size_t word) const {
        const lane_words both = words[word];
        if constexpr (Brain) return floats_of(Half == 0 ? both << 16 : both & 0xffff0000U);
        return floats_of_f16(Half == 0 ? both & 0xffffU : both >> 16);
    }
};

/// scale · q + base, where the product is exact, so that it does not matter which targets fuse the two.
inline lane_floats scaled(lane_floats q, lane_floats scale, lane_floats base) {
    return std::bit_cast<lane_floats>(Eigen::internal::pmadd(
        std::bit_cast<float_packet>(scale), std::bit_cast<float_packet>(q), std::bit_cast<float_packet>(base)));
}
inline lane_floats number_of(lane_words q) {
    return __builtin_convertvector(std::bit_cast<lane_integers>(q), lane_floats);
}

/// Small integers q of a quantised block as halves of bytes: `Words` times four bytes, whose low halves are a part,
/// then their high halves. Numbers are scale · (q − Centre), or, where there is a base, scale · q + base; each part may
/// have a scale of its own.
template <unsigned Centre, bool Base, std::size_t Words, std::size_t Scales = 1> struct turned_nibbles {
    static constexpr std::size_t depth = 8 * Words, parts = 2, of_word = 4, scales = Scales;
    static constexpr unsigned centre = Centre;
    static constexpr bool has_base = Base;
    lane_words words[Words];                 // NOLINT
    lane_floats scale[Scales], base[Scales]; // NOLINT

    template <std::size_t Part, std::size_t Byte> [[nodiscard]] lane_floats value(std::size_t word) const {
        constexpr auto down = static_cast<unsigned>(8 * Byte + 4 * Part);
        constexpr std::size_t s = Part % Scales;
        const lane_words q = down == 28 ? words[word] >> down : words[word] >> down & 15U;
        if constexpr (Base) return scaled(number_of(q), scale[s], base[s]);
        return number_of(q - Centre) * scale[s];
    }
    /// The integers of a word, a byte each.
    template <std::size_t Part> [[nodiscard]] lane_words bytes(std::size_t word) const {
        return words[word] >> static_cast<unsigned>(4 * Part) & 0x0f0f0f0fU;
    }
    void load_words(const lane_rows& rows, std::size_t at) {
        for (std::size_t i = 0; i < Words; i += 4) rows.four_words(at + 4 * i, words + i);
    }
};

/// 32 of them as bytes. Each 16 have a scale of their own in some types.
template <unsigned Centre, bool Base, std::size_t Scales = 1> struct turned_bytes {
    static constexpr std::size_t depth = 32, parts = 1, of_word = 4, scales = Scales;
    static constexpr unsigned centre = Centre;
    static constexpr bool has_base = Base;
    lane_words words[8];                     // NOLINT
    lane_floats scale[Scales], base[Scales]; // NOLINT

    template <std::size_t, std::size_t Byte> [[nodiscard]] lane_floats value(std::size_t word) const {
        const lane_words q = Byte == 3 ? words[word] >> 24 : words[word] >> static_cast<unsigned>(8 * Byte) & 255U;
        const std::size_t s = Scales == 1 ? 0 : word / 4;
        if constexpr (Base) return scaled(number_of(q), scale[s], base[s]);
        return number_of(q - Centre) * scale[s];
    }
    template <std::size_t> [[nodiscard]] lane_words bytes(std::size_t word) const { return words[word]; }
    /// 16 bytes at `at` hold the low halves of 16 bytes, then their high halves.
    void load_halves(const lane_rows& rows, std::size_t at) {
        rows.four_words(at, words);
        for (std::size_t i = 0; i < 4; ++i) {
            words[4 + i] = words[i] >> 4 & 0x0f0f0f0fU;
            words[i] &= 0x0f0f0f0fU;
        }
    }
    /// 32 bytes at `at`, shifted down, of each some bits.
    void load_bits(const lane_rows& rows, std::size_t at, unsigned down, std::uint32_t mask) {
        rows.four_words(at, words);
        rows.four_words(at + 16, words + 4);
        for (lane_words& w : words) w = w >> down & mask;
    }
    /// Bit i of `fifth` becomes the fifth bit of byte i.
    void add_fifth_bits(lane_words fifth) {
        for (std::size_t i = 0; i < 8; ++i, fifth >>= 4)
            words[i] |= (fifth & 1U) << 4 | (fifth & 2U) << 11 | (fifth & 4U) << 18 | (fifth & 8U) << 25;
    }
};

struct turned_q8_0 : turned_bytes<128, false> {
    static constexpr std::size_t block = 32, block_size = 34;
    void load(const lane_rows& rows, std::size_t at, std::size_t /*piece*/) {
        scale[0] = floats_of_f16(rows.half(at));
        rows.four_words(at + 2, words);
        rows.four_words(at + 18, words + 4);
    }
    template <std::size_t, std::size_t Byte> [[nodiscard]] lane_floats value(std::size_t word) const { // signed bytes
        const auto q = std::bit_cast<lane_integers>(words[word] << static_cast<unsigned>(24 - 8 * Byte)) >> 24;
        return __builtin_convertvector(q, lane_floats) * scale[0];
    }
    template <std::size_t> [[nodiscard]] lane_words bytes(std::size_t word) const { return words[word] ^ 0x80808080U; }
};
struct turned_q4_0 : turned_nibbles<8, false, 4> {
    static constexpr std::size_t block = 32, block_size = 18;
    void load(const lane_rows& rows, std::size_t at, std::size_t /*piece*/) {
        scale[0] = floats_of_f16(rows.half(at));
        load_words(rows, at + 2);
    }
};
struct turned_q4_1 : turned_nibbles<0, true, 4> {
    static constexpr std::size_t block = 32, block_size = 20;
    void load(const lane_rows& rows, std::size_t at, std::size_t /*piece*/) {
        const lane_words both = rows.word(at);
        scale[0] = floats_of_f16(both & 0xffffU);
        base[0] = floats_of_f16(both >> 16);
        load_words(rows, at + 4);
    }
};
struct turned_q5_0 : turned_bytes<16, false> {
    static constexpr std::size_t block = 32, block_size = 22;
    void load(const lane_rows& rows, std::size_t at, std::size_t /*piece*/) {
        scale[0] = floats_of_f16(rows.half(at));
        load_halves(rows, at + 6);
        add_fifth_bits(rows.word(at + 2));
    }
};
struct turned_q5_1 : turned_bytes<0, true> {
    static constexpr std::size_t block = 32, block_size = 24;
    void load(const lane_rows& rows, std::size_t at, std::size_t /*piece*/) {
        const lane_words both = rows.word(at);
        scale[0] = floats_of_f16(both & 0xffffU);
        base[0] = floats_of_f16(both >> 16);
        load_halves(rows, at + 8);
        add_fifth_bits(rows.word(at + 4));
    }
};

/// Scale and base of group `group` of 8 (Q4_K and Q5_K), which the first 16 bytes of a block hold as four words.
inline void k_scale_of(const lane_words (&head)[4], std::size_t group, lane_floats& scale, lane_floats& base) {
    const auto down = static_cast<unsigned>(group % 4 * 8);
    lane_words step = head[1] >> down, minimum = head[2] >> down;
    if (group < 4) {
        step &= 63U;
        minimum &= 63U;
    } else {
        const lane_words last = head[3] >> down;
        step = (last & 15U) | (step >> 2 & 0x30U);
        minimum = (last >> 4 & 15U) | (minimum >> 2 & 0x30U);
    }
    scale = floats_of_f16(head[0] & 0xffffU) * number_of(step);
    base = -(floats_of_f16(head[0] >> 16) * number_of(minimum));
}

/// A piece is two groups.
struct turned_q4_k : turned_nibbles<0, true, 8, 2> {
    static constexpr std::size_t block = 256, block_size = 144;
    void load(const lane_rows& rows, std::size_t at, std::size_t piece) {
        lane_words head[4]; // NOLINT
        rows.four_words(at, head);
        for (std::size_t part = 0; part < 2; ++part) k_scale_of(head, 2 * piece + part, scale[part], base[part]);
        load_words(rows, at + 16 + piece * 32);
    }
};
struct turned_q5_k : turned_bytes<0, true> {
    static constexpr std::size_t block = 256, block_size = 176;
    void load(const lane_rows& rows, std::size_t at, std::size_t group) {
        lane_words head[4]; // NOLINT
        rows.four_words(at, head);
        k_scale_of(head, group, scale[0], base[0]);
        load_bits(rows, at + 16, static_cast<unsigned>(group), 0x01010101U);
        lane_words fifth[8]; // NOLINT
        std::copy_n(words, 8, fifth);
        load_bits(rows, at + 48 + group / 2 * 32, static_cast<unsigned>(group % 2 * 4), 0x0f0f0f0fU);
        for (std::size_t i = 0; i < 8; ++i) words[i] |= fifth[i] << 4;
    }
};
/// A piece is two groups of 16.
struct turned_q6_k : turned_bytes<32, false, 2> {
    static constexpr std::size_t block = 256, block_size = 210;
    void load(const lane_rows& rows, std::size_t at, std::size_t piece) {
        const std::size_t half = piece / 4, quarter = piece % 4;
        load_bits(rows, at + 128 + half * 32, static_cast<unsigned>(quarter * 2), 0x03030303U);
        lane_words high[8]; // NOLINT
        std::copy_n(words, 8, high);
        load_bits(rows, at + half * 64 + quarter % 2 * 32, static_cast<unsigned>(quarter / 2 * 4), 0x0f0f0f0fU);
        for (std::size_t i = 0; i < 8; ++i) words[i] |= high[i] << 4;
        const lane_floats d = floats_of_f16(rows.half(at + 208));
        const lane_words both = rows.half(at + 192 + piece * 2);
        const auto low_byte = [](lane_words q) { // signed
            return std::bit_cast<lane_words>(std::bit_cast<lane_integers>(q << 24) >> 24);
        };
        scale[0] = d * number_of(low_byte(both));
        scale[1] = d * number_of(low_byte(both >> 8));
    }
};

} // namespace preflearn::detail
