/// \file
/// Games between named items from a CSV, JSON or JSONL file: columns that name the left side, the right side and the
/// winner, and where they exist `weight`, a column that says which cluster a game belongs to (its annotator, its
/// prompt), one that says who judged it, and numeric columns that explain games beside their items.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/csv.hpp>
#include <preflearn/data/files/name_index.hpp>
#include <preflearn/data/files/named_rows.hpp>
#include <preflearn/data/tables/game_winner.hpp>

namespace preflearn {

/// A column of names, numbered in the order of their first appearance: one code a row.
struct name_column {
    std::vector<std::string> names{};
    std::vector<std::uint32_t> codes{};
};

/// The columns to be read; an empty name: none, or of the first four what the file has.
struct game_column_names {
    /// Else `left` or `model_a`, `right` or `model_b`, `winner`.
    std::string left{}, right{}, winner{};
    /// Else `weight`, where there is one.
    std::string weight{};
    std::string cluster{}, judge{};
    /// Each the left side's value minus the right side's.
    std::vector<std::string> covariates{};
    /// Games that cannot be used are left out and counted, instead of an error.
    bool skip_unusable = false;
};

/// Rows that were left out for one reason.
struct left_out_games {
    std::string reason;
    std::size_t count = 0;
    /// What an error would have said of the first.
    std::string first;
};

/// Columns of games, one entry a game. Items are numbered in the order of their first appearance.
struct game_table {
    std::vector<std::string> items{};
    std::vector<std::uint32_t> left{}, right{};
    /// `first` is the left side; never `abstained`.
    std::vector<choice> winners{};
    /// Empty when the file has no column of weights.
    std::vector<double> weights{};
    /// Empty when they were not asked for.
    name_column clusters{}, judges{};
    /// A row per game of the covariates that were asked for.
    std::vector<double> covariates{};
    /// By reason, in the order of their first lines.
    std::vector<left_out_games> left_out{};
    /// The columns that were read as left, right, winner and weight (empty: none).
    std::string left_column{}, right_column{}, winner_column{}, weight_column{};
    /// What was recognised about the file, in words; empty for commas and UTF-8.
    std::string recognised{};

    [[nodiscard]] std::size_t games_left_out() const {
        std::size_t count = 0;
        for (const left_out_games& some : left_out) count += some.count;
        return count;
    }
};

/// A row that holds no game that can be used.
struct unusable_game : input_error {
    /// Of which kind, without names and numbers.
    const char* reason;
    unusable_game(const char* kind, const std::string& what) : input_error(what), reason(kind) {}
};

namespace detail {

/// Where each column's texts are, and how a row of them is read.
struct game_columns_at {
    std::size_t left, right, winner;
    std::optional<std::size_t> weight, cluster, judge;
    std::vector<std::size_t> covariates;

    /// \throws input_error naming what is missing.
    game_columns_at(named_rows& rows, const game_column_names& wanted) {
        const auto first_of = [&](const std::string& asked, const char* usual, const char* arena) {
            return rows.select(!asked.empty() ? asked : rows.has(usual) || !rows.has(arena) ? usual : arena);
        };
        const auto asked_for = [&](const std::string& name) {
            return name.empty() ? std::nullopt : std::optional(rows.select(name));
        };
        if (wanted.left.empty() != wanted.right.empty())
            throw input_error(message(rows.name(), ": name both columns, left and right, or neither"));
        if (wanted.left.empty() && rows.has("left") && rows.has("model_a"))
            throw input_error(message(rows.name(), ": there are the columns 'left' and 'model_a'; say which ones the "
                                                   "items are in"));
        left = first_of(wanted.left, "left", "model_a");
        right = first_of(wanted.right, "right", "model_b");
        winner = rows.select(wanted.winner.empty() ? "winner" : wanted.winner);
        weight = asked_for(wanted.weight.empty() && rows.has("weight") ? "weight" : wanted.weight);
        cluster = asked_for(wanted.cluster);
        judge = asked_for(wanted.judge);
        for (const std::string& name : wanted.covariates) covariates.push_back(rows.select(name));
    }
};

inline const std::string& name_in(const named_rows& rows, std::size_t column, std::string_view whose) {
    if (rows[column].empty())
        throw unusable_game("a name is missing", message(rows.place(), ": column ", excerpt{rows.column(column)},
                                                         " is empty, ", whose, " name was expected"));
    return rows[column];
}

inline double number_in(const named_rows& rows, std::size_t column) {
    const std::optional<double> value = finite_number(rows[column]);
    if (!value)
        throw unusable_game("a number is missing or not finite",
                            message(rows.place(), ": column ", excerpt{rows.column(column)}, " holds ",
                                    excerpt{rows[column]}, ", a finite number was expected"));
    return *value;
}

/// Checks everything of a row before it is added to the table. \throws unusable_game; input_error for what is wrong
/// with the file
class game_adder {
  public:
    game_adder(game_table& games, const game_columns_at& at) : games_(games), at_(at) {}

