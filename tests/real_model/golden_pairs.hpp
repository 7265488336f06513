/// \file
/// Checks a real model's log-probabilities against what transformers computed of it.
// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "../policy/models.hpp"

namespace test {

/// Every token's log-probability within 2e-3 and every sum within 1e-3 of what transformers computed.
template <class Model> void check_golden_pairs(const Model& m, const std::vector<nlohmann::json>& golden) {
    completions c;
    for (const nlohmann::json& pair : golden)
        for (const char* const part : {"chosen_ids", "rejected_ids"})
            c.add(pair["prompt_ids"].get<std::vector<preflearn::token_id>>(),
                  pair[part].get<std::vector<preflearn::token_id>>());
    REQUIRE(golden.size() == 12);
    const auto tokens = m.token_log_probs(c.views());
    double worst_token = 0, worst_sum = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const nlohmann::json& pair = golden[i / 2];
        const std::string part = i % 2 == 0 ? "chosen" : "rejected";
        const auto expected = pair[part + "_token_logps"].get<std::vector<double>>();
        REQUIRE(tokens[i].size() == expected.size());
        double sum = 0;
        for (std::size_t j = 0; j < expected.size(); ++j) {
            worst_token = std::max(worst_token, std::abs(tokens[i][j] - expected[j]));
            sum += tokens[i][j];
        }
        const double golden_sum = pair[part + "_logp"].get<double>();
        worst_sum = std::max(worst_sum, std::abs(sum - golden_sum) / std::abs(golden_sum));
    }
    MESSAGE("largest error of a token ", worst_token, ", relative of a sum ", worst_sum);
    CHECK(worst_token <= 2e-3);
    CHECK(worst_sum <= 1e-3);
}

} // namespace test
