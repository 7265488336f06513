#include <doctest/doctest.h>

#include <cstddef>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/policy/adapters/adapter_config.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

adapter_config config_in(const test::folder& folder, const nlohmann::json& settings) {
    return read_adapter_config(folder.write("adapter_config.json", settings.dump()));
}

} // namespace

TEST_CASE("what is left out has PEFT's defaults, and every setting is read") {
    const test::folder folder;
    const adapter_config least = config_in(folder, {{"peft_type", "LORA"}, {"target_modules", {"q_proj"}}});
    CHECK(least.rank == 8);
    CHECK(least.alpha == 8);
    CHECK(least.dropout == 0);
    CHECK(!least.rank_stabilised);
    CHECK(least.base.empty());
    const adapter_config all = config_in(folder, {{"peft_type", "LORA"},
                                                  {"target_modules", {"q_proj", "v_proj"}},
                                                  {"r", 4},
                                                  {"lora_alpha", 16.5},
                                                  {"lora_dropout", 0.25},
                                                  {"use_rslora", true},
                                                  {"base_model_name_or_path", "org/model"},
                                                  {"layers_to_transform", 3},
                                                  {"rank_pattern", {{"v_proj", 2}}},
                                                  {"alpha_pattern", {{"^model.layers.3.self_attn.q_proj", 1}}}});
    CHECK(all.rank == 4);
    CHECK(all.alpha == 16.5);
    CHECK(all.dropout == 0.25);
    CHECK(all.rank_stabilised);
    CHECK(all.base == "org/model");
    CHECK(all.rank_of("model.layers.3.self_attn.v_proj") == 2);
    CHECK(all.rank_of("model.layers.3.self_attn.q_proj") == 4);
    CHECK(all.alpha_of("model.layers.3.self_attn.q_proj") == 1);
    CHECK(all.alpha_of("model.layers.2.self_attn.q_proj") == 16.5);
    CHECK(all.wants("model.layers.3.self_attn.q_proj", 3));
    CHECK(!all.wants("model.layers.2.self_attn.q_proj", 2));
    CHECK(!all.wants("model.layers.3.self_attn.k_proj", 3));
}

TEST_CASE("what is written is read back") {
    const test::folder folder;
    const adapter_config config{.rank = 3,
                                .alpha = 5,
                                .dropout = 0.5,
                                .rank_stabilised = true,
                                .targets = {"c_attn"},
                                .ranks = {{"h.0.attn.c_attn", 2}},
                                .alphas = {{"h.1.attn.c_attn", 0.5}},
                                .base = "gpt2"};
    const auto json = adapter_config_json(config, true);
    CHECK(json["fan_in_fan_out"] == true);
    const adapter_config again = config_in(folder, json);
    CHECK(again.rank == 3);
    CHECK(again.alpha == 5);
    CHECK(again.dropout == 0.5);
    CHECK(again.rank_stabilised);
    CHECK(again.targets == config.targets);
    CHECK(again.ranks == config.ranks);
    CHECK(again.alphas == config.alphas);
    CHECK(again.base == "gpt2");
}

TEST_CASE("a setting of another type is refused by name") {
    const test::folder folder;
    const auto refusal = [&](const char* name, const nlohmann::json& value) {
        nlohmann::json settings{{"peft_type", "LORA"}, {"target_modules", {"q_proj"}}};
        settings[name] = value;
        return test::error_of([&] { (void)config_in(folder, settings); });
    };
    CHECK(refusal("r", "8").ends_with("r: a whole number of at least 0 was expected, found \"8\""));
    CHECK(refusal("lora_alpha", true).ends_with("lora_alpha: a number was expected, found true"));
    CHECK(refusal("target_modules", {1}).ends_with("target_modules: names were expected, found 1"));
    CHECK(refusal("target_modules", nlohmann::json::array()).ends_with("target_modules: is empty"));
    CHECK(refusal("rank_pattern", {1}).ends_with("rank_pattern: an object was expected, found array"));
    CHECK(refusal("alpha_pattern", {{"q_proj", "1"}}).ends_with("'q_proj': a number was expected, found string"));
    CHECK(refusal("layers_to_transform", {-1}).ends_with("numbers of layers were expected, found -1"));
    CHECK(test::error_of([&] {
              (void)read_adapter_config(folder.write("a.json", "[]"));
          }).ends_with("a JSON object was expected, found array"));
}
