#include <doctest/doctest.h>

#include <cmath>
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
    CHECK_THROWS_WITH_AS(read({{"rope_scaling", {{"rope_type", "longrope"}}}}), doctest::Contains("found \"longrope\""),
                         input_error);
    CHECK_THROWS_AS(read({{"rope_parameters", {{"partial_rotary_factor", 0.5}}}}), input_error);
    const transformer_config dynamic =
        read({{"head_dim", 4}, {"rope_parameters", {{"rope_type", "dynamic"}, {"factor", 2.5}}}});
    CHECK(dynamic.rope_scaling.original_maximum_length == 2048);
    CHECK(dynamic.maximum_length == 5120);
    CHECK(read({{"pretraining_tp", 2}}) == read({{"pretraining_tp", 1}})); // the same sums, in two parts
    CHECK_THROWS_AS(read({{"num_experts", 2}}), input_error);
    // the length trained on first may stand outside, and is else the longest
    const nlohmann::json yarn = {{"rope_scaling", {{"rope_type", "yarn"}, {"factor", 4}}}};
    CHECK(read(yarn).rope_scaling.original_maximum_length == 2048);
    nlohmann::json outside = yarn;
    outside["original_max_position_embeddings"] = 512;
    CHECK(read(outside).rope_scaling.original_maximum_length == 512);
    outside["rope_scaling"]["original_max_position_embeddings"] = 256;
    CHECK_THROWS_WITH_AS(read(outside), doctest::Contains("only 512 is supported, found 256"), input_error);
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
    transformer_config yarn = config;
    yarn.rope_scaling = {.type = rope_scaling::rule::yarn, .factor = 4, .beta_fast = 16, .truncate = false};
    transformer_config dynamic = config;
    dynamic.rope_scaling = {.type = rope_scaling::rule::dynamic, .factor = 2, .original_maximum_length = 32};
    transformer_config sparse = config; // in two layers there is none without positions
    sparse.family = families::smollm3;
    sparse.no_rotary_every = 4;
    transformer_config windowed = config;
    windowed.family = families::mistral;
    windowed.window = 5;
    for (const transformer_config& each : {config, validated(test::multi_query()), validated(yarn), validated(dynamic),
                                           validated(sparse), validated(windowed)}) {
        const auto path = folder.write("config.json", config_json(each, "float32").dump());
        CHECK(read_config_json(path) == each);
    }
}

TEST_CASE("a period that no layer reaches is written and read again as the same") {
    const test::folder folder;
    const nlohmann::json family{{"model_type", "gemma3_text"}, {"sliding_window", 3}, {"query_pre_attn_scalar", 2}};
    const transformer_config config = read_config_json(folder.write("config.json", changed(family).dump()));
    CHECK(config.full_attention_every == 6); // of two layers
    CHECK(read_config_json(folder.write("config.json", config_json(config, "float32").dump())) == config);
}

TEST_CASE("a configuration with Llama 3's divisors is written with its rule, one with others is refused") {
    transformer_config config = validated(test::grouped());
    config.rope_scaling.frequency_divisors = {1, 1, 2};
    CHECK_THROWS_AS((void)config_json(config, "float32"), argument_error);
    config.rope_theta = 1e8; // the three turn within 8192 tokens 1304 times, 2.8 times and not once
    const double kept = (8192 * std::pow(1e8, -1.0 / 3) / (2 * std::acos(-1.0)) - 1) / 3;
    config.rope_scaling.frequency_divisors = {1, 1 / ((1 - kept) / 8 + kept), 8};
    const nlohmann::json written = config_json(config, "float32");
    CHECK(written["rope_scaling"]["rope_type"] == "llama3");
    CHECK(written["rope_scaling"]["factor"] == 8);
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
    test::gguf_writer stretched = file;
    stretched.text("llama.rope.scaling.type", "yarn");
    stretched.key("llama.rope.scaling.factor", 6, test::bytes(4.0F));
    const auto scaling = [&] {
        return read_gguf_config(read_gguf(folder.write("y.gguf", stretched.file()))).rope_scaling;
    };
    CHECK(scaling().type == rope_scaling::rule::yarn);
    CHECK(scaling().original_maximum_length == 4096);
    CHECK(scaling().attention_factor == doctest::Approx(1 + std::log(4.0) / 10));
    stretched.key("llama.rope.scaling.attn_factor", 6, test::bytes(2.0F));
    stretched.number("llama.rope.scaling.original_context_length", 1024);
    CHECK(scaling().original_maximum_length == 1024);
    CHECK(scaling().attention_factor == doctest::Approx(2 + std::log(4.0) / 5));
    stretched.key("llama.rope.scaling.yarn_ext_factor", 6, test::bytes(0.5F));
    CHECK_THROWS_WITH_AS((void)scaling(), doctest::Contains("yarn_ext_factor"), input_error);
    for (const std::uint32_t window : {1024U, 4096U, 0U}) { // that of all texts changes nothing
        test::gguf_writer windowed = file;
        windowed.number("llama.attention.sliding_window", window);
        const transformer_config read = read_gguf_config(read_gguf(folder.write("w.gguf", windowed.file())));
        CHECK(read.window == 0);
        CHECK(read.notes.size() == config.notes.size() + (window == 1024 ? 1 : 0));
        if (window == 1024)
            CHECK(test::contains(read.notes.back(), "w.gguf: llama.attention.sliding_window: a window of 1024 keys is "
                                                    "not computed for llama files, nor by llama.cpp"));
    }
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
