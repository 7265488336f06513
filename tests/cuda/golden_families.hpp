/// \file
/// The tiny checkpoints of every family on CUDA backends, against the processor's model of the same files: summed
/// log-probs of responses that share prompts, and the tokens that follow greedily. On the emulator as on a device.
// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../policy/golden.hpp"

namespace test {

inline completions texts_of(const nlohmann::json& golden) {
    completions c;
    for (const auto& each : golden["completions"])
        c.add(each["prompt"].get<std::vector<token_id>>(), each["response"].get<std::vector<token_id>>());
    return c;
}

/// How far a sum may be, of itself and in nats for every token.
struct score_bounds {
    double relative = 1e-4, of_token = 0;
};

/// \param drawn tokens that follow each prompt greedily, which are checked as well
template <class Backend>
void check_scores(const preflearn::transformer<float>& host, const std::filesystem::path& path,
                  const nlohmann::json& golden, const score_bounds& allowed, std::size_t drawn = 0) {
    const auto device = preflearn::load_transformer<float, Backend>(path, preflearn::trained_tensors::none());
    const completions c = texts_of(golden);
    const auto expected = host.log_probs(c.views()), found = device.log_probs(c.views());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CAPTURE(i);
        CHECK(std::abs(found[i] - expected[i]) <=
              allowed.relative * std::abs(expected[i]) + allowed.of_token * static_cast<double>(c.responses[i].size()));
    }
    for (std::size_t p = 0; drawn != 0 && p < golden["prompts"].size(); ++p) {
        const auto prompt = golden["prompts"][p].template get<std::vector<token_id>>();
        auto tokens = golden["greedy"][p].template get<std::vector<token_id>>();
        tokens.resize(std::min(tokens.size(), drawn));
        preflearn::generator unused(1, "greedy");
        CHECK(device.sample(prompt, {.temperature = 0, .max_tokens = drawn}, unused) == tokens);
    }
}

/// In float, and in bfloat16 within 2% and 0.02 nats a token.
template <class Float, class Bfloat16> void check_on_cuda(const std::string& name) {
    CAPTURE(name);
    const std::filesystem::path folder = golden_folder(name), gguf = folder / "model.gguf";
    const nlohmann::json golden = preflearn::read_json_file(folder / "golden.json");
    const auto host = preflearn::load_transformer<float>(folder, preflearn::trained_tensors::none());
    check_scores<Float>(host, folder, golden, {}, 4);
    check_scores<Bfloat16>(host, folder, golden, {.relative = 0.02, .of_token = 0.02});
    if (std::filesystem::exists(gguf)) check_scores<Float>(host, gguf, golden, {});
}

} // namespace test
