#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/policy/family/llama.hpp>
#include <preflearn/policy/files/family_fields.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/files/save_gguf.hpp>

#include "../../files.hpp"
#include "../golden.hpp"

using namespace preflearn;

TEST_CASE("a small Llama has transformers' logits, gradients and greedy tokens") {
    test::check_family("llama", families::llama);
}

TEST_CASE("a Llama with scaled rotary positions, too") {
    test::check_family("llama_linear", families::llama);
    test::check_family("llama_yarn", families::llama);
    test::check_family("llama_dynamic", families::llama);
    test::check_family("llama_llama3", families::llama);
    for (const char* const file : {"", "model.gguf"})
        CHECK(load_transformer<double>(test::golden_folder("llama_llama3") / file).config().end_tokens ==
              std::vector<token_id>{21, 22});
}

TEST_CASE("a Llama with biases of all products, too; those of attention or of the MLP alone, and none without a flag") {
    test::check_family("llama_biases", families::llama);
    const test::folder folder;
    for (const char* const name : {"attention_bias", "mlp_bias"}) {
        nlohmann::json object = read_json_file(test::golden_folder("llama_biases") / "config.json");
        object[name] = false;
        const transformer_config config = read_config_json(folder.write("config.json", object.dump()));
        CHECK(config.attention_bias != config.mlp_bias);
        CHECK(decoder_layout(config).tensors().size() == 20 + 2 * (config.attention_bias ? 4 : 3));
        std::filesystem::copy_file(test::golden_folder("llama_biases") / "model.safetensors",
                                   folder / "model.safetensors", std::filesystem::copy_options::overwrite_existing);
        CHECK(test::contains(test::error_of([&] { (void)load_transformer<float>(folder.path()); }),
                             config.attention_bias ? "mlp.down_proj.bias' has no place" : "self_attn."));
    }
}

TEST_CASE("a GGUF file with biases is written back to its bytes, and what is saved of it names them") {
    const test::folder folder;
    const std::filesystem::path source = test::golden_folder("llama_biases") / "model.gguf";
    const auto m = load_transformer<float>(source);
    CHECK(m.config().attention_bias);
    CHECK(m.config().mlp_bias);
    save_gguf(m, source, folder / "a.gguf");
    CHECK(test::read(folder / "a.gguf") == test::read(source));
    save_transformer(m, folder.path());
    CHECK(read_json_file(folder / "config.json")["mlp_bias"] == true);
    CHECK(std::ranges::equal(load_transformer<float>(folder.path()).parameters(), m.parameters()));
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
    CHECK_THROWS_WITH_AS(check({{"mlp_bias", 1}}), "config.json: mlp_bias: true or false was expected, found 1",
                         input_error);
    CHECK_THROWS_AS(check({{"hidden_act", "gelu"}}), input_error);
}
