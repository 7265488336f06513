#include <doctest/doctest.h>

#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/policy/family/families.hpp>
#include <preflearn/policy/files/unread_fields.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("a field that changes what is computed is refused unless it changes nothing") {
    const auto error = [](const nlohmann::json& config) {
        return test::error_of([&] { (void)unread_fields(settings_reader(config, "config.json"), families::llama); });
    };
    CHECK(error({{"final_logit_softcapping", 30.0}}) ==
          "config.json: final_logit_softcapping: 0 was expected, since no llama model here computes it, found 30.0");
    for (const nlohmann::json& without : {nlohmann::json(nullptr), nlohmann::json(0), nlohmann::json(0.0)})
        CHECK(error({{"final_logit_softcapping", without}}).empty());
    CHECK(test::contains(error({{"quantization_config", {{"quant_method", "awq"}}}}),
                         "quantization_config: nothing was expected"));
    CHECK(test::contains(error({{"num_local_experts", 8}}), "num_local_experts"));
    CHECK(error({{"rope_interleaved", false}, {"embedding_multiplier", 1}}).empty());
}

TEST_CASE("a family's own fields and harmless ones are passed over, others are told") {
    const nlohmann::json config{{"hidden_size", 8}, {"torch_dtype", "bfloat16"}, {"sliding_window", 9}, {"mine", {1}}};
    const settings_reader in(config, "config.json");
    CHECK(unread_fields(in, families::llama) == "mine, sliding_window");
    CHECK(unread_fields(in, families::qwen2) == "mine");
    CHECK(unread_fields(in, families::mistral) == "mine");
}

TEST_CASE("what GGUF metadata asks for and the family does not compute is refused") {
    const auto error = [](const nlohmann::json& metadata) {
        const settings_reader in(metadata, "a.gguf", "qwen2.");
        return test::error_of([&] { refuse_other_gguf_settings(in, families::qwen2); });
    };
    CHECK(error({{"qwen2.logit_scale", 1.0}, {"qwen2.expert_count", 0}, {"qwen2.other", 3}}).empty());
    CHECK(error({{"qwen2.logit_scale", 0.5}}) ==
          "a.gguf: qwen2.logit_scale: 1 was expected, since no qwen2 model here computes it, found 0.5");
    CHECK(test::contains(error({{"qwen2.expert_count", 8}}), "qwen2.expert_count: 0 was expected"));
}
