#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>

#include <nlohmann/json.hpp>

#include <preflearn/policy/decoder/rotary.hpp>
#include <preflearn/policy/family/gemma3.hpp>
#include <preflearn/policy/family/qwen3.hpp>
#include <preflearn/policy/family/smollm3.hpp>
#include <preflearn/policy/files/rope_fields.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("layers with a window may turn by a base of their own") {
    transformer_config config{.family = families::gemma3};
    nlohmann::json rope = {{"full_attention", {{"rope_type", "linear"}, {"factor", 8.0}, {"rope_theta", 1e6}}},
                           {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", 1e4}}}};
    read_rope(settings_reader(rope, "config.json"), config);
    CHECK(config.rope_theta == 1e6);
    CHECK(config.rope_scaling.factor == 8);
    CHECK(config.local_rope_theta == 1e4);

    const auto error = [&] { return test::error_of([&] { read_rope(settings_reader(rope, "config.json"), config); }); };
    config.family = families::qwen3; // whose layers with a window turn like the others
    CHECK(
        test::contains(error(), "full_attention: one set of rotary settings was expected, since all layers of qwen3"));
    config.family = families::gemma3;
    rope["factor"] = 2; // of which of the two?
    CHECK(error() == "config.json: factor: is not known here, found 2");
    rope.erase("factor");
    rope.erase("full_attention");
    CHECK(test::contains(error(), "full_attention"));
}

TEST_CASE("yarn's settings have transformers' defaults, its factors may follow from others; dynamic has a factor") {
    const auto read = [](const nlohmann::json& rope) {
        transformer_config config{.maximum_length = 64};
        read_rope(settings_reader(rope, "config.json"), config);
        return config.rope_scaling;
    };
    const rope_scaling yarn =
        read({{"type", "yarn"}, {"factor", 4}, {"original_max_position_embeddings", 16}, {"finetuned", true}});
    CHECK(yarn == rope_scaling{.type = rope_scaling::rule::yarn, .factor = 4, .original_maximum_length = 16});
    const rope_scaling all = read({{"rope_type", "yarn"},
                                   {"original_max_position_embeddings", 16},
                                   {"beta_fast", 30},
                                   {"beta_slow", 2},
                                   {"mscale", 1.0},
                                   {"mscale_all_dim", 0.5},
                                   {"truncate", false}});
    CHECK(all.factor == 4); // 64 / 16
    CHECK(all.beta_fast == 30);
    CHECK(all.beta_slow == 2);
    CHECK_FALSE(all.truncate);
    CHECK(all.attention_factor == doctest::Approx((1 + std::log(4.0) / 10) / (1 + std::log(4.0) / 20)));
    CHECK(read({{"rope_type", "yarn"}, {"factor", 2}, {"attention_factor", 0.75}}).attention_factor == 0.75);
    CHECK(read({{"rope_type", "dynamic"}, {"factor", 2.0}}).factor == 2);
    CHECK(read({{"rope_type", "dynamic"}, {"factor", 2.0}}).original_maximum_length == 64);

    const auto error = [&](const nlohmann::json& rope) { return test::error_of([&] { (void)read(rope); }); };
    CHECK(error({{"rope_type", "longrope"}, {"factor", 2}}) ==
          "config.json: rope_type: \"default\", \"linear\", \"llama3\", \"yarn\" or \"dynamic\" was expected, "
          "found \"longrope\"");
    CHECK(error({{"rope_type", "default"}, {"mrope_section", {2, 3, 3}}}) ==
          "config.json: mrope_section: is not known here, found [2,3,3]");
    CHECK(test::contains(error({{"rope_type", "dynamic"}}), "factor: a number was expected, found nothing"));
    CHECK(test::contains(error({{"rope_type", "linear"}, {"type", "yarn"}, {"factor", 2}}), "only \"linear\""));
}

TEST_CASE("divisors of Llama 3 are known by their numbers and written as its rule") {
    transformer_config config{.vocabulary_size = 20,
                              .hidden_size = 128,
                              .intermediate_size = 4,
                              .layers = 0,
                              .heads = 2,
                              .head_dim = 64,
                              .rope_theta = 500000};
    const auto plain = rotary_frequencies(config);
    config.rope_scaling = {.type = rope_scaling::rule::llama3, .factor = 32};
    const rope_scaling rule = config.rope_scaling;
    const auto scaled = rotary_frequencies(config);
    config.rope_scaling = {};
    CHECK_FALSE(llama3_rule_of(config));
    for (std::size_t i = 0; i < plain.size(); ++i)
        config.rope_scaling.frequency_divisors.push_back(static_cast<float>(plain[i] / scaled[i]));
    CHECK(llama3_rule_of(config) == rule);
    config.rope_scaling.frequency_divisors[20] *= 1.001;
    CHECK_FALSE(llama3_rule_of(config));
}

TEST_CASE("the layers without positions are those of an interval, or are refused") {
    const auto interval = [](const nlohmann::json& list, std::size_t before) {
        transformer_config config{.family = families::smollm3, .layers = 5, .no_rotary_every = before};
        const nlohmann::json given{{"no_rope_layers", list}};
        read_layers_without_rotary(settings_reader(given, "config.json"), config);
        return config.no_rotary_every;
    };
    CHECK(interval({1, 1, 0, 1, 1}, 4) == 3);
    CHECK(interval({1, 1, 1, 1, 1}, 4) == 0);
    CHECK(interval({1, 1, 1, 1, 1}, 7) == 7);
    CHECK(interval({0, 0, 0, 0, 0}, 4) == 1);
    CHECK(interval(nullptr, 4) == 4);
    CHECK(interval({1, 0, 1, 0, 1, 0, 0}, 4) == 2); // more than there are layers
    for (const nlohmann::json& wrong : {nlohmann::json{1, 0, 1, 1, 1}, {1, 0}, {1, 0, 1, "0", 1}})
        CHECK_THROWS_AS((void)interval(wrong, 4), input_error);
    CHECK(test::error_of([&] {
              (void)interval({1, 0, 1, 1, 1}, 4);
          }) == "config.json: no_rope_layers: 0 was expected of layer 3, since every 2th is without, found 1");
}

TEST_CASE("the types of layers are those of a window and a period, or are refused") {
    transformer_config config{.layers = 4, .window = 5};
    nlohmann::json given;
    given["layer_types"] = {"sliding_attention", "full_attention", "sliding_attention", "full_attention"};
    read_layer_types(settings_reader(given, "config.json"), config);
    CHECK(config.full_attention_every == 2);
    CHECK(layer_types_json(config) == given["layer_types"]);
    given["layer_types"] = {"full_attention", "sliding_attention", "sliding_attention", "full_attention"};
    CHECK_THROWS_AS(read_layer_types(settings_reader(given, "config.json"), config), input_error);
    given["layer_types"] = {"full_attention"};
    CHECK(test::contains(test::error_of([&] { read_layer_types(settings_reader(given, "config.json"), config); }),
                         "a list of 4 types was expected"));
    given["layer_types"] = nullptr;
    CHECK_NOTHROW(read_layer_types(settings_reader(given, "config.json"), config));
}
