#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "../../files.hpp"
#include "../golden.hpp"

using namespace preflearn;

TEST_CASE("a small Qwen3 has transformers' logits, gradients and greedy tokens") {
    test::check_family("qwen3", families::qwen3);
}

TEST_CASE("a Qwen3 with biases, with a window or with experts is refused") {
    const test::folder folder;
    const nlohmann::json config = read_json_file(test::golden_folder("qwen3") / "config.json");
    const auto error = [&](const nlohmann::json& change) {
        nlohmann::json changed = config;
        changed.update(change);
        return test::error_of([&] { (void)read_config_json(folder.write("config.json", changed.dump())); });
    };
    CHECK(test::contains(error({{"attention_bias", true}}), "attention_bias: only false is supported, found true"));
    CHECK(test::contains(error({{"use_sliding_window", true}}), "use_sliding_window: only false is supported"));
    CHECK(test::contains(error({{"num_experts", 128}}), "num_experts: 0 was expected, since no qwen3 model here"));
    CHECK(test::contains(error({{"model_type", "qwen3_moe"}}), "model_type: \"llama\" or"));
}
