/// \file
/// Games between named items from a CSV file: the columns `left`, `right` and `winner` (left, right or tie; x, y and
/// draw mean the same), and where they exist `weight`, a column that says which cluster a game belongs to (its
/// annotator, its prompt), and numeric columns that explain games beside their items.
// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <preflearn/core/error.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/data/csv.hpp>

namespace preflearn {

/// Columns of games, one entry a game. Items and clusters are numbered in the order of their first appearance.
struct game_table {
    std::vector<std::string> items{};
    std::vector<std::uint32_t> left{}, right{};
    /// `first` is the left side; never `abstained`.
    std::vector<choice> winners{};
    /// Empty when the file has no column `weight`.
    std::vector<double> weights{};
    /// Empty when no cluster column was asked for.
    std::vector<std::uint32_t> clusters{};
    std::vector<std::string> cluster_names{};
    /// A row per game of the columns that were asked for.
    std::vector<double> covariates{};
};

namespace detail {

inline std::uint32_t number_of(const std::string& name, std::vector<std::string>& names,
                               std::unordered_map<std::string, std::uint32_t>& numbers) {
    const auto [at, added] = numbers.try_emplace(name, static_cast<std::uint32_t>(names.size()));
    if (added) names.push_back(name);
    return at->second;
}

inline std::optional<choice> winner_named(std::string_view text) {
    if (text == "left" || text == "x") return choice::first;
    if (text == "right" || text == "y") return choice::second;
    if (text == "tie" || text == "draw") return choice::tie;
    return std::nullopt;
}

/// Nothing unless the whole text is a finite number.
inline std::optional<double> finite_number(std::string_view text) {
    double value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

} // namespace detail

/// A column of names, numbered in the order of their first appearance: one code a row.
struct name_column {
    std::vector<std::string> names{};
    std::vector<std::uint32_t> codes{};
};

/// \throws input_error when there is no such column.
inline name_column names_of(const csv_table& file, std::string_view column) {
    const std::size_t place = file.column(column);
    name_column found;
    std::unordered_map<std::string, std::uint32_t> numbers;
    for (const std::vector<std::string>& row : file.rows)
        found.codes.push_back(detail::number_of(row[place], found.names, numbers));
    return found;
}

/// \param cluster_column the column of clusters, or empty
/// \param covariate_columns numeric columns, each the left side's value minus the right side's
/// \throws input_error naming the missing column; or file and line of an empty name, an item against itself, a winner
/// that is none of the words, a weight that is not a finite number of at least 0, or a covariate that is not a finite
/// number.
inline game_table games_of(const csv_table& file, std::string_view cluster_column = {},
                           std::span<const std::string> covariate_columns = {}) {
    const std::size_t left = file.column("left"), right = file.column("right"), winner = file.column("winner");
    name_column clusters;
    if (!cluster_column.empty()) clusters = names_of(file, cluster_column);
    std::optional<std::size_t> weight;
    for (std::size_t c = 0; c < file.columns.size(); ++c)
        if (file.columns[c] == "weight") weight = c;
    std::vector<std::size_t> covariates;
    for (const std::string& name : covariate_columns) covariates.push_back(file.column(name));

    game_table games;
    games.clusters = std::move(clusters.codes);
    games.cluster_names = std::move(clusters.names);
    std::unordered_map<std::string, std::uint32_t> item_numbers;
    for (std::size_t r = 0; r < file.rows.size(); ++r) {
        const std::vector<std::string>& row = file.rows[r];
        for (const std::size_t side : {left, right})
            require<input_error>(!row[side].empty(), file.place(r), ": column '", file.columns[side],
                                 "' is empty, an item's name was expected");
        require<input_error>(row[left] != row[right], file.place(r), ": item '", row[left], "' plays against itself");
        const std::optional<choice> won = detail::winner_named(row[winner]);
        require<input_error>(won.has_value(), file.place(r), ": the winner is '", row[winner],
                             "', expected left, right or tie (or x, y, draw)");
        games.left.push_back(detail::number_of(row[left], games.items, item_numbers));
        games.right.push_back(detail::number_of(row[right], games.items, item_numbers));
        games.winners.push_back(*won);
        if (weight) {
            const std::optional<double> value = detail::finite_number(row[*weight]);
            require<input_error>(value && *value >= 0, file.place(r), ": the weight is '", row[*weight],
                                 "', a finite number of at least 0 was expected");
            games.weights.push_back(*value);
        }
        for (const std::size_t c : covariates) {
            const std::optional<double> value = detail::finite_number(row[c]);
            require<input_error>(value.has_value(), file.place(r), ": column '", file.columns[c], "' holds '", row[c],
                                 "', a finite number was expected");
            games.covariates.push_back(*value);
        }
    }
    return games;
}

} // namespace preflearn
