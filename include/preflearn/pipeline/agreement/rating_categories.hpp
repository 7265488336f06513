/// \file
/// What the ratings of a table mean: numbers, where all of them are (1, 1.0, 01 and +1 are one category), else texts;
/// on the categories that occur, or on a scale that is declared with its order and with those that nobody used.
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
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <preflearn/agreement/raters/every_coefficient.hpp>
#include <preflearn/agreement/ratings/coded_ratings.hpp>
#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/tables/rating_table.hpp>

namespace preflearn {

struct rating_categories {
    coded_ratings coded{};
    /// What each category is called, in its order, and how many ratings it has.
    std::vector<std::string> names{};
    std::vector<std::uint64_t> counts{};
    bool numeric = false;
    /// What a reader of the numbers should know of how the table was taken; empty: nothing.
    std::string remark{};
};

namespace detail {

/// The fewest digits that read back; zero has no sign.
inline std::string number_name(double value) { return fmt::format("{}", value == 0 ? 0.0 : value); }

/// Numbers that are equal have one name.
inline std::string category_name(const std::string& text) {
    const std::optional<double> value = finite_number(text);
    return value ? number_name(*value) : text;
}

/// The ratings' places, without their values.
inline given_ratings places_of(const rating_table& table) {
    given_ratings given{.raters = table.raters.size()};
    given.starts.assign(table.units.size() + 1, 0);
    for (const placed_rating& rating : table.ratings) {
        given.ratings.push_back({rating.rater, no_rating});
        ++given.starts[rating.unit + 1];
    }
    for (std::size_t u = 0; u < table.units.size(); ++u) given.starts[u + 1] += given.starts[u];
    return given;
}

/// "1,5": a number where the comma is the decimal point.
inline bool has_decimal_comma(std::string text) {
    const std::size_t comma = text.find(',');
    if (comma == std::string::npos || text.find('.') != std::string::npos) return false;
    text[comma] = '.';
    return finite_number(text).has_value();
}

[[noreturn]] inline void refuse_undeclared(const rating_table& table, const placed_rating& rating,
                                           std::span<const std::string> declared) {
    std::string all;
    for (const std::string& name : declared) all += (all.empty() ? "" : ", ") + name;
    throw input_error(
        message(table.place(rating), ": ", excerpt{rating.cell.text}, " is none of the categories ", all));
}

inline coded_ratings code_numbers(const rating_table& table, measurement_level level,
                                  std::span<const std::string> declared) {
    const std::vector<double> values =
        numbers_of(table, level == measurement_level::ratio ? 0 : std::numeric_limits<double>::lowest());
    std::vector<double> scale;
    for (const std::string& name : declared) scale.push_back(*finite_number(name));
    std::vector<double> sorted = scale;
    std::ranges::sort(sorted);
    for (std::size_t i = 0; i < values.size() && !declared.empty(); ++i)
        if (!std::ranges::binary_search(sorted, values[i])) refuse_undeclared(table, table.ratings[i], declared);
    return code_ratings(values, places_of(table), scale);
}

inline coded_ratings code_texts(const rating_table& table, std::span<const std::string> declared) {
    std::unordered_map<std::string, std::string_view> known; // by the name of what is equal
    for (const std::string& name : declared)
        require<input_error>(known.try_emplace(category_name(name), name).second, "category ", excerpt{name},
                             " is declared twice");
    std::vector<std::string_view> values, scale(declared.begin(), declared.end());
    values.reserve(table.ratings.size());
    for (const placed_rating& rating : table.ratings) {
        values.push_back(rating.cell.text);
        if (declared.empty()) continue;
        const auto at = known.find(category_name(rating.cell.text));
        if (at == known.end()) refuse_undeclared(table, rating, declared);
        values.back() = at->second;
    }
    return code_ratings(values, places_of(table), scale);
}

} // namespace detail

/// Codes a table's ratings. `declared`: the scale in its order; empty: what occurs. Texts have an order, and so more
/// than the nominal level, only where it is declared; interval and ratio levels need numbers.
/// \throws input_error naming file, line and column of a rating that is not declared or not a number where one is
/// needed, a scale that declares a category twice, or texts without an order.
inline rating_categories categories_of(const rating_table& table, measurement_level level,
                                       std::span<const std::string> declared = {}) {
    const auto is_number = [](const std::string& text) { return finite_number(text).has_value(); };
    for (const std::string& name : declared)
        require<input_error>(!name.empty(), "a category without a name is declared: an empty cell is missing");
    const bool numbers_declared = std::ranges::all_of(declared, is_number); // also where nothing is
    std::size_t numbers = 0;
    const placed_rating* text = nullptr;
    for (const placed_rating& rating : table.ratings) {
        const bool number = is_number(rating.cell.text);
        numbers += number;
        if (!number && text == nullptr) text = &rating;
    }
    const bool ordered_texts = level == measurement_level::ordinal && !numbers_declared;
    require<input_error>(numbers_declared || level == measurement_level::nominal || ordered_texts, table.name,
                         ": interval and ratio levels need categories that are numbers, texts were declared");
    require<input_error>(level == measurement_level::nominal || text == nullptr || !declared.empty() ||
                             !detail::has_decimal_comma(text->cell.text),
                         text == nullptr ? "" : table.place(*text), ": ",
                         excerpt{text == nullptr ? "" : text->cell.text},
                         " is not a number: numbers need a decimal point");
    require<input_error>(level != measurement_level::ordinal || !declared.empty() || text == nullptr || numbers > 0,
                         table.name,
                         ": the ratings are texts, and what is more or less has to be told at the ordinal level: "
                         "--categories LEAST,...,MOST");
    if (text != nullptr && numbers_declared && !declared.empty()) detail::refuse_undeclared(table, *text, declared);
    rating_categories result;
    result.numeric = numbers_declared && (text == nullptr || level != measurement_level::nominal);
    if (result.numeric) {
        std::vector<double> scale;
        for (const std::string& name : declared) {
            const double value = *finite_number(name);
            require<input_error>(std::ranges::find(scale, value) == scale.end(), "category ", excerpt{name},
                                 " is declared twice");
            scale.push_back(value);
        }
        result.coded = detail::code_numbers(table, level, declared);
        for (const double value : result.coded.positions) result.names.push_back(detail::number_name(value));
    } else {
        result.coded = detail::code_texts(table, declared);
        result.names = result.coded.names;
        if (text != nullptr && declared.empty() && detail::has_decimal_comma(text->cell.text))
            result.remark = message("ratings such as ", excerpt{text->cell.text}, " (", table.place(*text),
                                    ") are taken as texts: numbers need a decimal point");
        else if (text != nullptr && numbers > 0 && declared.empty())
            result.remark = message(numbers, " of ", table.ratings.size(), " ratings are numbers and others are not (",
                                    table.place(*text), " holds ", excerpt{text->cell.text},
                                    "): all are taken as texts, by which 1 and 1.0 are two categories");
    }
    result.counts.assign(result.names.size(), 0);
    for (const given_rating& given : result.coded.given.ratings) ++result.counts[static_cast<std::size_t>(given.value)];
    return result;
}

} // namespace preflearn
