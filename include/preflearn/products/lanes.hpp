/// \file
/// As many rows as a vector has lanes, turned: 16 bytes of every row become four vectors of words, a row a lane.
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

#include <preflearn/core/stored/stored_matrix.hpp>

namespace preflearn::detail {

using float_packet = Eigen::internal::packet_traits<float>::type;
/// Rows that are turned together.
inline constexpr std::size_t float_lanes = std::max<std::size_t>(sizeof(float_packet) / sizeof(float), 4);
/// Whether the target has vectors; without them rows are decoded one by one.
inline constexpr bool turns_blocks = sizeof(float_packet) == float_lanes * sizeof(float);

using quad_words = std::uint32_t __attribute__((vector_size(16)));
using lane_words = std::uint32_t __attribute__((vector_size(4 * float_lanes)));
using lane_integers = std::int32_t __attribute__((vector_size(4 * float_lanes)));
using lane_floats = float __attribute__((vector_size(4 * float_lanes)));

inline lane_floats floats_of(lane_words bits) { return std::bit_cast<lane_floats>(bits); }

/// Where `float_lanes` rows of a stored matrix begin, from row `first` on; beyond the last row it is the last again.
struct lane_rows {
    const std::byte* begin[float_lanes]; // NOLINT

    /// A row begins `stride` bytes after the one before it.
    lane_rows(const stored_matrix& matrix, std::size_t first, std::size_t stride) {
        for (std::size_t l = 0; l < float_lanes; ++l)
            begin[l] = matrix.bytes.data() + matrix.place_of(std::min(first + l, matrix.rows - 1)) * stride;
    }

    /// The word at byte `at` of every row.
    [[nodiscard]] lane_words word(std::size_t at) const {
        alignas(lane_words) std::uint32_t all[float_lanes]; // NOLINT
        for (std::size_t l = 0; l < float_lanes; ++l) std::memcpy(all + l, begin[l] + at, sizeof(std::uint32_t));
        lane_words found;
        std::memcpy(&found, all, sizeof found);
        return found;
    }
    /// The half word at byte `at` of every row.
    [[nodiscard]] lane_words half(std::size_t at) const {
        alignas(lane_words) std::uint32_t all[float_lanes]; // NOLINT
        for (std::size_t l = 0; l < float_lanes; ++l) {
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
    template <std::size_t Rows = float_lanes> [[nodiscard]] auto quads(std::size_t i, std::size_t at) const {
        if constexpr (Rows == 4) {
            return quad(i, at);
        } else {
            const auto low = quads<Rows / 2>(i, at), high = quads<Rows / 2>(i + Rows / 2, at);
            return [&]<std::size_t... I>(std::index_sequence<I...>) { return __builtin_shufflevector(low, high, I...); }
            (std::make_index_sequence<Rows>{});
        }
    }
    /// Squares of four by four side by side.
    template <class Words, std::size_t... I>
    static void turn(const Words& a, const Words& b, const Words& c, const Words& d, Words* out,
                     std::index_sequence<I...> /*lanes*/) {
        // in each four: {a0 b0 a1 b1}, {a2 b2 a3 b3}, then pairs of these
        const Words ab_low = __builtin_shufflevector(a, b, (I / 4 * 4 + I % 4 / 2 + I % 2 * float_lanes)...);
        const Words ab_high = __builtin_shufflevector(a, b, (I / 4 * 4 + 2 + I % 4 / 2 + I % 2 * float_lanes)...);
        const Words cd_low = __builtin_shufflevector(c, d, (I / 4 * 4 + I % 4 / 2 + I % 2 * float_lanes)...);
        const Words cd_high = __builtin_shufflevector(c, d, (I / 4 * 4 + 2 + I % 4 / 2 + I % 2 * float_lanes)...);
        out[0] = __builtin_shufflevector(ab_low, cd_low, (I / 4 * 4 + I % 2 + I % 4 / 2 * float_lanes)...);
        out[1] = __builtin_shufflevector(ab_low, cd_low, (I / 4 * 4 + 2 + I % 2 + I % 4 / 2 * float_lanes)...);
        out[2] = __builtin_shufflevector(ab_high, cd_high, (I / 4 * 4 + I % 2 + I % 4 / 2 * float_lanes)...);
        out[3] = __builtin_shufflevector(ab_high, cd_high, (I / 4 * 4 + 2 + I % 2 + I % 4 / 2 * float_lanes)...);
    }

  public:
    /// The four words at byte `at` of every row. Called, it would pass four vectors through memory.
    [[gnu::always_inline]] void four_words(std::size_t at, lane_words* out) const {
        turn(quads(0, at), quads(1, at), quads(2, at), quads(3, at), out, std::make_index_sequence<float_lanes>{});
    }
};

/// As float_of_f16, of the low halves of words.
inline lane_floats floats_of_f16(lane_words bits) {
    const lane_words sign = (bits & 0x8000U) << 16, rest = (bits & 0x7fffU) << 13;
    const auto finite = std::bit_cast<lane_words>(floats_of(rest) * 0x1p112F);
    const auto special = std::bit_cast<lane_words>(rest >= 0x0f800000U); // all bits, or none
    return floats_of(sign | (special & (0x7f800000U | rest)) | (~special & finite));
}

} // namespace preflearn::detail
