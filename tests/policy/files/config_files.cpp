#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/policy/files/config_files.hpp>

#include "../../checkpoint/gguf_writer.hpp"
#include "../../files.hpp"
#include "../models.hpp"

using namespace preflearn;

namespace {

const char* const least = R"({"model_type": "llama", "vocab_size": 20, "hidden_size": 8, "intermediate_size": 12,
    "num_hidden_layers": 2, "num_attention_heads": 4})";

nlohmann::json changed(const nlohmann::json& patch) {
    nlohmann::json config = nlohmann::json::parse(least);
    config.merge_patch(patch);
    return config;
}

} // namespace

TEST_CASE("what a config.json leaves out takes transformers' defaults") {
    const test::folder folder;
    const transformer_config config = read_config_json(folder.write("config.json", least));
    CHECK(config.key_value_heads == 4);
    CHECK(config.head_dim == 2);
    CHECK(config.rope_theta == 10000);
    CHECK(config.norm_epsilon == 1e-6);
    CHECK(config.maximum_length == 2048);
    CHECK_FALSE(config.tied_embeddings);
    CHECK(config.end_tokens.empty());
    CHECK(config.rope_scaling == rope_scaling{});
}

TEST_CASE("rotary scaling is read as both generations of transformers write it") {
    const test::folder folder;
    const auto read = [&](const nlohmann::json& patch) {
        return read_config_json(folder.write("config.json", changed(patch).dump()));
    };
    CHECK(read({{"rope_scaling", {{"type", "linear"}, {"factor", 2.0}}}}).rope_scaling.type ==
          rope_scaling::rule::linear);
    const transformer_config recent = read({{"rope_parameters",
                                             {{"rope_type", "llama3"},
                                              {"rope_theta", 5e5},
                                              {"factor", 32},
                                              {"low_freq_factor", 1},
                                              {"high_freq_factor", 4},
                                              {"original_max_position_embeddings", 8192}}}});
    CHECK(recent.rope_theta == 5e5);
    CHECK(recent.rope_scaling.type == rope_scaling::rule::llama3);
    CHECK(recent.rope_scaling.factor == 32);
    CHECK(read({{"rope_parameters", {{"rope_type", "default"}}}}).rope_scaling == rope_scaling{});
    CHECK_THROWS_WITH_AS(read({{"rope_scaling", {{"rope_type", "yarn"}}}}), doctest::Contains("found \"yarn\""),
                         input_error);
    CHECK_THROWS_AS(read({{"rope_parameters", {{"partial_rotary_factor", 0.5}}}}), input_error);
    CHECK_THROWS_AS(read({{"pretraining_tp", 2}}), input_error);
}

TEST_CASE("the end tokens of generation_config.json come first") {
    const test::folder folder;
    const auto path = folder.write("config.json", changed({{"eos_token_id", 3}}).dump());
    CHECK(read_config_json(path).end_tokens == std::vector<token_id>{3});
    folder.write("generation_config.json", R"({"eos_token_id": [3, 7]})");
    CHECK(read_config_json(path).end_tokens == std::vector<token_id>{3, 7});
    folder.write("generation_config.json", R"({"temperature": 1})");
    CHECK(read_config_json(path).end_tokens == std::vector<token_id>{3});
}

TEST_CASE("a configuration that is written is read again as it was") {
    const test::folder folder;
    transformer_config config = validated(test::grouped());
    config.end_tokens = {3, 4};
    config.rope_scaling = {.type = rope_scaling::rule::llama3, .factor = 8, .original_maximum_length = 32};
    for (const transformer_config& each : {config, validated(test::multi_query())}) {
        const auto path = folder.write("config.json", config_json(each, "float32").dump());
        CHECK(read_config_json(path) == each);
    }
}

TEST_CASE("GGUF metadata gives the same configuration; a part that is missing is named") {
    const test::folder folder;
    test::gguf_writer file;
    file.text("general.architecture", "llama");
    for (const auto& [name, value] : {std::pair{"embedding_length", 8U}, std::pair{"feed_forward_length", 12U},
                                      std::pair{"block_count", 2U}, std::pair{"attention.head_count", 4U}})
        file.number(std::string("llama.") + name, value);
    file.key("llama.context_length", 5, test::bytes(std::int32_t{4096}));
    file.key("llama.attention.layer_norm_rms_epsilon", 6, test::bytes(1e-6F));
    file.number("tokenizer.ggml.eos_token_id", 5);
    file.number("tokenizer.ggml.eot_token_id", 6);
    file.number("tokenizer.ggml.eom_token_id", 5);
    const test::gguf_writer without_tensors = file;
    file.tensors.push_back(
        {.name = "token_embd.weight", .dimensions = {8, 20}, .type = 0, .data = std::string(640, 0)});
    const transformer_config config = read_gguf_config(read_gguf(folder.write("a.gguf", file.file())));
    CHECK(config.vocabulary_size == 20);
    CHECK(config.hidden_size == 8);
    CHECK(config.key_value_heads == 4);
    CHECK(config.tied_embeddings);
    CHECK(config.maximum_length == 4096);
    CHECK(config.norm_epsilon == static_cast<double>(1e-6F));
    CHECK(config.rope_theta == 10000); // llama.cpp's default
    CHECK(config.end_tokens == std::vector<token_id>{5, 6});
    CHECK_THROWS_WITH_AS((void)read_gguf_config(read_gguf(folder.write("b.gguf", without_tensors.file()))),
                         doctest::Contains("token_embd.weight"), input_error);
    for (const auto& [place, name] : {std::pair{1, "llama.embedding_length"},
                                      {2, "llama.feed_forward_length"},
                                      {3, "llama.block_count"},
                                      {4, "llama.attention.head_count"},
                                      {5, "llama.context_length"},
                                      {6, "llama.attention.layer_norm_rms_epsilon"}}) {
        test::gguf_writer lacks = file;
        lacks.keys.erase(lacks.keys.begin() + place);
        CHECK_THROWS_WITH_AS((void)read_gguf_config(read_gguf(folder.write("c.gguf", lacks.file()))),
                             doctest::Contains(name), input_error);
    }
}
