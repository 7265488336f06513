/// \file
/// A pair's id as JSON, the way its file has it: a number or a text.
// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>

#include <preflearn/data/preferences/pair_names.hpp>

namespace preflearn {

inline nlohmann::ordered_json json_id(const pair_name& name) {
    return name.is_text ? nlohmann::ordered_json(name.id) : nlohmann::ordered_json(name.number);
}

} // namespace preflearn
