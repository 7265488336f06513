/// \file
/// Checks of a model against what transformers and PyTorch computed of it: see golden/make_golden.py.
// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/policy/decoder/named_tensors.hpp>

#include "models.hpp"

namespace test {

inline std::filesystem::path golden_folder() { return std::filesystem::path(PREFLEARN_TESTS) / "policy" / "golden"; }
inline nlohmann::json golden_values(const std::string& name) {
    return nlohmann::json::parse(std::ifstream(golden_folder() / (name + ".json")));
}

/// Every token's log-probability within `close`, every gradient within `share` of its tensor's norm.
template <class Model> void check_golden(Model& model, const std::string& name, double close, double share) {
    const nlohmann::json golden = golden_values(name);
    completions c;
    for (const auto& each : golden["completions"])
        c.add(each["prompt"].get<std::vector<token_id>>(), each["response"].get<std::vector<token_id>>());
    auto pass = model.forward(c.views());
    for (std::size_t i = 0; i < c.prompts.size(); ++i) {
        const auto expected = golden["token_log_probs"][i].get<std::vector<double>>();
        REQUIRE(pass.token_scores(i).size() == expected.size());
        for (std::size_t j = 0; j < expected.size(); ++j)
            CHECK(std::abs(pass.token_scores(i)[j] - expected[j]) < close);
    }
    model.backward(std::move(pass), golden["weights"].get<std::vector<double>>());
    const preflearn::checkpoint_file gradients =
        preflearn::read_safetensors(golden_folder() / (name + "_gradients.safetensors"));
    const auto all = preflearn::tensors(model);
    CHECK(all.size() == gradients.tensors().size());
    for (const auto& tensor : all) {
        CAPTURE(tensor.name);
        const auto expected = preflearn::all_values<double>(gradients.at(tensor.name));
        const auto offset = static_cast<std::size_t>(tensor.values.data() - model.parameters().data());
        double difference = 0, norm = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const double error = static_cast<double>(model.gradients()[offset + i]) - expected[i];
            difference += error * error;
            norm += expected[i] * expected[i];
        }
        CHECK(std::sqrt(difference) <= share * std::sqrt(norm));
    }
}

} // namespace test
