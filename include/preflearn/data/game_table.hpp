/// \file
/// Games between named items from a CSV file: the columns `left`, `right` and `winner` (left, right or tie; x, y and
/// draw mean the same), and where they exist `weight`, a column that says which cluster a game belongs to (its
/// annotator, its prompt), one that says who judged it, and numeric columns that explain games beside their items.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/error.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/data/csv.hpp>
#include <preflearn/data/name_index.hpp>
#include <preflearn/data/number.hpp>

namespace preflearn {

/// A column of names, numbered in the order of their first appearance: one code a row.
struct name_column {
    std::vector<std::string> names{};
    std::vector<std::uint32_t> codes{};
};

/// The columns to be read beside left, right, winner and weight; an empty name: none.
struct game_column_names {
    std::string cluster{}, judge{};
    /// Each the left side's value minus the right side's.
    std::vector<std::string> covariates{};
};

/// Columns of games, one entry a game. Items are numbered in the order of their first appearance.
struct game_table {
    std::vector<std::string> items{};
    std::vector<std::uint32_t> left{}, right{};
    /// `first` is the left side; never `abstained`.
    std::vector<choice> winners{};
    /// Empty when the file has no column `weight`.
    std::vector<double> weights{};
    /// Empty when they were not asked for.
    name_column clusters{}, judges{};
    /// A row per game of the covariates that were asked for.
    std::vector<double> covariates{};
};

namespace detail {

inline std::optional<choice> winner_named(std::string_view text) {
    if (text == "left" || text == "x") return choice::first;
    if (text == "right" || text == "y") return choice::second;
    if (text == "tie" || text == "draw") return choice::tie;
    return std::nullopt;
}

} // namespace detail

/// All games of a file.
/// \throws input_error naming the missing column; or file and line of an empty name, an item against itself, a winner
/// that is none of the words, a weight that is not a finite number of at least 0, or a covariate that is not a finite
/// number.
inline game_table read_games(csv_file file, const game_column_names& wanted = {}) {
    const std::size_t left = file.column("left"), right = file.column("right"), winner = file.column("winner");
    const std::optional<std::size_t> weight = file.find("weight");
    const auto asked_for = [&](const std::string& name) {
        return name.empty() ? std::nullopt : std::optional(file.column(name));
    };
    const std::optional<std::size_t> cluster = asked_for(wanted.cluster), judge = asked_for(wanted.judge);
    std::vector<std::size_t> covariates;
    for (const std::string& name : wanted.covariates) covariates.push_back(file.column(name));

    game_table games;
    name_index items, clusters, judges;
    while (const auto next = file.next()) {
        const std::span<const std::string> row = *next;
        const auto name_in = [&](std::size_t column, std::string_view whose) -> const std::string& {
            require<input_error>(!row[column].empty(), file.place(), ": column ", excerpt{file.columns()[column]},
                                 " is empty, ", whose, " name was expected");
            return row[column];
        };
        const auto number_in = [&](std::size_t column) {
            const std::optional<double> value = finite_number(row[column]);
            require<input_error>(value.has_value(), file.place(), ": column ", excerpt{file.columns()[column]},
                                 " holds ", excerpt{row[column]}, ", a finite number was expected");
            return *value;
        };
        games.left.push_back(items(name_in(left, "an item's")));
        games.right.push_back(items(name_in(right, "an item's")));
        require<input_error>(games.left.back() != games.right.back(), file.place(), ": item ", excerpt{row[left]},
                             " plays against itself");
        const std::optional<choice> won = detail::winner_named(row[winner]);
        require<input_error>(won.has_value(), file.place(), ": the winner is ", excerpt{row[winner]},
                             ", expected left, right or tie (or x, y, draw)");
        games.winners.push_back(*won);
        if (weight) {
            games.weights.push_back(number_in(*weight));
            require<input_error>(games.weights.back() >= 0, file.place(), ": the weight is ", row[*weight],
                                 ", a number of at least 0 was expected");
        }
        if (cluster) games.clusters.codes.push_back(clusters(name_in(*cluster, "a cluster's")));
        if (judge) games.judges.codes.push_back(judges(name_in(*judge, "a judge's")));
        for (const std::size_t column : covariates) games.covariates.push_back(number_in(column));
    }
    games.items = std::move(items.names);
    games.clusters.names = std::move(clusters.names);
    games.judges.names = std::move(judges.names);
    return games;
}

} // namespace preflearn
