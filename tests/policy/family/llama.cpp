#include <doctest/doctest.h>

#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/policy/family/llama.hpp>
#include <preflearn/policy/files/family_fields.hpp>
#include <preflearn/policy/files/load.hpp>

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
