#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/json_file.hpp>
#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/policy/decoder/rotary.hpp>
#include <preflearn/policy/files/config_files.hpp>
#include <preflearn/policy/files/load.hpp>

#include "../../checkpoint/gguf_writer.hpp"
#include "../../files.hpp"
#include "../golden.hpp"

using namespace preflearn;

namespace {

/// Of Gemma 3 270M, by the first version of transformers that had it.
const char* const published_gemma3 = R"({"_sliding_window_pattern": 6, "architectures": ["Gemma3ForCausalLM"],
    "attention_bias": false, "attention_dropout": 0.0, "attn_logit_softcapping": null, "bos_token_id": 2,
    "eos_token_id": 1, "final_logit_softcapping": null, "head_dim": 256, "hidden_activation": "gelu_pytorch_tanh",
    "hidden_size": 640, "initializer_range": 0.02, "intermediate_size": 2048,
    "layer_types": ["sliding_attention", "sliding_attention", "sliding_attention", "sliding_attention",
                    "sliding_attention", "full_attention", "sliding_attention"],
    "max_position_embeddings": 32768, "model_type": "gemma3_text", "num_attention_heads": 4, "num_hidden_layers": 7,
    "num_key_value_heads": 1, "pad_token_id": 0, "query_pre_attn_scalar": 256, "rms_norm_eps": 1e-06,
    "rope_local_base_freq": 10000.0, "rope_scaling": null, "rope_theta": 1000000.0, "sliding_window": 512,
    "torch_dtype": "bfloat16", "transformers_version": "4.55.0.dev0", "use_bidirectional_attention": false,
    "use_cache": true, "vocab_size": 262144})";

/// With the members of `patch` in place of those of the same name.
transformer_config read(const nlohmann::json& patch = nlohmann::json::object()) {
    const test::folder folder;
    nlohmann::json config = nlohmann::json::parse(published_gemma3);
    config.update(patch);
    return read_config_json(folder.write("config.json", config.dump()));
}

} // namespace

TEST_CASE("a small Gemma 3 has transformers' logits, gradients and greedy tokens") {
    test::check_family("gemma3", families::gemma3);
}
TEST_CASE("so has one with stretched rotary frequencies in full attention, another scale of scores, a cap, a head") {
    test::check_family("gemma3_scaled", families::gemma3);
}

