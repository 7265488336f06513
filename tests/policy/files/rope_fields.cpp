#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <preflearn/policy/files/rope_fields.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("layers with a window may turn by a base of their own") {
    transformer_config config;
    const nlohmann::json rope = {{"full_attention", {{"rope_type", "linear"}, {"factor", 8.0}, {"rope_theta", 1e6}}},
                                 {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", 1e4}}}};
    read_rope(settings_reader(rope, "config.json"), config);
    CHECK(config.rope_theta == 1e6);
    CHECK(config.rope_scaling.factor == 8);
    CHECK(config.local_rope_theta == 1e4);
    const nlohmann::json dynamic = {{"rope_type", "dynamic"}};
    CHECK(test::error_of([&] { read_rope(settings_reader(dynamic, "config.json"), config); }) ==
          "config.json: rope_type: \"default\", \"linear\" or \"llama3\" was expected, found \"dynamic\"");
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
