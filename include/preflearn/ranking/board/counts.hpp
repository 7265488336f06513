/// \file
/// The sufficient statistics of a rating fit: for every distinct pair that met, how often each side won and how often
/// they tied. A fit's cost then depends on the pairs, not on the games. Games are sorted by rows of the win matrix with
/// a counting sort over blocks that the data define, so the sums have the same bits for any number of threads.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/ranking/board/games.hpp>

namespace preflearn {

/// Whether (i, j) and (j, i) are the same cell. A model with an order effect needs the sides kept.
enum class sides : bool { merged, kept };

/// All games of one pair; weights and shares of a win make the counts fractional.
struct pair_cell {
    item_id left = 0, right = 0;
    double left_wins = 0, right_wins = 0, ties = 0;

    [[nodiscard]] double games() const { return left_wins + right_wins + ties; }
    friend bool operator==(const pair_cell&, const pair_cell&) = default;
};

/// Cells sorted by (left, right), each pair once, none empty; with merged sides left < right. Two tables of one number
/// of items add up with `merge_counts`, so shards can be counted apart.
struct pair_counts {
    std::size_t items = 0;
    sides orientation = sides::merged;
    std::vector<pair_cell> cells{};

    [[nodiscard]] double games() const {
        return std::transform_reduce(cells.begin(), cells.end(), 0.0, std::plus<>(), [](auto& c) { return c.games(); });
    }
    friend bool operator==(const pair_counts&, const pair_counts&) = default;
};

namespace detail {

inline void add_to(pair_cell& sum, const pair_cell& other) {
    sum.left_wins += other.left_wins;
    sum.right_wins += other.right_wins;
    sum.ties += other.ties;
}

/// Writes all cells of one row at a time: `scratch` has a place for every item and is left empty.
class row_tally {
  public:
    explicit row_tally(std::size_t items) : sums_(items), seen_(items) {}

    void add(item_id other, double left_wins, double right_wins, double ties) {
        if (!seen_[other]) {
            seen_[other] = 1;
            touched_.push_back(other);
        }
        add_to(sums_[other], {0, 0, left_wins, right_wins, ties});
    }

    void flush(item_id row, std::vector<pair_cell>& cells) {
        const auto emit = [&](item_id other) {
            pair_cell& sum = sums_[other];
            if (sum.games() > 0) cells.push_back({row, other, sum.left_wins, sum.right_wins, sum.ties});
            sum = {};
            seen_[other] = 0;
        };
        if (touched_.size() > sums_.size() / 16) { // reading all places costs less than sorting
            for (item_id other = 0; other < sums_.size(); ++other)
                if (seen_[other]) emit(other);
        } else {
            std::ranges::sort(touched_);
            for (const item_id other : touched_) emit(other);
        }
        touched_.clear();
    }

