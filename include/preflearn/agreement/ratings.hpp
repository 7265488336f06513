/// \file
/// What raters said: units × raters with missing values, categories numbered from 0, kept as counts of distinct rows.
/// Every coefficient of agreement depends on these counts alone, so its cost depends on how many different rows there
/// are, not on how many units; counts are added one unit at a time and two sets of counts are added to each other.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <preflearn/core/error.hpp>

namespace preflearn {

/// A category's number, from 0; `no_rating` where a rater did not rate a unit.
using category = std::int32_t;
inline constexpr category no_rating = -1;

/// Counts of rows of ratings. While (categories + 1)^raters is at most 65,536 rows are counted in a table; above, every
/// added row is kept.
class rating_counts {
  public:
    /// \throws argument_error for no raters or no categories.
    rating_counts(std::size_t raters, std::size_t categories) : raters_(raters), categories_(categories) {
        require(raters > 0, "ratings need at least one rater");
        require(categories > 0 && categories < std::numeric_limits<category>::max(), "ratings of ", categories,
                " categories");
        std::size_t cells = 1;
        for (std::size_t r = 0; r < raters && cells <= largest_table; ++r) cells *= categories + 1;
        if (cells <= largest_table) table_.resize(cells);
    }

    /// Adds `count` units with these ratings, one per rater. \throws argument_error naming the rater of an unknown
    /// category.
    void add(std::span<const category> unit, std::uint64_t count = 1) {
        require(unit.size() == raters_, "unit ", units_, " has ", unit.size(), " ratings for ", raters_, " raters");
        std::size_t cell = 0;
        for (std::size_t r = raters_; r-- > 0;) {
            require(unit[r] >= no_rating && unit[r] < static_cast<category>(categories_), "unit ", units_, ", rater ",
                    r, ": category ", unit[r], ", 0 to ", categories_ - 1, " or ", no_rating,
                    " (missing) was expected");
            cell = cell * (categories_ + 1) + static_cast<std::size_t>(unit[r] + 1);
        }
        units_ += count;
        if (tabulated()) {
            table_[cell] += count;
        } else if (count > 0) {
            rows_.insert(rows_.end(), unit.begin(), unit.end());
            counts_.push_back(count);
        }
    }

    /// Adds another shard's counts. \throws argument_error when it has other raters or categories.
    rating_counts& operator+=(const rating_counts& other) {
        require(raters_ == other.raters_ && categories_ == other.categories_, "ratings of ", other.raters_,
                " raters in ", other.categories_, " categories added to ratings of ", raters_, " in ", categories_);
        for (std::size_t i = 0; i < table_.size(); ++i) table_[i] += other.table_[i];
        rows_.insert(rows_.end(), other.rows_.begin(), other.rows_.end());
        counts_.insert(counts_.end(), other.counts_.begin(), other.counts_.end());
        units_ += other.units_;
        return *this;
    }

    [[nodiscard]] std::size_t raters() const { return raters_; }
    [[nodiscard]] std::size_t categories() const { return categories_; }
    /// Units added, those without any rating included.
    [[nodiscard]] std::uint64_t units() const { return units_; }

    /// Whether any unit has a rating.
    [[nodiscard]] bool rated() const {
        const auto given = [](category k) { return k >= 0; };
        return tabulated()
                   ? std::any_of(table_.begin() + 1, table_.end(), [](std::uint64_t count) { return count > 0; })
                   : std::any_of(rows_.begin(), rows_.end(), given);
    }

    /// Calls `visit(ratings, count)` for every distinct row (every added row where rows are not tabulated).
    template <class Visit> void for_each(Visit&& visit) const {
        if (!tabulated()) {
            for (std::size_t i = 0; i < counts_.size(); ++i)
                visit(std::span(rows_).subspan(i * raters_, raters_), counts_[i]);
            return;
        }
        std::vector<category> row(raters_, no_rating);
        for (const std::uint64_t count : table_) {
            if (count > 0) visit(std::span<const category>(row), count);
            for (std::size_t r = 0; r < raters_ && ++row[r] == static_cast<category>(categories_); ++r)
                row[r] = no_rating;
        }
    }

    friend rating_counts count_ratings(std::span<const std::span<const category>> columns, std::size_t categories);

  private:
    static constexpr std::size_t largest_table = 65'536;
    [[nodiscard]] bool tabulated() const { return !table_.empty(); }

