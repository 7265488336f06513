#include <doctest/doctest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/policy/family/llama.hpp>
#include <preflearn/policy/files/config_files.hpp>

using namespace preflearn;

TEST_CASE("names and shapes are those that transformers saves") {
    const std::filesystem::path folder = std::filesystem::path(PREFLEARN_TESTS) / "policy" / "golden" / "tiny_llama";
    const checkpoint_file file = read_safetensors(folder / "model.safetensors");
    const parameter_layout<llama> parameters(read_config_json<llama>(folder / "config.json"));
    std::set<std::string> expected, found;
    for (const tensor_view& tensor : file.tensors()) expected.insert(tensor.name);
    for (const tensor_place& place : parameters.tensors()) {
        const std::string name = layer_name(place.names->hugging_face, place.layer);
        found.insert(name);
        std::vector<std::size_t> shape{place.rows, place.columns};
        if (place.is_vector) shape.erase(shape.begin());
        CHECK(file.at(name).shape == shape);
    }
    CHECK(found == expected);
}

TEST_CASE("what this family does not compute is refused") {
    const auto check = [](const char* text) {
        const nlohmann::json object = nlohmann::json::parse(text);
        llama::check(settings_reader(object, "config.json"));
    };
    CHECK_NOTHROW(check("{}"));
    CHECK_NOTHROW(check(R"({"hidden_act": "silu", "attention_bias": false, "mlp_bias": false})"));
    CHECK_THROWS_WITH_AS(check(R"({"mlp_bias": true})"), "config.json: mlp_bias: only false is supported, found true",
                         input_error);
    CHECK_THROWS_AS(check(R"({"hidden_act": "gelu"})"), input_error);
    CHECK_THROWS_AS(check(R"({"attention_bias": true})"), input_error);
}
