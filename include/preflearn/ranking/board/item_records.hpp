/// \file
/// What happened, before any model: how often each item played, won, lost and tied.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include <preflearn/ranking/board/games.hpp>

namespace preflearn {

struct item_record {
    /// Rows, whatever their weights.
    std::size_t games = 0;
    /// Sums of weights.
    double wins = 0, losses = 0, ties = 0;

    [[nodiscard]] double weight() const { return wins + losses + ties; }
    /// Ties count half; NaN without a game of weight.
    [[nodiscard]] double win_rate() const {
        return weight() > 0 ? (wins + ties / 2) / weight() : std::numeric_limits<double>::quiet_NaN();
    }
};

/// One an item. \throws argument_error when the columns' lengths differ or an item is unknown.
inline std::vector<item_record> item_records(const game_list& games) {
    check_columns(games.left.size(), games.right.size(), games.results.size(), games.weights.size());
    std::vector<item_record> records(games.items);
    for (std::size_t g = 0; g < games.size(); ++g) {
        require(games.left[g] < games.items && games.right[g] < games.items, "game ", g, ": items ", games.left[g],
                " and ", games.right[g], " of ", games.items);
        item_record &left = records[games.left[g]], &right = records[games.right[g]];
        ++left.games;
        ++right.games;
        const double w = games.weight(g);
        const bool tie = games.results[g] == game_result::tie, won = games.results[g] == game_result::left;
        (tie ? left.ties : won ? left.wins : left.losses) += w;
        (tie ? right.ties : won ? right.losses : right.wins) += w;
    }
    return records;
}

} // namespace preflearn
