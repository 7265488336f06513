/// \file
/// Records of tests, from JSON.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <preflearn/data/records/reading/parse_responses.hpp>

namespace test {

inline preflearn::response_record parsed(std::string_view text, const preflearn::record_options& options = {}) {
    preflearn::response_record record = preflearn::parse_responses(nlohmann::json::parse(text), options);
    record.line = 1;
    return record;
}

} // namespace test
