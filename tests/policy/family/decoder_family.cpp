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
#include "sketches.hpp"

using namespace preflearn;

namespace {

using shapes = std::map<std::string, std::vector<std::size_t>>;

/// What transformers 5.24 saves of models of one layer, width 8, two heads and a vocabulary of 11.
const shapes gpt2_shapes{{"transformer.h.0.attn.c_attn.bias", {24}},
                         {"transformer.h.0.attn.c_attn.weight", {8, 24}},
                         {"transformer.h.0.attn.c_proj.bias", {8}},
                         {"transformer.h.0.attn.c_proj.weight", {8, 8}},
                         {"transformer.h.0.ln_1.bias", {8}},
                         {"transformer.h.0.ln_1.weight", {8}},
                         {"transformer.h.0.ln_2.bias", {8}},
                         {"transformer.h.0.ln_2.weight", {8}},
                         {"transformer.h.0.mlp.c_fc.bias", {32}},
                         {"transformer.h.0.mlp.c_fc.weight", {8, 32}},
                         {"transformer.h.0.mlp.c_proj.bias", {8}},
                         {"transformer.h.0.mlp.c_proj.weight", {32, 8}},
                         {"transformer.ln_f.bias", {8}},
                         {"transformer.ln_f.weight", {8}},
                         {"transformer.wpe.weight", {10, 8}},
                         {"transformer.wte.weight", {11, 8}}};
const char* const gpt2_config = R"({"model_type": "gpt2", "activation_function": "gelu_new", "n_ctx": 10, "n_embd": 8,
    "n_head": 2, "n_inner": null, "n_layer": 1, "n_positions": 10, "layer_norm_epsilon": 1e-05, "vocab_size": 11,
    "eos_token_id": 10, "tie_word_embeddings": true, "add_cross_attention": false})";

const shapes gpt_neox_shapes{{"embed_out.weight", {11, 8}},
                             {"gpt_neox.embed_in.weight", {11, 8}},
                             {"gpt_neox.final_layer_norm.bias", {8}},
                             {"gpt_neox.final_layer_norm.weight", {8}},
                             {"gpt_neox.layers.0.attention.dense.bias", {8}},
                             {"gpt_neox.layers.0.attention.dense.weight", {8, 8}},
                             {"gpt_neox.layers.0.attention.query_key_value.bias", {24}},
                             {"gpt_neox.layers.0.attention.query_key_value.weight", {24, 8}},
                             {"gpt_neox.layers.0.input_layernorm.bias", {8}},
                             {"gpt_neox.layers.0.input_layernorm.weight", {8}},
                             {"gpt_neox.layers.0.mlp.dense_4h_to_h.bias", {8}},
                             {"gpt_neox.layers.0.mlp.dense_4h_to_h.weight", {8, 12}},
                             {"gpt_neox.layers.0.mlp.dense_h_to_4h.bias", {12}},
                             {"gpt_neox.layers.0.mlp.dense_h_to_4h.weight", {12, 8}},
                             {"gpt_neox.layers.0.post_attention_layernorm.bias", {8}},
                             {"gpt_neox.layers.0.post_attention_layernorm.weight", {8}}};
const char* const gpt_neox_config = R"({"model_type": "gpt_neox", "vocab_size": 11, "hidden_size": 8,
    "intermediate_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2, "rotary_pct": 0.5})";

const shapes opt_shapes{{"model.decoder.embed_positions.weight", {12, 8}},
                        {"model.decoder.embed_tokens.weight", {11, 8}},
                        {"model.decoder.final_layer_norm.bias", {8}},
                        {"model.decoder.final_layer_norm.weight", {8}},
                        {"model.decoder.layers.0.fc1.bias", {12}},
                        {"model.decoder.layers.0.fc1.weight", {12, 8}},
                        {"model.decoder.layers.0.fc2.bias", {8}},
                        {"model.decoder.layers.0.fc2.weight", {8, 12}},
                        {"model.decoder.layers.0.final_layer_norm.bias", {8}},
                        {"model.decoder.layers.0.final_layer_norm.weight", {8}},
                        {"model.decoder.layers.0.self_attn.k_proj.bias", {8}},
                        {"model.decoder.layers.0.self_attn.k_proj.weight", {8, 8}},
                        {"model.decoder.layers.0.self_attn.out_proj.bias", {8}},
                        {"model.decoder.layers.0.self_attn.out_proj.weight", {8, 8}},
                        {"model.decoder.layers.0.self_attn.q_proj.bias", {8}},
                        {"model.decoder.layers.0.self_attn.q_proj.weight", {8, 8}},
                        {"model.decoder.layers.0.self_attn.v_proj.bias", {8}},
                        {"model.decoder.layers.0.self_attn.v_proj.weight", {8, 8}},
                        {"model.decoder.layers.0.self_attn_layer_norm.bias", {8}},
                        {"model.decoder.layers.0.self_attn_layer_norm.weight", {8}}};
const char* const opt_config = R"({"model_type": "opt", "vocab_size": 11, "hidden_size": 8, "word_embed_proj_dim": 8,
    "ffn_dim": 12, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 10,
    "activation_function": "relu", "do_layer_norm_before": true})";

