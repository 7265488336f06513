/// \file
/// Ratings as they are written down, texts or numbers, made into category numbers: a table with one column per rater,
/// or the ratings that were given alone. Numbers that differ by rounding are one category. Categories are those that
/// occur, in rising order, or a declared scale, which has its own order and may hold categories that nobody used.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/agreement/ratings/given_ratings.hpp>
#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/agreement/ratings/weights.hpp>
#include <preflearn/core/numbers/rounding.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Either `columns` or `given` holds the ratings.
struct coded_ratings {
    /// One column per rater, one entry per unit.
    std::vector<std::vector<category>> columns{};
    /// The categories' names; empty when they are numbers.
    std::vector<std::string> names{};
    /// The categories' numbers; empty when they are texts without an order. Texts with a declared order have 0, 1, 2, …
    std::vector<double> positions{};
    given_ratings given{};

    [[nodiscard]] std::size_t categories() const { return names.empty() ? positions.size() : names.size(); }
    [[nodiscard]] std::size_t raters() const { return columns.empty() ? given.raters : columns.size(); }
    [[nodiscard]] std::size_t units() const { return columns.empty() ? given.units() : columns[0].size(); }
    /// The columns, where they hold the ratings.
    [[nodiscard]] std::vector<std::span<const category>> views() const { return {columns.begin(), columns.end()}; }
    /// The ratings counted. \throws argument_error when there is no rater.
    [[nodiscard]] rating_counts counts() const {
        const std::size_t some = std::max<std::size_t>(categories(), 1);
        return columns.empty() ? count_ratings(given, some) : count_ratings(views(), some);
    }
    /// Positions of numbers; 0, 1, 2, … for texts.
    [[nodiscard]] category_scale scale() const {
        return positions.empty() ? category_scale(categories()) : category_scale(positions);
    }
};

namespace detail {

/// Whether two ratings are one category: numbers also where they differ by rounding alone, 0.1 + 0.2 and 0.3, but for
/// whole ones.
inline bool same_category(double a, double b) {
    return a == b || (difference_of(a, b) == 0 && !(a == std::floor(a) && b == std::floor(b)));
}
inline bool same_category(std::string_view a, std::string_view b) { return a == b; }

/// `cells` are units × raters, row by row; `present` says which hold a rating.
template <class Cell, class Present>
std::map<Cell, category> code_cells(std::span<const Cell> cells, std::size_t raters, const Present& present,
                                    coded_ratings& coded) {
    require(raters > 0 ? cells.size() % raters == 0 : cells.empty(), cells.size(), " ratings of ", raters, " raters");
    std::map<Cell, category> number;
    for (const Cell& cell : cells)
        if (present(cell)) number.try_emplace(cell, 0);
    category next = 0;
    const Cell* lowest = nullptr; // of the ratings of a category
    for (auto& [cell, k] : number) {
        if (lowest == nullptr || !same_category(*lowest, cell)) {
            lowest = &cell;
            ++next;
        }
        k = next - 1;
    }
    coded.columns.assign(raters, std::vector<category>(cells.size() / std::max<std::size_t>(raters, 1), no_rating));
    for (std::size_t i = 0; i < cells.size(); ++i)
        if (present(cells[i])) coded.columns[i % raters][i / raters] = number.at(cells[i]);
    return number;
}

/// The distinct values by rising value, or the declared ones in their order; `given` gets their numbers.
template <class Value>
std::vector<Value> code_given(std::span<const Value> values, std::span<const Value> declared, given_ratings& given) {
    require(values.size() == given.ratings.size(), values.size(), " values for ", given.ratings.size(), " ratings");
    std::vector<Value> scale(declared.begin(), declared.end());
    if (scale.empty()) scale.assign(values.begin(), values.end());
    std::vector<std::pair<Value, category>> number;
    if (declared.empty()) {
        std::ranges::sort(scale);
        const auto same = [](const Value& a, const Value& b) { return same_category(a, b); };
        scale.erase(std::ranges::unique(scale, same).begin(), scale.end()); // of each the lowest is kept
    }
    for (std::size_t k = 0; k < scale.size(); ++k) number.push_back({scale[k], static_cast<category>(k)});
    std::ranges::sort(number);
    for (std::size_t k = 1; k < number.size(); ++k)
        require(number[k - 1].first != number[k].first, "category ", number[k].first, " is declared twice");
    for (std::size_t i = 0; i < values.size(); ++i) {
        auto at = std::ranges::lower_bound(number, values[i], {}, &std::pair<Value, category>::first);
        if (at == number.end() || !same_category(at->first, values[i])) at -= at != number.begin();
        require(at != number.end() && same_category(at->first, values[i]), "rating ", i, " is ", values[i],
                ", which is none of the categories declared");
        given.ratings[i].value = at->second;
    }
    return scale;
}

} // namespace detail

/// Numbers, units × raters row by row; NaN is missing. \throws numeric_error naming unit and rater of an infinity.
inline coded_ratings code_ratings(std::span<const double> cells, std::size_t raters) {
    coded_ratings coded;
    const auto numbers = detail::code_cells(
        cells, raters, [](double x) { return !std::isnan(x); }, coded);
    for (std::size_t i = 0; i < cells.size(); ++i)
        require<numeric_error>(!std::isinf(cells[i]), "unit ", i / raters, ", rater ", i % raters, ": rating ",
                               cells[i]);
    for (const auto& [value, k] : numbers)
        if (static_cast<std::size_t>(k) == coded.positions.size()) coded.positions.push_back(value);
    return coded;
}

/// Texts, units × raters row by row; an empty text is missing.
inline coded_ratings code_ratings(std::span<const std::string> cells, std::size_t raters) {
    coded_ratings coded;
    for (const auto& [name, k] : detail::code_cells(
             cells, raters, [](const std::string& text) { return !text.empty(); }, coded))
        coded.names.push_back(name);
    return coded;
}

/// Numbers that were given: `values` has one for each rating of `given`, whose own values are written over. `declared`:
/// the scale, in its order; empty: the values that occur, rising. \throws numeric_error for a value that is not finite,
/// argument_error for one that is not declared or declared twice, or when the lengths differ.
inline coded_ratings code_ratings(std::span<const double> values, given_ratings given,
                                  std::span<const double> declared = {}) {
    for (const std::span<const double> all : {values, declared})
        for (std::size_t i = 0; i < all.size(); ++i)
            require<numeric_error>(std::isfinite(all[i]), "rating ", i, " is ", all[i]);
    coded_ratings coded{.given = std::move(given)};
    coded.positions = detail::code_given(values, declared, coded.given);
    return coded;
}

/// The same for texts. Declared ones have an order, so that their positions are 0, 1, 2, …
inline coded_ratings code_ratings(std::span<const std::string_view> values, given_ratings given,
                                  std::span<const std::string_view> declared = {}) {
    coded_ratings coded{.given = std::move(given)};
    const std::vector<std::string_view> scale = detail::code_given(values, declared, coded.given);
    coded.names.assign(scale.begin(), scale.end());
    for (std::size_t k = 0; k < declared.size(); ++k) coded.positions.push_back(static_cast<double>(k));
    return coded;
}

} // namespace preflearn
