/// \file
/// y = x Wᵀ with x rounded to 8 bits, for decoding from quantised weights: 32 neighbours of a row share a scale, their
/// largest magnitude over 127, so that a block's products are sums of small integers, four at a time where the target
/// has instructions for it. This changes results (by about half a percent of a row's norm), unlike all other products
/// here, so it is used where it is asked for, never in scoring. A row's result depends on the row and W alone.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/Core> // and the intrinsics of what it was compiled for

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/products/lanes.hpp>
#include <preflearn/products/stored_product.hpp>
#include <preflearn/products/turned_blocks.hpp>
#include <preflearn/products/turned_product.hpp>

namespace preflearn {

/// A row of numbers rounded to 8 bits.
struct rounded_row {
    static constexpr std::size_t block = 32;
    std::vector<std::uint32_t> words; ///< four signed bytes each, filled up with zeros
    std::vector<float> scales;        ///< of each block: x ≈ scale · byte
    std::vector<float> sums;          ///< Σ of the bytes of each half of a block

    explicit rounded_row(std::span<const float> x)
        : words((x.size() + block - 1) / block * (block / 4)), scales(words.size() / 8), sums(2 * scales.size()) {
        for (std::size_t b = 0; b < scales.size(); ++b) {
            const std::span<const float> some = x.subspan(b * block, std::min(block, x.size() - b * block));
            float most = 0;
            for (const float v : some) most = std::max(most, std::abs(v));
            scales[b] = most / 127;
            const float inverse = most > 0 ? 127 / most : 0;
            std::int8_t bytes[block] = {}; // NOLINT
            for (std::size_t i = 0; i < some.size(); ++i) {
                bytes[i] = static_cast<std::int8_t>(std::nearbyint(some[i] * inverse));
                sums[2 * b + i / 16] += static_cast<float>(bytes[i]);
            }
            std::memcpy(words.data() + b * 8, bytes, block);
        }
    }
};

namespace detail {

/// sums + the products of four unsigned bytes of every lane of w with the four signed ones of x.
inline lane_integers add_byte_products(lane_integers sums, lane_words w, std::uint32_t x) {
#if defined(__AVX512VNNI__)
    if constexpr (float_lanes == 16)
        return std::bit_cast<lane_integers>(_mm512_dpbusd_epi32(std::bit_cast<__m512i>(sums), std::bit_cast<__m512i>(w),
                                                                _mm512_set1_epi32(static_cast<int>(x))));
#endif
    for (unsigned down = 0; down < 32; down += 8)
        sums += std::bit_cast<lane_integers>(w >> down & 255U) * static_cast<std::int8_t>(x >> down & 255U);
    return sums;
}

/// `float_lanes` elements of y, of the rows of W at `rows`.
template <class Turned>
lane_floats rounded_products(const rounded_row& x, const stored_matrix& w, const lane_rows& rows, rows_ahead& ahead) {
    constexpr std::size_t words = Turned::depth / Turned::parts / 4; // of a part
    constexpr std::size_t runs = Turned::parts == 1 ? Turned::scales : Turned::parts,
                          run_words = words * Turned::parts / runs;
    lane_floats sum{};
    Turned turned;
    for (std::size_t k = 0; k < w.columns; k += Turned::depth) {
        turned.load(rows, k / Turned::block * Turned::block_size, k % Turned::block / Turned::depth);
        ahead.ask(float_lanes * Turned::block_size * Turned::depth / Turned::block);
        const auto add_run = [&]<std::size_t Run>(std::integral_constant<std::size_t, Run>) {
            const std::size_t first = k + Run * run_words * 4, b = first / rounded_row::block; // integers of one scale
            constexpr std::size_t part = Turned::parts == 1 ? 0 : Run, from = Turned::parts == 1 ? Run * run_words : 0;
            lane_integers products{};
            for (std::size_t i = 0; i < run_words; ++i)
                products = add_byte_products(products, turned.template bytes<part>(from + i), x.words[first / 4 + i]);
            float bytes = x.sums[first / 16];
            if (run_words == 8) bytes += x.sums[first / 16 + 1];
            constexpr std::size_t s = Run % Turned::scales;
            lane_floats number = __builtin_convertvector(products, lane_floats);
            if constexpr (!Turned::has_base) number -= static_cast<float>(Turned::centre) * bytes; // exact
            sum = scaled(number, turned.scale[s] * x.scales[b], sum);
            if constexpr (Turned::has_base) sum = scaled(turned.base[s], lane_floats{} + x.scales[b] * bytes, sum);
        };
        [&]<std::size_t... R>(std::index_sequence<R...>) { (add_run(std::integral_constant<std::size_t, R>{}), ...); }
        (std::make_index_sequence<runs>{});
    }
    return sum;
}

using rounded_run = lane_floats (*)(const rounded_row& x, const stored_matrix& w, const lane_rows& rows,
                                    rows_ahead& ahead);
/// Null for types that are not small integers and a scale.
inline rounded_run rounded_run_of(element_type type) {
    if constexpr (turns_blocks) {
        switch (type) {
        case element_type::q8_0:
            return &rounded_products<turned_q8_0>;
        case element_type::q4_0:
            return &rounded_products<turned_q4_0>;
        case element_type::q4_1:
            return &rounded_products<turned_q4_1>;
        case element_type::q5_0:
            return &rounded_products<turned_q5_0>;
        case element_type::q5_1:
            return &rounded_products<turned_q5_1>;
        case element_type::q4_k:
            return &rounded_products<turned_q4_k>;
        case element_type::q5_k:
            return &rounded_products<turned_q5_k>;
        case element_type::q6_k:
            return &rounded_products<turned_q6_k>;
        default:
            break;
        }
    }
    return nullptr;
}

} // namespace detail

/// y = x Wᵀ, or y += x Wᵀ, W being the matrices one below the other; by x rounded to 8 bits where they are quantised.
inline void multiply_rounded(matrix_view<const float> x, std::span<const stored_matrix> weights, matrix_view<float> y,
                             store mode) {
    std::vector<rounded_row> rows;
    for (std::size_t r = 0; r < x.rows; ++r) rows.emplace_back(std::span(x.row(r), x.columns));
    std::size_t column = 0;
    for (const stored_matrix& w : weights) {
        const matrix_view<float> to = y.column_block(column, w.rows);
        column += w.rows;
        const detail::rounded_run run = detail::rounded_run_of(w.type);
        if (run == nullptr) {
            detail::multiply_stored<float>(x, {&w, 1}, to, mode);
            continue;
        }
        parallel_blocks(w.rows, detail::stored_task(w.rows, x.rows), [&](std::size_t begin, std::size_t end) {
            using detail::float_lanes;
            const std::size_t stride = w.row_bytes();
            for (std::size_t j = begin; j < end; j += float_lanes) {
                const detail::lane_rows of_w(w, j, stride);
                detail::rows_ahead ahead(w, j + float_lanes, float_lanes, stride);
                for (std::size_t r = 0; r < rows.size(); ++r) {
                    const detail::lane_floats found = run(rows[r], w, of_w, ahead);
                    for (std::size_t l = 0; l < std::min(float_lanes, end - j); ++l)
                        to(r, j + l) = mode == store::add ? to(r, j + l) + found[l] : found[l];
                }
            }
        });
    }
}

} // namespace preflearn