  private:
    std::vector<pair_cell> sums_;
    std::vector<std::uint8_t> seen_;
    std::vector<item_id> touched_;
};

/// Where a game goes: row, column, and whether its sides were swapped for it.
struct game_place {
    item_id row, column;
    bool swapped;
};

/// `place(g)` checks game g and says where it goes; `tally(g, swapped, column, row_tally&)` adds it there.
template <class Place, class Tally>
pair_counts count_by_rows(std::size_t items, std::size_t games, sides orientation, const Place& place,
                          const Tally& tally) {
    require(items <= std::size_t{1} << 31, "a table of ", items, " items; at most 2^31 can be counted");
    require(games <= std::size_t{1} << 32, games, " games at once; count shards of at most 2^32 and merge them");
    pair_counts counts{items, orientation, {}};
    if (games == 0) return counts;
    constexpr std::size_t most_blocks = 16;
    const std::size_t grain = std::max<std::size_t>(std::size_t{1} << 16, (games + most_blocks - 1) / most_blocks);
    const std::size_t blocks = (games + grain - 1) / grain;
    std::vector<std::vector<std::uint32_t>> next(blocks);
    parallel_for(blocks, [&](std::size_t b) {
        next[b].assign(items, 0);
        for (std::size_t g = b * grain; g < std::min(games, (b + 1) * grain); ++g) ++next[b][place(g).row];
    });
    std::vector<std::size_t> start(items + 1);
    for (std::size_t row = 0, at = 0; row < items; ++row) {
        start[row] = at;
        for (std::size_t b = 0; b < blocks; ++b) at += std::exchange(next[b][row], static_cast<std::uint32_t>(at));
        start[row + 1] = at;
    }
    struct entry {
        std::uint32_t game;
        item_id column_and_swap; // 31 bits of column
    };
    std::vector<entry> sorted(games);
    parallel_for(blocks, [&](std::size_t b) {
        for (std::size_t g = b * grain; g < std::min(games, (b + 1) * grain); ++g) {
            const game_place p = place(g);
            sorted[next[b][p.row]++] = {static_cast<std::uint32_t>(g), p.column << 1 | item_id{p.swapped}};
        }
    });
    // Pieces of rows with about the same number of games.
    const std::size_t pieces = std::min<std::size_t>({items, 64, games / 4096 + 1});
    std::vector<std::size_t> first_row(pieces + 1);
    for (std::size_t p = 0; p <= pieces; ++p) {
        const auto at = std::ranges::lower_bound(start, p * games / pieces);
        first_row[p] = p == pieces ? items : static_cast<std::size_t>(at - start.begin());
    }
    std::vector<std::vector<pair_cell>> found(pieces);
    parallel_for(pieces, [&](std::size_t p) {
        row_tally row(items);
        for (std::size_t r = first_row[p]; r < first_row[p + 1]; ++r) {
            for (std::size_t k = start[r]; k < start[r + 1]; ++k) {
                const auto [game, packed] = sorted[k];
                tally(game, (packed & 1) != 0, packed >> 1, row);
            }
            row.flush(static_cast<item_id>(r), found[p]);
        }
    });
    std::size_t total = 0;
    for (const auto& cells : found) total += cells.size();
    counts.cells.reserve(total);
    for (const auto& cells : found) counts.cells.insert(counts.cells.end(), cells.begin(), cells.end());
    return counts;
}

/// Games without weights between few items, in one pass: a matrix of three counts of 21 bits per pair.
template <class Place, class Result>
pair_counts count_in_matrix(std::size_t items, std::size_t games, sides orientation, const Place& place,
                            const Result& result) {
    constexpr int bits = 21;
    constexpr std::uint64_t most = (std::uint64_t{1} << bits) - 1;
    const bool triangle = orientation == sides::merged; // only columns beyond the row occur then
    std::vector<std::size_t> row_start(items + 1);
    for (std::size_t row = 0; row < items; ++row)
        row_start[row + 1] = row_start[row] + (triangle ? items - row - 1 : items);
    std::vector<std::uint64_t> matrix(row_start[items]);
    const auto first_column = [&](std::size_t row) { return triangle ? row + 1 : 0; };
    for (std::size_t g = 0; g < games; ++g) {
        const game_place p = place(g);
        // Who wins cannot be foreseen, so no branch: left 0, right 1, tie 2; swapping exchanges the first two.
        const auto r = static_cast<unsigned>(result(g));
        const unsigned field = r ^ (unsigned{p.swapped} & ~(r >> 1));
        matrix[row_start[p.row] + p.column - first_column(p.row)] += std::uint64_t{1} << (unsigned{bits} * field);
    }
    pair_counts counts{items, orientation, {}};
    counts.cells.reserve(std::min(games, matrix.size()));
    for (std::size_t row = 0; row < items; ++row) {
        for (std::size_t k = row_start[row]; k < row_start[row + 1]; ++k) {
            const std::uint64_t cell = matrix[k];
            if (cell == 0) continue;
            const auto field = [&](int f) { return static_cast<double>((cell >> (bits * f)) & most); };
            counts.cells.push_back({static_cast<item_id>(row),
                                    static_cast<item_id>(k - row_start[row] + first_column(row)), field(0), field(1),
                                    field(2)});
        }
    }
    return counts;
}

template <class Id> [[noreturn]] void refuse_items(std::size_t game, Id id, std::size_t items, bool itself) {
    throw argument_error(itself ? message("game ", game, ": item ", +id, " plays against itself")
                                : message("game ", game, ": item ", +id, " is not among the ", items, " items"));
}

/// Checks the items of a game and says where it is counted. Always inlined: a place that is returned through memory and
/// read again at once cost ten times what counting does.
template <class Ids>
[[gnu::always_inline]] inline game_place checked_place(std::size_t game, const Ids& left, const Ids& right,
                                                       std::size_t items, sides orientation) {
    const auto l = left[game], r = right[game];
    const auto known = [items](auto id) { return std::cmp_greater_equal(id, 0) && std::cmp_less(id, items); };
    if (!known(l) || !known(r) || l == r) refuse_items(game, known(l) ? r : l, items, l == r && known(l));
    const auto a = static_cast<item_id>(l), b = static_cast<item_id>(r);
    if (orientation == sides::kept) return {a, b, false};
    return {std::min(a, b), std::max(a, b), b < a};
}

inline double checked_weight(std::size_t game, double weight) {
    if (!(weight >= 0 && std::isfinite(weight)))
        throw argument_error(
            message("game ", game, ": weight ", weight, ", a finite number of at least 0 was expected"));
    return weight;
}

} // namespace detail

/// Counts games given as raw columns of any integer type; `weights` may be empty. Games of weight 0 leave no cell.
/// \throws argument_error naming the game: an item out of range or against itself, a weight that is negative or not
/// finite; or when the columns' lengths differ.
template <std::ranges::contiguous_range Ids>
    requires std::integral<std::ranges::range_value_t<Ids>>
        pair_counts count_games(std::size_t items, const Ids& left, const Ids& right,
                                std::span<const game_result> results, std::span<const double> weights = {},
                                sides orientation = sides::merged) {
        const std::span ids_left(left), ids_right(right);
        const std::size_t games = ids_left.size();
        check_columns(games, ids_right.size(), results.size(), weights.size());
        const auto place = [&](std::size_t g) {
            return detail::checked_place(g, ids_left, ids_right, items, orientation);
        };
        if (weights.empty() && games < std::size_t{1} << 21 && items <= 4096 && items * items <= 4 * games)
            return detail::count_in_matrix(items, games, orientation, place, [&](std::size_t g) { return results[g]; });
        return detail::count_by_rows(items, games, orientation, place,
                                     [&](std::size_t g, bool swapped, item_id column, detail::row_tally& row) {
                                         const double w = weights.empty() ? 1.0 : detail::checked_weight(g, weights[g]);
                                         const bool tie = results[g] == game_result::tie;
                                         const bool left_won = !tie && (results[g] == game_result::left) != swapped;
                                         row.add(column, left_won ? w : 0, tie || left_won ? 0 : w, tie ? w : 0);
                                     });
    }

inline pair_counts count_games(const game_list& games, sides orientation = sides::merged) {
    return count_games(games.items, games.left, games.right, games.results, games.weights, orientation);
}

/// Counts soft verdicts: `share` in [0, 1] is the left side's part of the win, the right side has the rest.
/// \throws argument_error as count_games, and for a share outside [0, 1].
template <std::ranges::contiguous_range Ids>
    requires std::integral<std::ranges::range_value_t<Ids>>
        pair_counts count_shares(std::size_t items, const Ids& left, const Ids& right, std::span<const double> shares,
                                 std::span<const double> weights = {}, sides orientation = sides::merged) {
        const std::span ids_left(left), ids_right(right);
        check_columns(ids_left.size(), ids_right.size(), shares.size(), weights.size(), "shares");
        return detail::count_by_rows(
            items, ids_left.size(), orientation,
            [&](std::size_t g) { return detail::checked_place(g, ids_left, ids_right, items, orientation); },
            [&](std::size_t g, bool swapped, item_id column, detail::row_tally& row) {
                const double w = weights.empty() ? 1.0 : detail::checked_weight(g, weights[g]);
                if (!(shares[g] >= 0 && shares[g] <= 1))
                    throw argument_error(message("game ", g, ": share ", shares[g], ", expected one in [0, 1]"));
                const double won = w * shares[g], lost = w * (1 - shares[g]);
                row.add(column, swapped ? lost : won, swapped ? won : lost, 0);
            });
    }

/// A table typed as a matrix: `wins[i * items + j]` is how often i beat j. \throws argument_error for a size that is
/// not items², a diagonal that is not 0, or an entry that is negative or not finite, naming it.
inline pair_counts counts_of_matrix(std::size_t items, std::span<const double> wins) {
    require(wins.size() == items * items, "a win matrix of ", items, " items has ", items * items, " entries, found ",
            wins.size());
    pair_counts counts{items, sides::merged, {}};
    for (std::size_t i = 0; i < items; ++i) {
        for (std::size_t j = 0; j < items; ++j) {
            const double w = wins[i * items + j];
            require(w >= 0 && std::isfinite(w) && (i != j || w == 0), "win matrix, row ", i, ", column ", j, ": ", w,
                    i == j ? ", 0 was expected on the diagonal" : ", a finite count of at least 0 was expected");
            if (j <= i || w + wins[j * items + i] == 0) continue;
            counts.cells.push_back({static_cast<item_id>(i), static_cast<item_id>(j), w, wins[j * items + i], 0});
        }
    }
    return counts;
}

/// The counts of both shards' games. \throws argument_error when the tables differ in items or orientation.
inline pair_counts merge_counts(const pair_counts& a, const pair_counts& b) {
    require(a.items == b.items && a.orientation == b.orientation, "tables of ", a.items, " and ", b.items,
            " items cannot be merged unless both are equal in size and in keeping sides");
    pair_counts both{a.items, a.orientation, {}};
    both.cells.reserve(std::max(a.cells.size(), b.cells.size()));
    const auto key = [](const pair_cell& c) { return std::pair(c.left, c.right); };
    auto i = a.cells.begin(), j = b.cells.begin();
    while (i != a.cells.end() || j != b.cells.end()) {
        if (j == b.cells.end() || (i != a.cells.end() && key(*i) < key(*j))) {
            both.cells.push_back(*i++);
        } else if (i == a.cells.end() || key(*j) < key(*i)) {
            both.cells.push_back(*j++);
        } else {
            both.cells.push_back(*i++);
            detail::add_to(both.cells.back(), *j++);
        }
    }
    return both;
}

/// Counts a stream: games are kept until they are as many as the cells, then folded in, so that a game costs O(log) on
/// average and memory stays with the pairs.
class game_counter {
  public:
    explicit game_counter(std::size_t items, sides orientation = sides::merged) : counts_{items, orientation, {}} {}

