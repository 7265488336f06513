/// \file
/// Categories of a card's pairs: the values of a column that they come with.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_card/card_pairs.hpp>

namespace preflearn {

/// The categories that occur, in the order of their names, and that of each pair; empty for none.
struct pair_categories {
    std::vector<std::string> names{};
    std::vector<std::size_t> of_pair{};
};

/// A column's value as the name of a category, numbers and lists as JSON writes them; empty: there is none.
/// \param value may be null
inline std::string category_of_value(const nlohmann::json* value) {
    if (value == nullptr || value->is_null()) return "";
    return value->is_string() ? value->get<std::string>()
                              : value->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// \param of_pair the category's name of each pair; pairs with an empty one are "(none)"
/// \param field, where what messages call the column, and what they add to a column that no pair has
/// \throws input_error where no pair has the column, and where it has more values than categories have
inline pair_categories categories_named(const std::vector<std::string>& of_pair, const std::string& field,
                                        const std::string& where = "") {
    constexpr std::size_t most = 1000;
    require<input_error>(std::ranges::any_of(of_pair, [](const std::string& name) { return !name.empty(); }),
                         "none of the pairs has a column ", excerpt{field}, where);
    const auto shown = [](const std::string& name) { return name.empty() ? std::string("(none)") : name; };
    pair_categories found;
    std::ranges::transform(of_pair, std::back_inserter(found.names), shown);
    std::ranges::sort(found.names);
    found.names.erase(std::ranges::unique(found.names).begin(), found.names.end());
    require<input_error>(found.names.size() <= most, "the column ", excerpt{field}, " has ", found.names.size(),
                         " values, of which at most ", most, " are categories");
    for (const std::string& name : of_pair)
        found.of_pair.push_back(
            static_cast<std::size_t>(std::ranges::lower_bound(found.names, shown(name)) - found.names.begin()));
    return found;
}

/// Puts them into a card's subject, whose pairs are those, in that order.
inline void put_categories(card_subject& subject, const std::string& field, pair_categories categories) {
    require(categories.of_pair.size() == subject.pairs.size(), "there are categories of ", categories.of_pair.size(),
            " pairs, ", subject.pairs.size(), " were expected");
    for (std::size_t i = 0; i < subject.pairs.size(); ++i) subject.pairs[i].category = categories.of_pair[i];
    subject.category_field = field;
    subject.categories = std::move(categories.names);
}

} // namespace preflearn
