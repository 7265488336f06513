#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/checkpoint/gguf.hpp>
#include <preflearn/checkpoint/safetensors.hpp>
#include <preflearn/policy/decoder/layout.hpp>
#include <preflearn/policy/decoder/rotary.hpp>
#include <preflearn/policy/files/config_files.hpp>
#include <preflearn/policy/files/tensor_forms.hpp>

#include "../../checkpoint/gguf_writer.hpp"
#include "../../files.hpp"
#include "counted_tensors.hpp"
#include "sketches.hpp"

using namespace preflearn;

namespace {

using shapes = std::map<std::string, std::vector<std::size_t>>;

/// What transformers 5.24 saves of models of one layer, width 8, two heads and a vocabulary of 11.
const shapes gemma3_shapes{{"model.embed_tokens.weight", {11, 8}},
                           {"model.layers.0.input_layernorm.weight", {8}},
                           {"model.layers.0.mlp.down_proj.weight", {8, 12}},
                           {"model.layers.0.mlp.gate_proj.weight", {12, 8}},
                           {"model.layers.0.mlp.up_proj.weight", {12, 8}},
                           {"model.layers.0.post_attention_layernorm.weight", {8}},
                           {"model.layers.0.post_feedforward_layernorm.weight", {8}},
                           {"model.layers.0.pre_feedforward_layernorm.weight", {8}},
                           {"model.layers.0.self_attn.k_norm.weight", {4}},
                           {"model.layers.0.self_attn.k_proj.weight", {4, 8}},
                           {"model.layers.0.self_attn.o_proj.weight", {8, 8}},
                           {"model.layers.0.self_attn.q_norm.weight", {4}},
                           {"model.layers.0.self_attn.q_proj.weight", {8, 8}},
                           {"model.layers.0.self_attn.v_proj.weight", {4, 8}},
                           {"model.norm.weight", {8}}};
const char* const gemma3_config = R"({"model_type": "gemma3_text", "vocab_size": 11, "hidden_size": 8,
    "intermediate_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4,
    "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 16, "sliding_window": 5,
    "final_logit_softcapping": null, "attn_logit_softcapping": 50.0, "layer_types": ["sliding_attention"],
    "rope_parameters": {"sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
                        "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0}}})";

/// With the members of `patch` in place of those of the same name.
transformer_config read(const char* text, const nlohmann::json& patch = nlohmann::json::object()) {
    const test::folder folder;
    nlohmann::json config = nlohmann::json::parse(text);
    for (const auto& [name, value] : patch.items()) config[name] = value;
    return read_config_json(folder.write("config.json", config.dump()), test::sketches);
}

} // namespace

TEST_CASE("tables of other families name the tensors that transformers saves, with their shapes") {
    for (const auto& [config, expected] : {std::pair{gemma3_config, gemma3_shapes}}) {
        shapes found;
        std::size_t end = 0;
        const decoder_layout layout(read(config));
        for (const tensor_place& place : layout.tensors()) {
            CHECK(place.offset == end);
            end += place.size();
            found[layer_name(place.entry.hugging_face.name, place.layer)] =
                stored_shape(place.entry.hugging_face.form, place);
        }
        CHECK(found == expected);
    }
}

TEST_CASE("a configuration of another family is read and written again as it was") {
    const test::folder folder;
    for (const char* const text : {gemma3_config}) {
        const transformer_config config = read(text);
        const std::string written = config_json(config, "float32").dump();
        CAPTURE(written);
        CHECK(read_config_json(folder.write("config.json", written), test::sketches) == config);
    }
}

TEST_CASE("Gemma 3: weights less one, norms of heads and after the blocks, a window, two rotary bases, scales, caps") {
    const transformer_config config = read(gemma3_config);
    CHECK(config.embedding_scale == std::sqrt(8.0));
    CHECK(config.attention(0).scale == 1.0 / 4);
    CHECK(config.attention(0).cap == 50);
    CHECK(config.logit_cap == 0);
    CHECK(config.attention(0).window == 5);
    CHECK(config.local_rotary(0));
    CHECK(rotary_frequencies(config, true)[1] == doctest::Approx(0.01));
    CHECK(rotary_frequencies(config)[1] == doctest::Approx(0.001 / 8));
    const decoder_layout layout(config);
    for (const weight_place& place : {layout.layer(0).attention_after_norm, layout.layer(0).mlp_after_norm})
        CHECK(place.weight.columns == 8);
    CHECK(layout.layer(0).query_norm.weight.columns == 4);
    for (const tensor_place& place : layout.tensors())
        CHECK(test::counted(config, place)[3] == (place.is_norm() ? 4 : 3));

    // every sixth layer sees everything, by the list or, where there is none, by the period
    const nlohmann::json seven{{"num_hidden_layers", 7}, {"layer_types", nullptr}};
    nlohmann::json listed = seven;
    listed["layer_types"] = std::vector<std::string>(7, "sliding_attention");
    listed["layer_types"][5] = "full_attention";
    for (const nlohmann::json& patch : {seven, listed}) {
        const transformer_config both = read(gemma3_config, patch);
        CHECK(both.full_attention_every == 6);
        CHECK(both.window_of(5) == 0);
        CHECK(both.window_of(6) == 5);
        CHECK_FALSE(both.local_rotary(5));
    }
    listed["layer_types"][6] = "full_attention";
    CHECK_THROWS_WITH_AS((void)read(gemma3_config, listed), doctest::Contains("\"sliding_attention\" was expected of"),
                         input_error);
    CHECK(read(gemma3_config, {{"sliding_window", nullptr}, {"layer_types", {"full_attention"}}}).window == 0);
    CHECK_THROWS_AS((void)read(gemma3_config, {{"layer_types", {"full_attention", "full_attention"}}}), input_error);
}

TEST_CASE("Gemma 3 in GGUF: the converter's names, plain norms, and what such files do not say") {
    const test::folder folder;
    test::gguf_writer file;
    file.text("general.architecture", "gemma3");
    for (const auto& [name, value] :
         {std::pair{"embedding_length", 8U}, std::pair{"feed_forward_length", 12U}, std::pair{"block_count", 7U},
          std::pair{"attention.head_count", 2U}, std::pair{"attention.key_length", 4U},
          std::pair{"attention.sliding_window", 5U}, std::pair{"context_length", 64U}})
        file.number(std::string("gemma3.") + name, value);
    file.key("gemma3.attention.layer_norm_rms_epsilon", 6, test::bytes(1e-6F));
    file.tensors.push_back(
        {.name = "token_embd.weight", .dimensions = {8, 11}, .type = 0, .data = std::string(352, 0)});
    const auto path = folder.write("a.gguf", file.file());
    const transformer_config config = read_gguf_config(read_gguf(path), test::sketches);
    CHECK(config.family == test::gemma3);
    CHECK(config.tied_embeddings);
    CHECK(config.local_rope_theta == 10000);
    CHECK(config.window_of(5) == 0);
    CHECK(config.window_of(4) == 5);
    CHECK(config.attention(0).scale == 0); // 1 / √head_dim
    const decoder_layout layout(config);
    for (const tensor_place& place : layout.tensors()) CHECK(place.entry.gguf.form == stored_form::plain);
    CHECK_THROWS_WITH_AS((void)read_gguf_config(read_gguf(path)), doctest::Contains("found \"gemma3\""), input_error);
}

TEST_CASE("a family is compared by its tables, and copies of it refer to the same") {
    decoder_family copy = families::llama;
    CHECK(copy == families::llama);
    copy.gguf_name = "";
    CHECK(copy != families::llama);
    CHECK(copy.find(tensor_role::head) == families::llama.find(tensor_role::head));
    CHECK(families::llama.find(tensor_role::query, tensor_part::bias) == nullptr);
    CHECK(families::llama.rotary());
    CHECK(families::llama.mlp() == mlp_kind::gated);
}
