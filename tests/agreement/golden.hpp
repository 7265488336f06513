/// \file
/// Peers' frozen answers, read from tests/agreement/golden; make_golden.py made them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/ratings/ratings.hpp>
#include <preflearn/core/system/error.hpp>

inline nlohmann::json golden(const std::string& name) {
    const std::string path = std::string(PREFLEARN_TESTS) + "/agreement/golden/" + name;
    std::ifstream file(path);
    preflearn::require<preflearn::input_error>(file.is_open(), path, " is missing");
    return nlohmann::json::parse(file);
}

/// null is NaN.
inline std::vector<double> numbers(const nlohmann::json& list) {
    std::vector<double> values;
    for (const auto& x : list)
        values.push_back(x.is_null() ? std::numeric_limits<double>::quiet_NaN() : x.get<double>());
    return values;
}

/// Raters × units, categories from 1, as counts.
inline preflearn::rating_counts golden_ratings(const nlohmann::json& raters, std::size_t categories) {
    std::vector<std::vector<preflearn::category>> columns;
    for (const auto& row : raters) {
        columns.emplace_back();
        for (const double x : numbers(row))
            columns.back().push_back(std::isnan(x) ? preflearn::no_rating : static_cast<preflearn::category>(x) - 1);
    }
    const std::vector<std::span<const preflearn::category>> views(columns.begin(), columns.end());
    return preflearn::count_ratings(views, categories);
}