    /// \throws argument_error as count_games; the counter is as before then.
    void add(item_id left, item_id right, game_result result, double weight = 1) {
        const std::span l(&left, 1), r(&right, 1);
        const detail::game_place place = detail::checked_place(0, l, r, counts_.items, counts_.orientation);
        detail::checked_weight(0, weight);
        if (place.swapped && result != game_result::tie)
            result = result == game_result::left ? game_result::right : game_result::left;
        left_.push_back(place.row);
        right_.push_back(place.column);
        results_.push_back(result);
        weights_.push_back(weight);
        if (left_.size() >= std::max<std::size_t>(4096, counts_.cells.size())) fold();
    }
    void add(const pair_counts& shard) { counts_ = merge_counts(counts(), shard); }

    [[nodiscard]] const pair_counts& counts() {
        fold();
        return counts_;
    }

  private:
    void fold() {
        if (left_.empty()) return;
        counts_ =
            merge_counts(counts_, count_games(counts_.items, left_, right_, results_, weights_, counts_.orientation));
        left_.clear();
        right_.clear();
        results_.clear();
        weights_.clear();
    }

    pair_counts counts_;
    std::vector<item_id> left_, right_;
    std::vector<game_result> results_;
    std::vector<double> weights_;
};

} // namespace preflearn
