/// \file
/// Stored rows turned in registers: of as many rows as a vector has lanes, the numbers at one inner index stand side by
/// side, decoded from the bytes without being written anywhere. 16 bytes of every row are turned as four words; a word
/// then yields the numbers of its bytes (or halves) one after the other. The numbers are the very ones that
/// quantised.hpp gives: all products are exact in float, so at most one rounding happens, in the same place.
///
/// Vectors are written in the compilers' own notation, and become what the target has.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include <Eigen/Core>

#include <preflearn/core/stored/element.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>

namespace preflearn::detail {

using float_packet = Eigen::internal::packet_traits<float>::type;
/// Rows that are turned together.
inline constexpr std::size_t lanes = std::max<std::size_t>(sizeof(float_packet) / sizeof(float), 4);
/// Whether the target has vectors; without them rows are decoded one by one.
inline constexpr bool turns_blocks = sizeof(float_packet) == lanes * sizeof(float);

using quad_words [[gnu::vector_size(16)]] = std::uint32_t;
using lane_words [[gnu::vector_size(4 * lanes)]] = std::uint32_t;
using lane_integers [[gnu::vector_size(4 * lanes)]] = std::int32_t;
using lane_floats [[gnu::vector_size(4 * lanes)]] = float;

inline lane_floats floats_of(lane_words bits) { return std::bit_cast<lane_floats>(bits); }
inline lane_floats all_lanes(float value) { return value - lane_floats{}; }

/// Where `lanes` rows of a stored matrix begin, from row `first` on; beyond the last row it is the last again.
struct lane_rows {
    const std::byte* begin[lanes]; // NOLINT

    lane_rows(const stored_matrix& matrix, std::size_t first, std::size_t row_bytes) {
        for (std::size_t l = 0; l < lanes; ++l)
            begin[l] = matrix.bytes.data() + matrix.place_of(std::min(first + l, matrix.rows - 1)) * row_bytes;
    }

    /// The word at byte `at` of every row.
    [[nodiscard]] lane_words word(std::size_t at) const {
        alignas(lane_words) std::uint32_t all[lanes]; // NOLINT
        for (std::size_t l = 0; l < lanes; ++l) std::memcpy(all + l, begin[l] + at, sizeof(std::uint32_t));
        lane_words found;
        std::memcpy(&found, all, sizeof found);
        return found;
    }
    /// The half word at byte `at` of every row.
    [[nodiscard]] lane_words half(std::size_t at) const {
        alignas(lane_words) std::uint32_t all[lanes]; // NOLINT
        for (std::size_t l = 0; l < lanes; ++l) {
            std::uint16_t bits;
            std::memcpy(&bits, begin[l] + at, sizeof bits);
            all[l] = bits;
        }
        lane_words found;
        std::memcpy(&found, all, sizeof found);
        return found;
    }

  private:
    [[nodiscard]] quad_words quad(std::size_t row, std::size_t at) const {
        quad_words four;
        std::memcpy(&four, begin[row] + at, sizeof four);
        return four;
    }
    /// Four words each of rows i, 4 + i, 8 + i, …
    template <std::size_t Rows = lanes> [[nodiscard]] auto quads(std::size_t i, std::size_t at) const {
        if constexpr (Rows == 4) {
            return quad(i, at);
        } else {
            const auto low = quads<Rows / 2>(i, at), high = quads<Rows / 2>(i + Rows / 2, at);
            return [&]<std::size_t... I>(std::index_sequence<I...>) { return __builtin_shufflevector(low, high, I...); }
            (std::make_index_sequence<Rows>{});
        }
    }
    /// Squares of four by four side by side.
    template <std::size_t... I>
    static void turn(lane_words a, lane_words b, lane_words c, lane_words d, lane_words* out,
                     std::index_sequence<I...> /*lanes*/) {
        // in each four: {a0 b0 a1 b1}, {a2 b2 a3 b3}, then pairs of these
        const lane_words ab_low = __builtin_shufflevector(a, b, (I / 4 * 4 + I % 4 / 2 + I % 2 * lanes)...);
        const lane_words ab_high = __builtin_shufflevector(a, b, (I / 4 * 4 + 2 + I % 4 / 2 + I % 2 * lanes)...);
        const lane_words cd_low = __builtin_shufflevector(c, d, (I / 4 * 4 + I % 4 / 2 + I % 2 * lanes)...);
        const lane_words cd_high = __builtin_shufflevector(c, d, (I / 4 * 4 + 2 + I % 4 / 2 + I % 2 * lanes)...);
        out[0] = __builtin_shufflevector(ab_low, cd_low, (I / 4 * 4 + I % 2 + I % 4 / 2 * lanes)...);
        out[1] = __builtin_shufflevector(ab_low, cd_low, (I / 4 * 4 + 2 + I % 2 + I % 4 / 2 * lanes)...);
        out[2] = __builtin_shufflevector(ab_high, cd_high, (I / 4 * 4 + I % 2 + I % 4 / 2 * lanes)...);
        out[3] = __builtin_shufflevector(ab_high, cd_high, (I / 4 * 4 + 2 + I % 2 + I % 4 / 2 * lanes)...);
    }