/// With the members of `patch` in place of those of the same name.
transformer_config read(const char* text, const nlohmann::json& patch = nlohmann::json::object()) {
    const test::folder folder;
    nlohmann::json config = nlohmann::json::parse(text);
    for (const auto& [name, value] : patch.items()) config[name] = value;
    return read_config_json(folder.write("config.json", config.dump()), test::sketches);
}

/// A tensor of 0, 1, 2 … as its place receives it.
std::vector<double> counted(const transformer_config& config, const tensor_place& place) {
    std::vector<double> numbers(place.size()), values(place.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i);
    const stored_form form = place.entry.hugging_face.form;
    read_stored(as_tensor<double>("t", stored_shape(form, place), numbers), form, place, config, std::span(values));
    CHECK(as_stored(std::span<const double>(values), form, place, config) == numbers);
    return values;
}

const tensor_place& place_of(const decoder_layout& layout, tensor_role role, tensor_part part = tensor_part::weight) {
    return *std::ranges::find_if(layout.tensors(),
                                 [&](const auto& p) { return p.entry.role == role && p.entry.part == part; });
}

} // namespace

TEST_CASE("tables of other families name the tensors that transformers saves, with their shapes") {
    for (const auto& [config, expected] :
         {std::pair{gpt2_config, gpt2_shapes}, {gpt_neox_config, gpt_neox_shapes}, {opt_config, opt_shapes}}) {
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
    for (const char* const text : {gpt2_config, gpt_neox_config, opt_config}) {
        const transformer_config config = read(text);
        const std::string written = config_json(config, "float32").dump();
        CAPTURE(written);
        CHECK(read_config_json(folder.write("config.json", written), test::sketches) == config);
    }
}

TEST_CASE("GPT-2: learned positions, fused and transposed matrices, biases, a plain MLP four times as wide") {
    const transformer_config config = read(gpt2_config);
    CHECK(config.intermediate_size == 32);
    CHECK(config.maximum_length == 10);
    CHECK(config.tied_embeddings);
    CHECK_FALSE(config.family.rotary());
    CHECK(config.family.mlp() == mlp_kind::plain);
    const decoder_layout layout(config);
    CHECK(layout.positions().weight.rows == 10);
    const layer_places& layer = layout.layer(0);
    CHECK(layer.query_key_value.weight.rows == 24);
    CHECK(layer.query_key_value.bias.columns == 24);
    CHECK(layer.gate_up.weight.rows == 32);
    CHECK(layer.gate_up.bias.columns == 32);
    CHECK(layer.attention_norm.bias.columns == 8);
    CHECK(layout.final_norm().bias.present());
    for (const tensor_place& place : layout.tensors())
        CHECK(place.initial_value() == (place.is_norm() && place.entry.part == tensor_part::weight ? 1 : 0));
    const std::vector<double> fused = counted(config, place_of(layout, tensor_role::query_key_value));
    for (std::size_t out = 0; out < 24; ++out)
        for (std::size_t in = 0; in < 8; ++in) CHECK(fused[out * 8 + in] == static_cast<double>(in * 24 + out));
    CHECK(counted(config, place_of(layout, tensor_role::query_key_value, tensor_part::bias))[23] == 23);

    const auto refuses = [](const nlohmann::json& patch, const char* text) {
        CHECK_THROWS_WITH_AS((void)read(gpt2_config, patch), doctest::Contains(text), input_error);
    };
    refuses({{"n_ctx", 12}}, "config.json: n_ctx: the same as n_positions, 10, was expected, found 12");
    refuses({{"activation_function", "relu"}}, "only \"gelu_new\" is supported, found \"relu\"");
    refuses({{"scale_attn_by_inverse_layer_idx", true}}, "only false is supported, found true");
}

TEST_CASE("GPT-NeoX: query, key and value head by head, partial rotation, a parallel residual") {
    const transformer_config config = read(gpt_neox_config);
    CHECK(config.rotary_dim == 2);
    CHECK(config.parallel_residual);
    CHECK(rotary_frequencies(config).size() == 1);
    CHECK(read(gpt_neox_config, {{"rotary_pct", nullptr}, {"rope_parameters", {{"partial_rotary_factor", 1.0}}}})
              .rotary_dim == 4);
    const decoder_layout layout(config);
    const std::vector<double> fused = counted(config, place_of(layout, tensor_role::query_key_value)),
                              biases =
                                  counted(config, place_of(layout, tensor_role::query_key_value, tensor_part::bias));
    for (std::size_t part = 0; part < 3; ++part)
        for (std::size_t head = 0; head < 2; ++head)
            for (std::size_t i = 0; i < 4; ++i) {
                const std::size_t here = (part * 2 + head) * 4 + i, there = (head * 3 + part) * 4 + i;
                CHECK(fused[here * 8 + 5] == static_cast<double>(there * 8 + 5));
                CHECK(biases[here] == static_cast<double>(there));
            }
}

TEST_CASE("OPT: positions after two rows of padding, biases of query, key and value one after the other") {
    const decoder_layout layout(read(opt_config));
    CHECK(layout.positions().weight.rows == 10);
    CHECK(layout.positions().weight.offset == place_of(layout, tensor_role::positions).offset + 16);
    CHECK(layout.layer(0).query_key_value.bias.columns == 24);
    CHECK_THROWS_WITH_AS((void)read(opt_config, {{"word_embed_proj_dim", 4}}),
                         doctest::Contains("word_embed_proj_dim: the same as hidden_size, 8, was expected, found 4"),
                         input_error);
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
