#include <doctest/doctest.h>

#include <cstddef>
#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/policy/files/load_text_policy.hpp>
#include <preflearn/policy/text/text_policy.hpp>

#include "models.hpp"

using namespace preflearn;

TEST_CASE("the real model scores real texts as transformers does, and answers") {
    const auto [file, pairs] = test::weak_model_and_pairs();
    if (file.empty()) return;
    const auto p = load_text_policy<float>(file);
    std::ifstream lines(pairs);
    std::string line;
    std::getline(lines, line);
    const auto pair = nlohmann::json::parse(line);
    const auto prompt = pair["prompt"].get<std::string>(), chosen = pair["chosen"].get<std::string>();
    CHECK(p.count_tokens(prompt) == pair["prompt_tokens"].get<std::size_t>());
    CHECK(p.log_prob(prompt, chosen) == doctest::Approx(pair["chosen_logp"].get<double>()).epsilon(1e-3));
    generator random(1, "sample");
    const std::string answer =
        p.sample("<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n",
                 {.temperature = 0, .max_tokens = 12}, random);
    CHECK(answer.find("Paris") != std::string::npos);
}
