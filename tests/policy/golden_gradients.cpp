#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/policy/files/load.hpp>

#include "models.hpp"

using namespace preflearn;

// The values are PyTorch's: see golden/make_golden.py.
TEST_CASE("a small Llama loaded from a Hugging Face folder has transformers' log-probabilities and gradients") {
    const std::filesystem::path folder = std::filesystem::path(PREFLEARN_TESTS) / "policy" / "golden";
    auto m = load_transformer<double>(folder / "tiny_llama");
    CHECK(m.config().end_tokens == std::vector<token_id>{21, 22});
    const auto golden = nlohmann::json::parse(std::ifstream(folder / "tiny_llama.json"));
    test::completions c;
    for (const auto& each : golden["completions"])
        c.add(each["prompt"].get<std::vector<token_id>>(), each["response"].get<std::vector<token_id>>());
    auto pass = m.forward(c.views());
    for (std::size_t i = 0; i < c.prompts.size(); ++i) {
        const auto expected = golden["token_log_probs"][i].get<std::vector<double>>();
        REQUIRE(pass.token_scores(i).size() == expected.size());
        for (std::size_t j = 0; j < expected.size(); ++j)
            CHECK(std::abs(pass.token_scores(i)[j] - expected[j]) < 1e-10);
    }
    m.backward(std::move(pass), golden["weights"].get<std::vector<double>>());
    const checkpoint_file gradients = read_safetensors(folder / "tiny_llama_gradients.safetensors");
    for (const auto& tensor : tensors(m)) {
        CAPTURE(tensor.name);
        const auto expected = all_values<double>(gradients.at(tensor.name));
        const auto offset = static_cast<std::size_t>(tensor.values.data() - m.parameters().data());
        double worst = 0, scale = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            worst = std::max(worst, std::abs(m.gradients()[offset + i] - expected[i]));
            scale = std::max(scale, std::abs(expected[i]));
        }
        CHECK(worst <= 1e-9 * scale);
    }
}