    void operator()(const named_rows& rows) {
        const std::string &left = name_in(rows, at_.left, "an item's"), &right = name_in(rows, at_.right, "an item's");
        if (left == right)
            throw unusable_game("an item plays against itself",
                                message(rows.place(), ": item ", excerpt{left}, " plays against itself"));
        const std::string& winner = rows[at_.winner];
        const std::optional<choice> won = winners_(winner, left, right, rows.place());
        if (!won)
            throw unusable_game(
                winner.empty() ? "the winner is missing" : "the winner is neither a word nor an item of the game",
                message(rows.place(), ": the winner is ", excerpt{winner},
                        ", expected left, right or tie (or x, y, draw; model_a, model_b, tie (bothbad), "
                        "both_bad), or one of the items ",
                        excerpt{left}, " and ", excerpt{right}));
        double weight = 1;
        if (at_.weight) {
            weight = number_in(rows, *at_.weight);
            if (weight < 0)
                throw unusable_game("the weight is below 0",
                                    message(rows.place(), ": the weight is ", rows[*at_.weight],
                                            ", a number of at least 0 was expected"));
        } else if (rows.row_has("weight")) {
            throw input_error(message(rows.place(), ": this game has a weight, the first one has none"));
        }
        const std::string* const cluster = at_.cluster ? &name_in(rows, *at_.cluster, "a cluster's") : nullptr;
        const std::string* const judge = at_.judge ? &name_in(rows, *at_.judge, "a judge's") : nullptr;
        std::vector<double> numbers;
        for (const std::size_t column : at_.covariates) numbers.push_back(number_in(rows, column));

        games_.left.push_back(items_(left));
        games_.right.push_back(items_(right));
        games_.winners.push_back(*won);
        if (at_.weight) games_.weights.push_back(weight);
        if (cluster != nullptr) games_.clusters.codes.push_back(clusters_(*cluster));
        if (judge != nullptr) games_.judges.codes.push_back(judges_(*judge));
        games_.covariates.insert(games_.covariates.end(), numbers.begin(), numbers.end());
    }
    void finish() {
        winners_.check(items_.names);
        games_.items = std::move(items_.names);
        games_.clusters.names = std::move(clusters_.names);
        games_.judges.names = std::move(judges_.names);
    }

  private:
    game_table& games_;
    const game_columns_at& at_;
    name_index items_, clusters_, judges_;
    winner_reader winners_;
};

} // namespace detail

/// All games of a file.
/// \throws input_error naming the missing column; or file and line of an empty name, an item against itself, a winner
/// that is none of the words and neither item, or both a word and a name; a weight that is not a finite number of at
/// least 0, or a covariate that is not a finite number. With `skip_unusable`, only of what is wrong with the file, and
/// when no game is left.
inline game_table read_games(named_rows rows, const game_column_names& wanted = {}) {
    const detail::game_columns_at at(rows, wanted);
    game_table games{.left_column = rows.column(at.left),
                     .right_column = rows.column(at.right),
                     .winner_column = rows.column(at.winner),
                     .weight_column = at.weight ? rows.column(*at.weight) : "",
                     .recognised = rows.recognised()};
    detail::game_adder add(games, at);
    const auto leave_out = [&](const char* reason, const char* what) {
        const auto same = std::ranges::find(games.left_out, reason, &left_out_games::reason);
        if (same != games.left_out.end())
            ++same->count;
        else
            games.left_out.push_back({reason, 1, what});
    };
    for (bool more = true; more;) {
        try {
            more = rows.next();
            if (more) add(rows);
        } catch (const unusable_game& failure) {
            if (!wanted.skip_unusable) throw;
            leave_out(failure.reason, failure.what());
        } catch (const field_count_error& failure) {
            if (!wanted.skip_unusable) throw;
            leave_out("the row has another number of fields", failure.what());
        } catch (const json_object_error& failure) {
            if (!wanted.skip_unusable) throw;
            leave_out("the object is damaged or none", failure.what());
        }
    }
    add.finish();
    require<input_error>(games.left_out.empty() || !games.left.empty(), rows.name(),
                         ": no game can be used; first: ", games.left_out.empty() ? "" : games.left_out.front().first);
    return games;
}

inline game_table read_games(csv_file file, const game_column_names& wanted = {}) {
    return read_games(named_rows(std::move(file)), wanted);
}

/// A file that begins with a bracket or a brace is read as JSON, every other one as CSV.
inline game_table read_games(const std::filesystem::path& path, const game_column_names& wanted = {},
                             char separator = recognised_separator) {
    return read_games(named_rows::open(path, separator), wanted);
}

} // namespace preflearn
