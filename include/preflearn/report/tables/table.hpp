/// \file
/// A table of results: named columns, and rows of texts, numbers, numbers with an error or an interval, and gaps.
/// It is only data; `table_text.hpp` shows it to people, `table_data.hpp` to programs.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// A cell with nothing in it, shown as "–".
struct no_value {};

/// A number with digits of its own instead of its column's.
struct with_digits {
    double value = 0;
    int digits = 3;
};

/// value ± error; what the error is (a standard error, a deviation over seeds) the title or the note says.
struct with_error {
    double value = 0;
    double error = 0;
};

/// value [low, high].
struct with_interval {
    double value = 0;
    double low = 0;
    double high = 0;
};

/// One cell; every kind of content converts to it, and an empty optional is a gap.
struct table_cell {
    using kinds = std::variant<no_value, std::string, std::int64_t, std::uint64_t, double, with_digits, with_error,
                               with_interval>;
    kinds content;

    table_cell() = default;
    table_cell(no_value) {}
    table_cell(std::string text) : content(std::move(text)) {}
    table_cell(std::string_view text) : content(std::string(text)) {}
    table_cell(const char* text) : content(std::string(text)) {}
    table_cell(bool) = delete; // "yes", "true", "✓"? The caller knows
    template <std::signed_integral Count> table_cell(Count count) : content(std::int64_t{count}) {}
    template <std::unsigned_integral Count> table_cell(Count count) : content(std::uint64_t{count}) {}
    template <std::floating_point Real> table_cell(Real value) : content(static_cast<double>(value)) {}
    table_cell(with_digits value) : content(value) {}
    table_cell(with_error value) : content(value) {}
    table_cell(with_interval value) : content(value) {}
    template <class T>
        requires std::constructible_from<table_cell, T> table_cell(const std::optional<T>& value)
            : table_cell(value ? table_cell(*value) : table_cell()) {}
};

/// Where a cell's text stands; `automatic` is right in a column of numbers and left elsewhere.
enum class alignment { automatic, left, centre, right };

/// How people see real numbers: 0.713, 7.13e-01, or 71.3%.
enum class notation { fixed, scientific, percent };

/// What holds for a whole column. JSON and CSV carry numbers in full, whatever is shown.
struct table_column {
    std::string name{};
    alignment align = alignment::automatic;
    /// Digits after the decimal point, not negative.
    int digits = 3;
    notation shown = notation::fixed;
};

struct table {
    std::string title{};
    std::vector<table_column> columns{};
    /// Every row has one cell per column.
    std::vector<std::vector<table_cell>> rows{};
    /// A sentence below the table: what an interval is, what a gap means.
    std::string note{};
};

/// What every way of writing a table relies on.
/// \throws argument_error when a row's length is not the number of columns, a name is used twice, or digits are
/// negative.
inline void check(const table& results) {
    std::unordered_set<std::string_view> names;
    for (const table_column& column : results.columns) {
        require(names.insert(column.name).second, "table '", results.title, "': two columns are named '", column.name,
                "'");
        require(column.digits >= 0, "table '", results.title, "', column '", column.name, "': ", column.digits,
                " digits");
    }
    for (std::size_t r = 0; r < results.rows.size(); ++r) {
        require(results.rows[r].size() == results.columns.size(), "table '", results.title, "', row ", r, ": ",
                results.rows[r].size(), " cells, expected one for each of ", results.columns.size(), " columns");
    }
}

} // namespace preflearn
