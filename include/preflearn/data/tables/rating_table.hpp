/// \file
/// Ratings from a CSV file: wide (a row per unit, a column per rater) or long (a row per rating). Only ratings that
/// were given are kept, so that a crowd of whom few rate each unit fits. A table that has the shape of the other, or a
/// column of numbers that names units instead of rating them, is refused with what would be right.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/csv.hpp>
#include <preflearn/data/files/missing_values.hpp>
#include <preflearn/data/files/name_index.hpp>
#include <preflearn/data/tables/table_shape.hpp>

namespace preflearn {

/// What one rater said of one unit, and the line it stands on; line 0: nothing was said.
struct rating_cell {
    std::string text{};
    std::size_t line = 0;
};

struct placed_rating {
    std::uint32_t unit = 0, rater = 0;
    rating_cell cell{};
};

/// Units × raters.
struct rating_table {
    std::string name{};
    std::vector<std::string> units{}, raters{};
    /// The ratings that were given, by rising unit and rater.
    std::vector<placed_rating> ratings{};
    /// Cells that say that nothing was given. A long table need not have such cells.
    missing_counts missing{};
    /// The column of the values of a long table; empty for a wide one, where it is the rater's.
    std::string value_column{};
    /// What a program's user should be told; empty where there is nothing to say.
    std::string remark{};

