/// \file
/// Ratings that were given, unit by unit: a crowd of a thousand raters of whom three rate each unit costs three numbers
/// a unit, not a thousand.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// A category's number, from 0; `no_rating` where a rater did not rate a unit.
using category = std::int32_t;
inline constexpr category no_rating = -1;

/// What one rater, numbered from 0, said of a unit.
struct given_rating {
    std::uint32_t rater = 0;
    category value = no_rating;

    friend bool operator==(const given_rating&, const given_rating&) = default;
};

/// Units in order, each with its ratings by rising rater.
struct given_ratings {
    std::size_t raters = 0;
    /// Where each unit's ratings begin, and the end of the last.
    std::vector<std::size_t> starts{0};
    std::vector<given_rating> ratings{};

    [[nodiscard]] std::size_t units() const { return starts.size() - 1; }
    [[nodiscard]] std::span<const given_rating> of(std::size_t unit) const {
        return std::span(ratings).subspan(starts[unit], starts[unit + 1] - starts[unit]);
    }
    /// Adds a unit.
    void add(std::span<const given_rating> unit) {
        ratings.insert(ratings.end(), unit.begin(), unit.end());
        starts.push_back(ratings.size());
    }
};

/// The ratings of a table given as one column per rater. \throws argument_error when columns differ in length.
inline given_ratings given_in(std::span<const std::span<const category>> columns) {
    given_ratings given{.raters = columns.size()};
    const std::size_t units = columns.empty() ? 0 : columns[0].size();
    for (std::size_t r = 0; r < columns.size(); ++r)
        require(columns[r].size() == units, "rater ", r, " has ", columns[r].size(), " ratings for ", units, " units");
    for (std::size_t u = 0; u < units; ++u) {
        for (std::size_t r = 0; r < columns.size(); ++r)
            if (columns[r][u] != no_rating) given.ratings.push_back({static_cast<std::uint32_t>(r), columns[r][u]});
        given.starts.push_back(given.ratings.size());
    }
    return given;
}

} // namespace preflearn