    std::size_t raters_;
    std::size_t categories_;
    std::uint64_t units_ = 0;
    std::vector<std::uint64_t> table_;
    std::vector<category> rows_;
    std::vector<std::uint64_t> counts_;
};

/// Counts of a table given as one column per rater. \throws argument_error when columns differ in length, or naming
/// unit and rater of an unknown category.
inline rating_counts count_ratings(std::span<const std::span<const category>> columns, std::size_t categories) {
    rating_counts all(columns.size(), categories);
    const std::size_t units = columns[0].size();
    for (std::size_t r = 0; r < columns.size(); ++r)
        require(columns[r].size() == units, "rater ", r, " has ", columns[r].size(), " ratings for ", units, " units");
    if (!all.tabulated()) {
        std::vector<category> row(columns.size());
        for (std::size_t u = 0; u < units; ++u) {
            for (std::size_t r = 0; r < columns.size(); ++r) row[r] = columns[r][u];
            all.add(row);
        }
        return all;
    }
    const auto base = static_cast<std::uint32_t>(categories + 1);
    constexpr std::size_t block = 1024;
    std::vector<std::uint32_t> cells(block);
    for (std::size_t begin = 0; begin < units; begin += block) {
        const std::size_t size = std::min(block, units - begin);
        std::fill_n(cells.begin(), size, 0);
        std::uint32_t largest = 0; // of rating + 1, where a negative number becomes very large
        for (std::size_t r = columns.size(); r-- > 0;) {
            const category* ratings = columns[r].data() + begin;
            for (std::size_t i = 0; i < size; ++i) {
                const std::uint32_t digit = static_cast<std::uint32_t>(ratings[i]) + 1;
                largest = std::max(largest, digit);
                cells[i] = cells[i] * base + digit;
            }
        }
        if (largest >= base) { // find the place
            for (std::size_t u = begin; u < begin + size; ++u)
                for (std::size_t r = 0; r < columns.size(); ++r)
                    require(columns[r][u] >= no_rating && columns[r][u] < static_cast<category>(categories), "unit ", u,
                            ", rater ", r, ": category ", columns[r][u], ", 0 to ", categories - 1, " or ", no_rating,
                            " (missing) was expected");
        }
        for (std::size_t i = 0; i < size; ++i) ++all.table_[cells[i]];
    }
    all.units_ = units;
    return all;
}

/// Counts of two raters.
inline rating_counts count_ratings(std::span<const category> first, std::span<const category> second,
                                   std::size_t categories) {
    const std::span<const category> columns[] = {first, second};
    return count_ratings(columns, categories);
}

/// Counts of a printed categories × categories table of two raters, row by row: cell (k, l) counts the units that the
/// first rater put into k and the second into l. \throws argument_error unless the table is square.
inline rating_counts ratings_from_table(std::span<const std::uint64_t> cells, std::size_t categories) {
    require(cells.size() == categories * categories, "a table of ", cells.size(), " cells for ", categories,
            " categories");
    rating_counts all(2, categories);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const category unit[] = {static_cast<category>(i / categories), static_cast<category>(i % categories)};
        all.add(unit, cells[i]);
    }
    return all;
}

/// Counts of a printed units × categories table: how many raters put each unit into each category. Raters are
/// anonymous, so coefficients that know them (Cohen, Conger) mean nothing here. \throws argument_error when a unit has
/// more than `raters` ratings.
inline rating_counts ratings_from_unit_counts(std::span<const std::size_t> counts, std::size_t categories,
                                              std::size_t raters) {
    require(categories > 0 && counts.size() % categories == 0, counts.size(), " counts for ", categories,
            " categories");
    rating_counts all(raters, categories);
    std::vector<category> row(raters);
    for (std::size_t u = 0; u < counts.size() / categories; ++u) {
        std::fill(row.begin(), row.end(), no_rating);
        std::size_t used = 0;
        for (std::size_t k = 0; k < categories; ++k) {
            for (std::size_t i = 0; i < counts[u * categories + k]; ++i, ++used) {
                require(used < raters, "unit ", u, " has more than ", raters, " ratings");
                row[used] = static_cast<category>(k);
            }
        }
        all.add(row);
    }
    return all;
}

/// The two raters' categories × categories table over the units that both rated, row by row.
inline std::vector<double> contingency(const rating_counts& ratings, std::size_t first = 0, std::size_t second = 1) {
    require(first < ratings.raters() && second < ratings.raters(), "raters ", first, " and ", second, " of ",
            ratings.raters());
    const std::size_t q = ratings.categories();
    std::vector<double> table(q * q);
    ratings.for_each([&](std::span<const category> row, std::uint64_t count) {
        if (row[first] < 0 || row[second] < 0) return;
        table[static_cast<std::size_t>(row[first]) * q + static_cast<std::size_t>(row[second])] +=
            static_cast<double>(count);
    });
    return table;
}

} // namespace preflearn
