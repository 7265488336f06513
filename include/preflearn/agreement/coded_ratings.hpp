/// \file
/// Ratings as they are written down, texts or numbers, made into category numbers: one column per rater, categories in
/// rising order, and for numbers their positions on the scale.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <preflearn/agreement/ratings.hpp>
#include <preflearn/agreement/weights.hpp>
#include <preflearn/core/error.hpp>

namespace preflearn {

struct coded_ratings {
    /// One column per rater, one entry per unit.
    std::vector<std::vector<category>> columns{};
    /// The categories' names; empty when they are numbers.
    std::vector<std::string> names{};
    /// The categories' numbers, rising; empty when they are texts.
    std::vector<double> positions{};

    [[nodiscard]] std::size_t categories() const { return names.empty() ? positions.size() : names.size(); }
    [[nodiscard]] std::size_t units() const { return columns.empty() ? 0 : columns[0].size(); }
    [[nodiscard]] std::vector<std::span<const category>> views() const { return {columns.begin(), columns.end()}; }
    /// Positions of numbers; 0, 1, 2, … for texts.
    [[nodiscard]] category_scale scale() const {
        return positions.empty() ? category_scale(categories()) : category_scale(positions);
    }
};

namespace detail {

/// `cells` are units × raters, row by row; `present` says which hold a rating.
template <class Cell, class Present>
std::map<Cell, category> code_cells(std::span<const Cell> cells, std::size_t raters, const Present& present,
                                    coded_ratings& coded) {
    require(raters > 0 ? cells.size() % raters == 0 : cells.empty(), cells.size(), " ratings of ", raters, " raters");
    std::map<Cell, category> number;
    for (const Cell& cell : cells)
        if (present(cell)) number.try_emplace(cell, 0);
    category next = 0;
    for (auto& [cell, k] : number) k = next++;
    coded.columns.assign(raters, std::vector<category>(cells.size() / std::max<std::size_t>(raters, 1), no_rating));
    for (std::size_t i = 0; i < cells.size(); ++i)
        if (present(cells[i])) coded.columns[i % raters][i / raters] = number.at(cells[i]);
    return number;
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
    for (const auto& [value, k] : numbers) coded.positions.push_back(value);
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

} // namespace preflearn
