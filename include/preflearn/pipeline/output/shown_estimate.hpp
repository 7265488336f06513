/// \file
/// An estimate with its interval, and a p-value, in the tables and the JSON of the programs.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/report/tables/json_number.hpp>
#include <preflearn/report/tables/table.hpp>
#include <preflearn/report/tables/table_text.hpp>

namespace preflearn {

/// {"value", "se", "low", "high", "count", "status"}; what is not defined is null.
inline nlohmann::ordered_json estimate_json(const estimate& e) {
    using namespace std::string_literals;
    return {{"value"s, json_number(e.value)},
            {"se"s, json_number(e.standard_error)},
            {"low"s, json_number(e.bounds.low)},
            {"high"s, json_number(e.bounds.high)},
            {"count"s, e.count},
            {"status"s, name_of(e.status)}};
}

/// A value with its interval where both ends exist; a gap where there is no value.
inline table_cell estimate_cell(const estimate& e) {
    if (!e.defined()) return no_value{};
    if (std::isnan(e.bounds.low) || std::isnan(e.bounds.high)) return e.value;
    return with_interval{e.value, e.bounds.low, e.bounds.high};
}

/// A p-value, in digits of its own where it is small; a gap where there is none.
inline table_cell p_value_cell(double p) {
    if (std::isnan(p)) return no_value{};
    if (p >= 1e-4 || p == 0) return with_digits{p, 4};
    return shown(p, 1, notation::scientific);
}

} // namespace preflearn
