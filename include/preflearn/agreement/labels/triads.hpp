/// \file
/// Is a judge's preference over many items a ranking? A triad is cyclic when A beats B, B beats C and C beats A;
/// Kendall & Babington Smith (1940) count them in a complete tournament by the scores alone and turn the count into ζ,
/// 1 for a ranking and 0 for the most cyclic tournament.
// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

struct triad_result {
    /// Triads of three decided pairs: cyclic and transitive; all others have an undecided pair.
    std::uint64_t cyclic = 0, transitive = 0, undecided = 0;
    /// transitive / (cyclic + transitive). Triads share pairs, so Wilson's interval of a proportion would be wrong:
    /// none.
    estimate transitivity{};
    /// Kendall & Babington Smith's ζ; not_applicable unless every pair is decided.
    estimate zeta{};
};

/// `wins(i, j)` is how often (or by what weight) i beat j; the larger of wins(i, j) and wins(j, i) decides the pair.
/// \throws argument_error unless the matrix is square with numbers >= 0.
inline triad_result analyse_triads(matrix_view<const double> wins) {
    const std::size_t n = wins.rows, words = (n + 63) / 64;
    require(n == wins.columns, "wins of ", n, " × ", wins.columns, " items");
    std::vector<std::uint64_t> beats(n * words), beaten_by(n * words);
    const auto set = [words](std::vector<std::uint64_t>& bits, std::size_t i, std::size_t j) {
        bits[i * words + j / 64] |= std::uint64_t{1} << (j % 64);
    };
    std::uint64_t decided = 0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            require(wins(i, j) >= 0, "wins(", i, ", ", j, ") is ", wins(i, j), ", a number >= 0 was expected");
            if (i == j || !(wins(i, j) > wins(j, i))) continue;
            set(beats, i, j);
            set(beaten_by, j, i);
            ++decided;
        }
    }
    // For every i > j (i beats j): k with j > k and k > i closes a cycle; k beaten by both is seen once per transitive
    // triad.
    std::uint64_t cycles = 0;
    triad_result result;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            if (!(beats[i * words + j / 64] >> (j % 64) & 1)) continue;
            for (std::size_t w = 0; w < words; ++w) {
                cycles += static_cast<std::uint64_t>(std::popcount(beats[j * words + w] & beaten_by[i * words + w]));
                result.transitive +=
                    static_cast<std::uint64_t>(std::popcount(beats[j * words + w] & beats[i * words + w]));
            }
        }
    }
    result.cyclic = cycles / 3;
    const std::uint64_t all = n < 3 ? 0 : static_cast<std::uint64_t>(n) * (n - 1) * (n - 2) / 6;
    result.undecided = all - result.cyclic - result.transitive;
    const std::uint64_t complete = result.cyclic + result.transitive;
    if (all == 0) {
        result.transitivity = result.zeta =
            estimate::none(n == 0 ? estimate_status::empty : estimate_status::too_few, n);
        return result;
    }
    result.transitivity =
        complete == 0 ? estimate::none(estimate_status::too_few, n)
                      : estimate{.value = static_cast<double>(result.transitive) / static_cast<double>(complete),
                                 .count = complete,
                                 .status = estimate_status::ok};
    if (decided != static_cast<std::uint64_t>(n) * (n - 1) / 2) {
        result.zeta = estimate::none(estimate_status::not_applicable, n);
        return result;
    }
    const auto items = static_cast<double>(n);
    const double most = n % 2 == 1 ? items * items * items - items : items * items * items - 4 * items;
    result.zeta = {
        .value = 1 - 24 * static_cast<double>(result.cyclic) / most, .count = n, .status = estimate_status::ok};
    return result;
}

} // namespace preflearn
