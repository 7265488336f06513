#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/policy/files/load.hpp>

#include "../policy/models.hpp"
#include "weak_model.hpp"

using namespace preflearn;

TEST_CASE("log-probabilities of real pairs under a real model are transformers'") {
    const auto [path, pairs] = test::weak_model_and_pairs();
    if (path.empty()) return;
    const auto m = load_transformer<float>(path);
    CHECK(m.config().tied_embeddings);
    test::completions c;
    std::vector<nlohmann::json> golden;
    std::ifstream lines(pairs);
    for (std::string line; std::getline(lines, line);) {
        golden.push_back(nlohmann::json::parse(line));
        for (const char* const part : {"chosen_ids", "rejected_ids"})
            c.add(golden.back()["prompt_ids"].get<std::vector<token_id>>(),
                  golden.back()[part].get<std::vector<token_id>>());
    }
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