    /// What the rater said of the unit.
    [[nodiscard]] const rating_cell& operator()(std::size_t unit, std::size_t rater) const {
        static const rating_cell nothing;
        const auto place = [](const placed_rating& r) { return std::pair<std::size_t, std::size_t>(r.unit, r.rater); };
        const auto at = std::ranges::lower_bound(ratings, std::pair(unit, rater), {}, place);
        return at != ratings.end() && place(*at) == std::pair(unit, rater) ? at->cell : nothing;
    }
    /// "file:line: column 'name'" of a rating, for messages.
    [[nodiscard]] std::string place(const placed_rating& rating) const {
        return message(file_line{name, rating.cell.line}, ": column ",
                       excerpt{value_column.empty() ? raters[rating.rater] : value_column});
    }
};

struct rating_table_options {
    missing_words missing{};
    /// Columns of a wide table that are neither units nor raters.
    std::vector<std::string> ignored{};
    /// Takes the table as told even where it looks like one of another shape.
    bool any_shape = false;
};

namespace detail {

/// A last column without a name and without a rating comes of lines that end in a separator.
inline void drop_empty_end(rating_table& table) {
    const auto last = static_cast<std::uint32_t>(table.raters.size() - 1);
    if (last == 0 || !table.raters.back().starts_with("unnamed ")) return;
    if (std::ranges::any_of(table.ratings, [&](const placed_rating& r) { return r.rater == last; })) return;
    table.raters.pop_back();
    const auto empty =
        std::ranges::find(table.missing.words, std::string(), &std::pair<std::string, std::size_t>::first);
    if (empty == table.missing.words.end()) return;
    empty->second -= std::min(empty->second, table.units.size());
    if (empty->second == 0) table.missing.words.erase(empty);
}

/// Rows of a wide table of one name may be ratings of one unit, or the column names something else.
inline std::string remark_on_names(const std::vector<std::string>& units) {
    std::unordered_set<std::string_view> seen, again;
    for (const std::string& unit : units)
        if (!seen.insert(unit).second) again.insert(unit);
    if (again.empty()) return "";
    const auto repeated = std::ranges::find_if(units, [&](const std::string& unit) { return again.contains(unit); });
    const std::string more = again.size() > 1 ? message(" and ", again.size() - 1, " more") : "";
    return message("several rows have unit ", excerpt{*repeated}, more, ": each row is taken as a unit of its own");
}

} // namespace detail

/// Every column is a rater, but for those ignored and `unit_column`, which names the units (empty: they are numbered by
/// row from 1); rows are units of their own even where that name is the same, which the remark says.
/// \throws input_error when a column is missing, no rater is left, or the table looks like a long one or like one with
/// a column that names units.
inline rating_table wide_ratings(csv_file file, std::string_view unit_column = {},
                                 const rating_table_options& options = {}) {
    rating_table table{.name = file.name()};
    const std::size_t width = file.columns().size();
    const std::size_t unit = unit_column.empty() ? width : file.column(unit_column);
    std::vector<bool> rates(width, true);
    if (unit < width) rates[unit] = false;
    for (const std::string& name : options.ignored) rates[file.column(name)] = false;
    std::vector<std::size_t> columns;
    for (std::size_t c = 0; c < width; ++c)
        if (rates[c]) columns.push_back(c), table.raters.push_back(file.columns()[c]);
    require<input_error>(!table.raters.empty(), file.name(), ": no column of ratings is left");
    std::vector<std::string> names = table.raters;
    if (unit < width) names.push_back(file.columns()[unit]);
    const bool all_sampled = names.size() <= table_sample::most_columns;
    table_sample sample(names, unit < width && all_sampled ? std::optional(names.size() - 1) : std::nullopt,
                        !options.any_shape);
    while (const auto row = file.next()) {
        const auto number = static_cast<std::uint32_t>(table.units.size());
        table.units.push_back(unit < width ? (*row)[unit] : std::to_string(number + 1));
        if (unit < width && all_sampled) sample.add(columns.size(), (*row)[unit]);
        for (std::size_t r = 0; r < columns.size(); ++r) {
            const std::string& text = (*row)[columns[r]];
            const bool missing = options.missing.contains(text);
            sample.add(r, missing ? std::string_view() : text);
            if (missing)
                table.missing.add(text);
            else
                table.ratings.push_back({number, static_cast<std::uint32_t>(r), {text, file.line()}});
        }
    }
    detail::drop_empty_end(table);
    if (unit < width) table.remark = detail::remark_on_names(table.units);
    if (!options.any_shape) sample.check_wide(table.name, unit_column);
    return table;
}

/// A row per rating: the unit's, the rater's and the value's column. Units and raters come in the order of their first
/// appearance; a rating whose value is missing says nothing.
/// \throws input_error for a missing column, or naming the line of a unit or a rater without a name, and both lines
/// when a rater rates a unit twice; and when the table looks like a wide one.
inline rating_table long_ratings(csv_file file, std::string_view unit_column, std::string_view rater_column,
                                 std::string_view value_column, const rating_table_options& options = {}) {
    const std::size_t columns[] = {file.column(unit_column), file.column(rater_column), file.column(value_column)};
    for (std::size_t i = 0; i < 3; ++i)
        require<input_error>(columns[i] != columns[(i + 1) % 3], file.name(), ": column ",
                             excerpt{file.columns()[columns[i]]},
                             " cannot stand for two of unit, rater and value at once");
    name_index units, raters;
    rating_table table{.name = file.name(), .value_column = std::string(value_column)};
    table_sample sample({std::string(unit_column), std::string(rater_column), std::string(value_column)}, 0,
                        !options.any_shape);
    while (const auto row = file.next()) {
        for (std::size_t i = 0; i < 2; ++i)
            require<input_error>(!(*row)[columns[i]].empty(), file.place(), ": column ",
                                 excerpt{file.columns()[columns[i]]}, " is empty, a name was expected");
        for (std::size_t i = 0; i < 3; ++i) sample.add(i, (*row)[columns[i]]);
        const std::string& text = (*row)[columns[2]];
        const std::uint32_t unit = units((*row)[columns[0]]), rater = raters((*row)[columns[1]]);
        if (options.missing.contains(text))
            table.missing.add(text);
        else
            table.ratings.push_back({unit, rater, {text, file.line()}});
    }
    table.units = std::move(units.names);
    table.raters = std::move(raters.names);
    if (!options.any_shape) sample.check_long(table.name);
    const auto place = [](const placed_rating& r) { return std::pair(r.unit, r.rater); };
    std::ranges::sort(table.ratings, {},
                      [](const placed_rating& r) { return std::tuple(r.unit, r.rater, r.cell.line); });
    for (std::size_t i = 1; i < table.ratings.size(); ++i) {
        const placed_rating &before = table.ratings[i - 1], &rating = table.ratings[i];
        require<input_error>(place(before) != place(rating), file_line{table.name, rating.cell.line}, ": rater ",
                             excerpt{table.raters[rating.rater]}, " has rated unit ", excerpt{table.units[rating.unit]},
                             " on line ", before.cell.line, " already");
    }
    return table;
}

/// The ratings as numbers, one for each that was given. \throws input_error naming file, line, rater and text of what
/// is not a finite number, or one below `least`.
inline std::vector<double> numbers_of(const rating_table& table, double least = std::numeric_limits<double>::lowest()) {
    std::vector<double> numbers;
    numbers.reserve(table.ratings.size());
    for (const placed_rating& rating : table.ratings) {
        const std::optional<double> value = finite_number(rating.cell.text);
        const file_line place{table.name, rating.cell.line};
        require<input_error>(value.has_value(), place, ": rater ", excerpt{table.raters[rating.rater]}, ": ",
                             excerpt{rating.cell.text}, " is not a finite number");
        require<input_error>(*value >= least, place, ": rater ", excerpt{table.raters[rating.rater]}, ": ",
                             rating.cell.text, " is less than ", least);
        numbers.push_back(*value);
    }
    return numbers;
}

} // namespace preflearn
