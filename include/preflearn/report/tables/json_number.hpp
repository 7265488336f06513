/// \file
/// Numbers that JSON does not have. An infinity is known (a likelihood of zero, a bound without end) and is written as
/// the text "Infinity" or "-Infinity"; NaN stands for a number that does not exist and is null. `float("-Infinity")` in
/// Python and `Number("-Infinity")` in JavaScript read the texts back.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include <nlohmann/json.hpp>

namespace preflearn {

/// A number as a JSON value: "Infinity", "-Infinity", or null for NaN.
inline nlohmann::ordered_json json_number(double value) {
    if (std::isnan(value)) return nullptr;
    if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
    return value;
}

/// Writes every number of a JSON value so, at any depth.
template <class Json> void name_infinities(Json& value) {
    if (value.is_structured()) {
        for (auto& part : value) name_infinities(part);
    } else if (value.is_number_float()) {
        const double number = value.template get<double>();
        if (std::isinf(number)) value = number < 0 ? "-Infinity" : "Infinity";
    }
}

} // namespace preflearn