TEST_CASE("a Gemma 3 as it is published is read, by either generation of transformers") {
    const transformer_config gemma = read();
    CHECK(gemma.attention(0).scale == 1.0 / 16);
    CHECK(gemma.attention(0).cap == 0);
    CHECK(gemma.logit_cap == 0);
    CHECK(gemma.tied_embeddings);
    CHECK(gemma.notes.empty());
    CHECK(gemma.full_attention_every == 6);
    CHECK(gemma.window_of(4) == 512);
    CHECK(gemma.window_of(5) == 0);
    CHECK(gemma.window_of(6) == 512);
    CHECK(gemma.local_rotary(4));
    CHECK_FALSE(gemma.local_rotary(5));
    CHECK(rotary_frequencies(gemma, true)[64] == doctest::Approx(1 / std::sqrt(1e4)));
    CHECK(rotary_frequencies(gemma)[64] == doctest::Approx(1e-3));

    // the period alone, as the first files had it, or unsaid
    CHECK(read({{"layer_types", nullptr}, {"sliding_window_pattern", 6}}) == gemma);
    CHECK(read({{"layer_types", nullptr}}) == gemma);
    CHECK(read({{"rope_theta", nullptr},
                {"rope_local_base_freq", nullptr},
                {"rope_parameters",
                 {{"full_attention", {{"rope_type", "default"}, {"rope_theta", 1e6}}},
                  {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", 1e4}}}}}}) == gemma);
    // the larger ones stretch the frequencies of full attention alone
    const transformer_config larger = read({{"rope_scaling", {{"factor", 8.0}, {"rope_type", "linear"}}}});
    CHECK(rotary_frequencies(larger)[64] == doctest::Approx(1e-3 / 8));
    CHECK(rotary_frequencies(larger, true) == rotary_frequencies(gemma, true));
}

TEST_CASE("what a Gemma 3 may not be is refused: another list of layers, a cap of scores, attention both ways") {
    const auto refuses = [](const nlohmann::json& patch, const char* text) {
        CHECK_THROWS_WITH_AS((void)read(patch), doctest::Contains(text), input_error);
    };
    std::vector<std::string> types(7, "sliding_attention");
    types[5] = types[6] = "full_attention";
    refuses({{"layer_types", types}}, "layer_types: \"sliding_attention\" was expected of layer 6");
    refuses({{"attn_logit_softcapping", 50.0}}, "attn_logit_softcapping: only null is supported, found 50.0");
    refuses({{"use_bidirectional_attention", true}}, "use_bidirectional_attention: only false is supported");
    refuses({{"attention_bias", true}}, "attention_bias: only false is supported");
    CHECK(read({{"sliding_window", nullptr}, {"layer_types", std::vector<std::string>(7, "full_attention")}}).window ==
          0);
}

// Names as transformers 4 and 5 save them; the configuration as the model of 4B has it.
TEST_CASE("of a model that sees images the language model is read, and saved as one of its own") {
    const std::filesystem::path plain = test::golden_folder("gemma3");
    const auto m = load_transformer<float>(plain);
    const checkpoint_file file = read_safetensors(plain / "model.safetensors");
    nlohmann::json config{{"model_type", "gemma3"},
                          {"eos_token_id", 21},
                          {"mm_tokens_per_image", 256},
                          {"text_config", read_json_file(plain / "config.json")},
                          {"vision_config", {{"x", 1}}}};
    config["text_config"].erase("eos_token_id");
    const std::vector<float> of_images(3);
    for (const bool newer : {false, true}) {
        const test::folder folder;
        std::vector<tensor_view> tensors{
            as_tensor<float>(newer ? "model.vision_tower.x.weight" : "vision_tower.x.weight", {3}, of_images)};
        for (tensor_view tensor : file.tensors()) {
            tensor.name = newer ? "model.language_model" + tensor.name.substr(5) : "language_model." + tensor.name;
            tensors.push_back(tensor);
        }
        write_safetensors(folder / "model.safetensors", tensors);
        folder.write("config.json", config.dump());
        const auto part = load_transformer<float>(folder.path());
        CHECK(std::ranges::equal(part.parameters(), m.parameters()));
        REQUIRE(part.notes().size() == 1);
        CHECK(test::contains(part.notes()[0], "of a model that sees images, the language model is read"));
        save_transformer(part, folder / "saved");
        CHECK(load_transformer<float>(folder / "saved").config() == m.config());
    }
    // what the file leaves out is as in transformers
    const test::folder folder;
    config["text_config"] = {
        {"hidden_size", 2560},         {"intermediate_size", 10240},
        {"model_type", "gemma3_text"}, {"num_hidden_layers", 34},
        {"sliding_window", 1024},      {"rope_scaling", {{"factor", 8.0}, {"rope_type", "linear"}}}};
    config["eos_token_id"] = {1, 106};
    const auto read_whole = [&] { return read_config_json(folder.write("config.json", config.dump())); };
    const transformer_config whole = read_whole();
    CHECK(whole.vocabulary_size == 262208);
    CHECK(whole.heads == 8);
    CHECK(whole.key_value_heads == 4);
    CHECK(whole.head_dim == 256);
    CHECK(whole.window_of(5) == 0);
    CHECK(whole.window_of(6) == 1024);
    CHECK(whole.rope_scaling.factor == 8);
    CHECK(whole.end_tokens == std::vector<token_id>{1, 106});
    config["text_config"]["model_type"] = "gemma3n_text";
    CHECK(test::contains(test::error_of(read_whole), "text_config: model_type: only \"gemma3_text\" is supported"));
    config.erase("text_config");
    CHECK(test::contains(test::error_of(read_whole), "text_config: an object was expected, found null"));
}

TEST_CASE("Gemma 3 in GGUF: the converter's names, plain norms, and what such files do not say") {
    const test::folder folder;
    test::gguf_writer file;
    file.text("general.architecture", "gemma3");
    for (const auto& [name, value] :
         {std::pair{"embedding_length", 8U}, std::pair{"feed_forward_length", 12U}, std::pair{"block_count", 7U},
          std::pair{"attention.head_count", 2U}, std::pair{"attention.key_length", 6U},
          std::pair{"attention.sliding_window", 5U}, std::pair{"context_length", 64U}})
        file.number(std::string("gemma3.") + name, value);
    file.key("gemma3.attention.layer_norm_rms_epsilon", 6, test::bytes(1e-6F));
    file.key("gemma3.rope.freq_base", 6, test::bytes(1e6F));
    file.tensors.push_back(
        {.name = "token_embd.weight", .dimensions = {8, 11}, .type = 0, .data = std::string(352, 0)});
    const transformer_config config = read_gguf_config(read_gguf(folder.write("a.gguf", file.file())));
    CHECK(config.family == families::gemma3);
    CHECK(config.tied_embeddings);
    CHECK(config.rope_theta == 1e6);
    CHECK(config.local_rope_theta == 1e4);
    CHECK(config.window_of(5) == 0);
    CHECK(config.window_of(4) == 5);
    CHECK(config.attention(0).scale == 0); // 1 / √head_dim
    const decoder_layout layout(config);
    for (const tensor_place& place : layout.tensors()) CHECK(place.entry.gguf.form == stored_form::plain);
}