  public:
    /// The four words at byte `at` of every row.
    void four_words(std::size_t at, lane_words* out) const {
        turn(quads(0, at), quads(1, at), quads(2, at), quads(3, at), out, std::make_index_sequence<lanes>{});
    }
};

/// As float_of_f16, of the low halves of words.
inline lane_floats floats_of_f16(lane_words bits) {
    const lane_words sign = (bits & 0x8000U) << 16, rest = (bits & 0x7fffU) << 13;
    const auto finite = std::bit_cast<lane_words>(floats_of(rest) * 0x1p112F);
    const auto special = std::bit_cast<lane_words>(rest >= 0x0f800000U); // all bits, or none
    return floats_of(sign | (special & (0x7f800000U | rest)) | (~special & finite));
}

/// Numbers of 32 bits: 16 at a time, a cache line a row.
struct turned_f32 {
    static constexpr std::size_t depth = 16, block = 16, block_size = 64, of_word = 1;
    lane_words words[16]; // NOLINT

    void load(const lane_rows& rows, std::size_t at, std::size_t /*piece*/) {
        for (std::size_t i = 0; i < 4; ++i) rows.four_words(at + 16 * i, words + 4 * i);
    }
    template <std::size_t> [[nodiscard]] lane_floats value(std::size_t word) const { return floats_of(words[word]); }
};

/// Numbers of 16 bits: 32 at a time, a cache line a row.
template <bool Brain> struct turned_halves {
    static constexpr std::size_t depth = 32, block = 32, block_size = 64, of_word = 2;
    lane_words words[16]; // NOLINT

    void load(const lane_rows& rows, std::size_t at, std::size_t /*piece*/) {
        for (std::size_t i = 0; i < 4; ++i) rows.four_words(at + 16 * i, words + 4 * i);
    }
    template <std::size_t Half> [[nodiscard]] lane_floats value(std::size_t word) const {
        const lane_words both = words[word];
        if constexpr (Brain) return floats_of(Half == 0 ? both << 16 : both & 0xffff0000U);
        return floats_of_f16(Half == 0 ? both & 0xffffU : both >> 16);
    }
};

/// 32 small integers q of a quantised block as bytes, and what makes numbers of them: scale · (q − Centre), or, where
/// there is a base, scale · q + base. Each 16 of them have a scale of their own in some types.
template <unsigned Centre, bool Base, std::size_t Scales = 1> struct turned_bytes {
    static constexpr std::size_t depth = 32, of_word = 4;
    lane_words words[8];                     // NOLINT
    lane_floats scale[Scales], base[Scales]; // NOLINT

    template <std::size_t Byte> [[nodiscard]] lane_floats value(std::size_t word) const {
        const lane_words byte = words[word] >> (8 * Byte) & 255U;
        const auto q = __builtin_convertvector(std::bit_cast<lane_integers>(byte - Centre), lane_floats);
        const std::size_t s = Scales == 1 ? 0 : word / 4;
        if constexpr (!Base) return q * scale[s];
        using Eigen::internal::pmadd; // exact, so that it does not matter which targets fuse it
        return std::bit_cast<lane_floats>(pmadd(std::bit_cast<float_packet>(scale[s]), std::bit_cast<float_packet>(q),
                                                std::bit_cast<float_packet>(base[s])));
    }
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
        load_bits(rows, at + 2, 0, ~0U);
        for (lane_words& w : words) w ^= 0x80808080U;
    }
};
struct turned_q4_0 : turned_bytes<8, false> {
    static constexpr std::size_t block = 32, block_size = 18;
    void load(const lane_rows& rows, std::size_t at, std::size_t /*piece*/) {
        scale[0] = floats_of_f16(rows.half(at));
        load_halves(rows, at + 2);
    }
};
struct turned_q4_1 : turned_bytes<0, true> {
    static constexpr std::size_t block = 32, block_size = 20;
    void load(const lane_rows& rows, std::size_t at, std::size_t /*piece*/) {
        const lane_words both = rows.word(at);
        scale[0] = floats_of_f16(both & 0xffffU);
        base[0] = floats_of_f16(both >> 16);
        load_halves(rows, at + 4);
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

/// The scales and minima of 8 groups of 32 (Q4_K and Q5_K): 16 bytes at the block's start.
struct turned_k_scales : turned_bytes<0, true> {
    static constexpr std::size_t block = 256;
    void load_scales(const lane_rows& rows, std::size_t at, std::size_t group) {
        lane_words head[4]; // NOLINT
        rows.four_words(at, head);
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
        const auto number = [](lane_words q) {
            return __builtin_convertvector(std::bit_cast<lane_integers>(q), lane_floats);
        };
        scale[0] = floats_of_f16(head[0] & 0xffffU) * number(step);
        base[0] = -(floats_of_f16(head[0] >> 16) * number(minimum));
    }
};
struct turned_q4_k : turned_k_scales {
    static constexpr std::size_t block_size = 144;
    void load(const lane_rows& rows, std::size_t at, std::size_t group) {
        load_scales(rows, at, group);
        load_bits(rows, at + 16 + group / 2 * 32, static_cast<unsigned>(group % 2 * 4), 0x0f0f0f0fU);
    }
};
struct turned_q5_k : turned_k_scales {
    static constexpr std::size_t block_size = 176;
    void load(const lane_rows& rows, std::size_t at, std::size_t group) {
        load_scales(rows, at, group);
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
        const lane_words scales = rows.half(at + 192 + piece * 2);
        const auto number = [](lane_words q) { // the low byte, signed
            return __builtin_convertvector(std::bit_cast<lane_integers>(q << 24) >> 24, lane_floats);
        };
        scale[0] = d * number(scales);
        scale[1] = d * number(scales >> 8);
    }
};

/// Calls use(turned type) for an element type that is turned in registers, and tells whether there is one.
template <class Use> bool with_turned(element_type type, const Use& use) {
    if constexpr (turns_blocks) {
        switch (type) {
        case element_type::f32:
            return use(turned_f32{}), true;
        case element_type::bf16:
            return use(turned_halves<true>{}), true;
        case element_type::f16:
            return use(turned_halves<false>{}), true;
        case element_type::q8_0:
            return use(turned_q8_0{}), true;
        case element_type::q4_0:
            return use(turned_q4_0{}), true;
        case element_type::q4_1:
            return use(turned_q4_1{}), true;
        case element_type::q5_0:
            return use(turned_q5_0{}), true;
        case element_type::q5_1:
            return use(turned_q5_1{}), true;
        case element_type::q4_k:
            return use(turned_q4_k{}), true;
        case element_type::q5_k:
            return use(turned_q5_k{}), true;
        case element_type::q6_k:
            return use(turned_q6_k{}), true;
        default:
            break;
        }
    }
    return false;
}

} // namespace preflearn::detail
