/// \file
/// What raters said: units × raters with missing values, categories numbered from 0, kept as counts of distinct rows.
/// Every coefficient of agreement depends on these counts alone, so its cost depends on how many different rows there
/// are, not on how many units; counts are added one unit at a time and two sets of counts are added to each other.
/// Where rows are too many to be counted they are kept without what is missing, so that many raters of whom few rate a
/// unit cost no more than their ratings.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <preflearn/agreement/ratings/given_ratings.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Counts of rows of ratings. While (categories + 1)^raters is at most 65,536 rows are counted in a table; above, the
/// ratings of every added row are kept.
class rating_counts {
  public:
    /// \throws argument_error for no raters or no categories.
    rating_counts(std::size_t raters, std::size_t categories) : raters_(raters), categories_(categories) {
        require(raters > 0, "ratings need at least one rater");
        require(raters <= std::numeric_limits<std::uint32_t>::max(), "ratings of ", raters, " raters");
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
            check(unit[r], r);
            cell = cell * (categories_ + 1) + static_cast<std::size_t>(unit[r] + 1);
        }
        units_ += count;
        if (tabulated()) {
            table_[cell] += count;
        } else if (count > 0) {
            for (std::size_t r = 0; r < raters_; ++r)
                if (unit[r] >= 0) rows_.ratings.push_back({static_cast<std::uint32_t>(r), unit[r]});
            rows_.starts.push_back(rows_.ratings.size());
            counts_.push_back(count);
        }
    }

    /// Adds `count` units with the ratings that were given, by rising rater. \throws argument_error naming the rater of
    /// an unknown category, or a rater out of order or range.
    void add_given(std::span<const given_rating> unit, std::uint64_t count = 1) {
        std::size_t cell = 0;
        for (std::size_t i = unit.size(); i-- > 0;) {
            const auto [rater, value] = unit[i];
            require(rater < raters_ && (i == 0 || unit[i - 1].rater < rater), "unit ", units_, ": rater ", rater,
                    ", raters below ", raters_, " in rising order were expected");
            check(value, rater);
            require(value != no_rating, "unit ", units_, ", rater ", rater, ": a given rating is missing");
        }
        units_ += count;
        if (tabulated()) {
            std::size_t given = unit.size();
            for (std::size_t r = raters_; r-- > 0;) {
                const bool own = given > 0 && unit[given - 1].rater == r;
                cell = cell * (categories_ + 1) + (own ? static_cast<std::size_t>(unit[--given].value + 1) : 0);
            }
            table_[cell] += count;
        } else if (count > 0) {
            rows_.add(unit);
            counts_.push_back(count);
        }
    }

    /// Adds another shard's counts. \throws argument_error when it has other raters or categories.
    rating_counts& operator+=(const rating_counts& other) {
        require(raters_ == other.raters_ && categories_ == other.categories_, "ratings of ", other.raters_,
                " raters in ", other.categories_, " categories added to ratings of ", raters_, " in ", categories_);
        for (std::size_t i = 0; i < table_.size(); ++i) table_[i] += other.table_[i];
        for (std::size_t i = 0; i < other.rows_.units(); ++i) rows_.add(other.rows_.of(i));
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
        const auto some = [](std::uint64_t count) { return count > 0; };
        return tabulated() ? std::any_of(table_.begin() + 1, table_.end(), some) : !rows_.ratings.empty();
    }

    /// Calls `visit(ratings, count)` for every distinct row (every added row where rows are not tabulated): a category
    /// for each rater, `no_rating` where there is none.
    template <class Visit> void for_each(Visit&& visit) const {
        std::vector<category> row(raters_, no_rating);
        if (!tabulated()) {
            for (std::size_t i = 0; i < counts_.size(); ++i) {
                for (const auto& [rater, value] : rows_.of(i)) row[rater] = value;
                visit(std::span<const category>(row), counts_[i]);
                for (const auto& [rater, value] : rows_.of(i)) row[rater] = no_rating;
            }
            return;
        }
        for (const std::uint64_t count : table_) {
            if (count > 0) visit(std::span<const category>(row), count);
            for (std::size_t r = 0; r < raters_ && ++row[r] == static_cast<category>(categories_); ++r)
                row[r] = no_rating;
        }
    }

    /// The same with the ratings that were given alone, by rising rater: `visit(given, count)`, which costs no more
    /// than their number.
    template <class Visit> void for_each_given(Visit&& visit) const {
        if (!tabulated()) {
            for (std::size_t i = 0; i < counts_.size(); ++i) visit(rows_.of(i), counts_[i]);
            return;
        }
        std::vector<given_rating> given;
        for_each([&](std::span<const category> row, std::uint64_t count) {
            given.clear();
            for (std::size_t r = 0; r < row.size(); ++r)
                if (row[r] >= 0) given.push_back({static_cast<std::uint32_t>(r), row[r]});
            visit(std::span<const given_rating>(given), count);
        });
    }

    friend rating_counts count_ratings(std::span<const std::span<const category>> columns, std::size_t categories);

  private:
    static constexpr std::size_t largest_table = 65'536;
    [[nodiscard]] bool tabulated() const { return !table_.empty(); }
    void check(category value, std::size_t rater) const {
        require(value >= no_rating && value < static_cast<category>(categories_), "unit ", units_, ", rater ", rater,
                ": category ", value, ", 0 to ", categories_ - 1, " or ", no_rating, " (missing) was expected");
    }

    std::size_t raters_;
    std::size_t categories_;
    std::uint64_t units_ = 0;
    std::vector<std::uint64_t> table_;
    given_ratings rows_; // each counted so often:
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

/// Counts of the ratings that were given. \throws argument_error as `rating_counts::add_given` does.
inline rating_counts count_ratings(const given_ratings& given, std::size_t categories) {
    rating_counts all(given.raters, categories);
    for (std::size_t u = 0; u < given.units(); ++u) all.add_given(given.of(u));
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

/// The two raters' categories × categories table over the units that both rated, row by row. \throws argument_error for
/// unknown raters, and for more than 8,192 categories, whose table would take half a gigabyte.
inline std::vector<double> contingency(const rating_counts& ratings, std::size_t first = 0, std::size_t second = 1) {
    require(first < ratings.raters() && second < ratings.raters(), "raters ", first, " and ", second, " of ",
            ratings.raters());
    const std::size_t q = ratings.categories();
    require(q <= 8192, "a table of ", q, " × ", q, " categories does not fit, at most 8192 do");
    std::vector<double> table(q * q);
    ratings.for_each([&](std::span<const category> row, std::uint64_t count) {
        if (row[first] < 0 || row[second] < 0) return;
        table[static_cast<std::size_t>(row[first]) * q + static_cast<std::size_t>(row[second])] +=
            static_cast<double>(count);
    });
    return table;
}

} // namespace preflearn
