/// \file
/// The pairs of a comparison as rows for other programs.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/programs/comparing/label_comparison.hpp>
#include <preflearn/report/tables/table.hpp>

namespace preflearn {

namespace detail {

/// Names of sources are the user's, and may be those of other columns.
inline void add_column(table& t, table_column column) {
    while (std::ranges::find(t.columns, column.name, &table_column::name) != t.columns.end()) column.name += '\'';
    t.columns.push_back(std::move(column));
}

} // namespace detail

/// A row a pair: its id, prompt (a hash), category, whether all sources match; the reference (gold, or the first source
/// that decides), and of every source P(the response that the reference prefers) and its margin for it.
inline table row_table(const label_comparison& found) {
    const compared_sources& all = found.input;
    table t{.columns = {{.name = "id"},
                        {.name = "prompt"},
                        {.name = "category"},
                        {.name = "all"},
                        {.name = "reference"},
                        {.name = "length_difference"}}};
    std::vector<std::pair<std::string, const compared_source*>> each;
    if (all.gold) each.emplace_back("gold", &*all.gold);
    for (const compared_source& source : all.sources) each.emplace_back(source.name, &source);
    for (const auto& [name, source] : each) {
        detail::add_column(t, {.name = name});
        detail::add_column(t, {.name = name + " margin"});
    }
    if (!found.truth.first.empty()) detail::add_column(t, {.name = "dawid_skene"});
    for (std::size_t i = 0; i < all.pairs.size(); ++i) {
        const matched_pair& pair = all.pairs[i];
        std::string reference;
        int sign = 0;
        for (const auto& [name, source] : each) {
            if (sign != 0 || source->said[i].abstained()) continue;
            sign = detail::direction(source->said[i]);
            if (sign != 0) reference = name;
        }
        constexpr const char* words[] = {"match", "mismatch", "undecided"};
        const double turn = sign < 0 ? -1 : 1;
        const std::string id = pair.given.form == id_form::text     ? pair.given.text
                               : pair.given.form == id_form::number ? message(pair.given.number)
                                                                    : "";
        std::vector<table_cell> row{id,
                                    fmt::format("{:016x}", pair.texts.prompt),
                                    pair.category,
                                    words[static_cast<std::size_t>(found.matches[i])],
                                    reference,
                                    turn * (pair.first_length - pair.second_length) + 0.0};
        for (const auto& [name, source] : each) {
            const preference said = sign < 0 ? source->said[i].mirrored() : source->said[i];
            row.push_back(said.abstained() ? table_cell() : table_cell(said.half_win()));
            const auto margin = said.abstained() ? std::nullopt : said.margin();
            row.push_back(margin ? table_cell(*margin) : table_cell());
        }
        if (!found.truth.first.empty()) {
            const double p = found.truth.first[i];
            row.push_back(std::isnan(p) ? table_cell() : table_cell(sign < 0 ? 1 - p : p));
        }
        t.rows.push_back(std::move(row));
    }
    return t;
}

} // namespace preflearn
