#include <doctest/doctest.h>

#include <filesystem>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/family/llama.hpp>
#include <preflearn/policy/files/config_files.hpp>
#include <preflearn/policy/files/family_fields.hpp>

using namespace preflearn;

TEST_CASE("names and shapes are those that transformers saves") {
    const std::filesystem::path folder = std::filesystem::path(PREFLEARN_TESTS) / "policy" / "golden" / "tiny_llama";
    const checkpoint_file file = read_safetensors(folder / "model.safetensors");
    const transformer_config config = read_config_json(folder / "config.json");
    CHECK(config.family == families::llama);
    std::set<std::string> expected, found;
    for (const tensor_view& tensor : file.tensors()) expected.insert(tensor.name);
    const decoder_layout layout(config);
    for (const tensor_place& place : layout.tensors()) {
        const std::string name = layer_name(place.entry.hugging_face.name, place.layer);
        found.insert(name);
        CHECK(file.at(name).shape == place.shape());
    }
    CHECK(found == expected);
}

TEST_CASE("what this family does not compute is refused") {
    const auto check = [](nlohmann::json object) {
        object.update({{"vocab_size", 20}, {"hidden_size", 8}, {"intermediate_size", 12}, {"num_hidden_layers", 2}});
        object["num_attention_heads"] = 4;
        transformer_config config;
        read_fields(settings_reader(object, "config.json"), &field_entry::hugging_face, config);
    };
    CHECK_NOTHROW(check(nlohmann::json::object()));
    CHECK_NOTHROW(check({{"hidden_act", "silu"}, {"attention_bias", false}, {"mlp_bias", false}}));
    CHECK_THROWS_WITH_AS(check({{"mlp_bias", true}}), "config.json: mlp_bias: only false is supported, found true",
                         input_error);
    CHECK_THROWS_AS(check({{"hidden_act", "gelu"}}), input_error);
    CHECK_THROWS_AS(check({{"attention_bias", true}}), input_error);
}
