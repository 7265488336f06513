/// \file
/// Boards that several tests fit: printed tables and random games.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/ranking/board/counts.hpp>
#include <preflearn/ranking/board/games.hpp>

namespace test {

using namespace preflearn;

/// Citations between statistics journals (Agresti 2002, p. 448; Stigler 1994): Biometrika, Communications in
/// Statistics, JASA, JRSS-B. Row i, column j: citations of i by j.
inline pair_counts citations() {
    const std::vector<double> wins = {0,   730, 498, 221, //
                                      33,  0,   68,  17,  //
                                      320, 813, 0,   142, //
                                      284, 276, 325, 0};
    return counts_of_matrix(4, wins);
}

/// American League East 1987 (Agresti 2002, table 10.10): Baltimore, Boston, Cleveland, Detroit, Milwaukee, New York,
/// Toronto; the left side is at home.
inline pair_counts baseball() {
    // home team's row: wins at home against each guest, then its losses there
    constexpr double won[7][7] = {{0, 1, 3, 1, 2, 2, 1}, {6, 0, 5, 2, 5, 4, 3}, {2, 4, 0, 3, 2, 4, 3},
                                  {4, 6, 6, 0, 3, 4, 4}, {6, 6, 4, 4, 0, 4, 4}, {6, 4, 4, 5, 3, 0, 2},
                                  {6, 4, 4, 4, 2, 2, 0}};
    constexpr double lost[7][7] = {{0, 6, 4, 5, 5, 4, 6}, {0, 0, 2, 5, 1, 2, 3}, {4, 2, 0, 3, 5, 3, 4},
                                   {3, 0, 1, 0, 3, 3, 2}, {0, 1, 2, 3, 0, 3, 2}, {1, 3, 2, 1, 3, 0, 5},
                                   {0, 3, 2, 3, 5, 4, 0}};
    pair_counts counts{7, sides::kept, {}};
    for (item_id home = 0; home < 7; ++home)
        for (item_id guest = 0; guest < 7; ++guest)
            if (home != guest) counts.cells.push_back({home, guest, won[home][guest], lost[home][guest], 0});
    return counts;
}

/// Cells typed as left, right, left wins, right wins, ties; items from 1.
inline pair_counts typed(std::size_t items, const std::vector<std::array<double, 5>>& rows) {
    pair_counts counts{items, sides::merged, {}};
    for (const auto& r : rows)
        counts.cells.push_back({static_cast<item_id>(r[0] - 1), static_cast<item_id>(r[1] - 1), r[2], r[3], r[4]});
    return counts;
}

/// Six brands of chocolate pudding (Davidson 1970, example 2).
inline pair_counts pudding() {
    return typed(6, {{1, 2, 19, 22, 16},
                     {1, 3, 16, 19, 12},
                     {2, 3, 19, 19, 10},
                     {1, 4, 18, 23, 13},
                     {2, 4, 23, 19, 9},
                     {3, 4, 19, 20, 15},
                     {1, 5, 13, 19, 18},
                     {2, 5, 16, 20, 12},
                     {3, 5, 16, 15, 17},
                     {4, 5, 17, 14, 16},
                     {1, 6, 18, 21, 12},
                     {2, 6, 22, 20, 12},
                     {3, 6, 13, 18, 10},
                     {4, 6, 14, 19, 18},
                     {5, 6, 11, 21, 12}});
}

/// Flavour strength of nine blends (Springall 1973).
inline pair_counts springall() {
    return typed(9, {{1, 2, 2, 16, 7}, {1, 3, 0, 21, 1}, {1, 4, 5, 10, 10}, {1, 5, 2, 15, 7}, {1, 6, 0, 22, 2},
                     {1, 7, 12, 3, 9}, {1, 8, 13, 9, 5}, {1, 9, 10, 12, 3}, {2, 3, 6, 11, 5}, {2, 4, 17, 2, 7},
                     {2, 5, 9, 6, 8},  {2, 6, 8, 12, 6}, {2, 7, 24, 2, 0},  {2, 8, 16, 3, 5}, {2, 9, 15, 2, 7},
                     {3, 4, 22, 2, 4}, {3, 5, 14, 4, 5}, {3, 6, 11, 4, 7},  {3, 7, 24, 1, 3}, {3, 8, 22, 0, 3},
                     {3, 9, 17, 2, 6}, {4, 5, 3, 14, 9}, {4, 6, 2, 18, 4},  {4, 7, 12, 6, 5}, {4, 8, 10, 6, 6},
                     {4, 9, 8, 9, 11}, {5, 6, 5, 11, 9}, {5, 7, 20, 0, 2},  {5, 8, 15, 2, 5}, {5, 9, 13, 5, 9},
                     {6, 7, 27, 1, 0}, {6, 8, 19, 1, 5}, {6, 9, 18, 2, 2},  {7, 8, 2, 13, 8}, {7, 9, 2, 21, 5},
                     {8, 9, 6, 8, 8}});
}

/// Games as columns that own their data.
struct game_columns {
    std::size_t items = 0;
    std::vector<item_id> left{}, right{};
    std::vector<game_result> results{};
    std::vector<double> weights{};

    void add(item_id l, item_id r, game_result result, std::size_t times = 1) {
        for (std::size_t k = 0; k < times; ++k) {
            left.push_back(l);
            right.push_back(r);
            results.push_back(result);
        }
    }
    [[nodiscard]] game_list list() const { return {items, left, right, results, weights}; }
};

/// Games of a generated board: strengths on a grid over `spread` logits, an advantage of the left side, and a threshold
/// for ties (Rao-Kupper).
inline game_columns random_games(std::size_t items, std::size_t games, std::uint64_t seed, double tie_threshold = 0.3,
                                 double order = 0.2, double spread = 2) {
    game_columns columns{.items = items};
    generator random(seed, "games");
    for (std::size_t g = 0; g < games; ++g) {
        const auto l = static_cast<item_id>(random.below(items));
        const auto r = static_cast<item_id>((l + 1 + random.below(items - 1)) % items);
        const double x =
            spread * (static_cast<double>(l) - static_cast<double>(r)) / static_cast<double>(items) + order;
        const double u = random.uniform();
        columns.add(l, r,
                    u < sigmoid(x - tie_threshold)   ? game_result::left
                    : u < sigmoid(x + tie_threshold) ? game_result::tie
                                                     : game_result::right);
    }
    return columns;
}

inline void check_close(std::span<const double> found, std::span<const double> expected, double tolerance) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        CAPTURE(i);
        CHECK(std::abs(found[i] - expected[i]) <= tolerance * std::max(1.0, std::abs(expected[i])));
    }
}

} // namespace test
