#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/policy/family/gpt2.hpp>

#include "counted_tensors.hpp"

using namespace preflearn;

namespace {

const char* const gpt2_config = R"({"model_type": "gpt2", "activation_function": "gelu_new", "n_ctx": 10, "n_embd": 8,
    "n_head": 2, "n_inner": null, "n_layer": 1, "n_positions": 10, "layer_norm_epsilon": 1e-05, "vocab_size": 11,
    "eos_token_id": 10, "tie_word_embeddings": true, "add_cross_attention": false})";

} // namespace

TEST_CASE("GPT-2: learned positions, fused and transposed matrices, biases, a plain MLP four times as wide") {
    const transformer_config config = test::read_patched(gpt2_config);
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
    const std::vector<double> fused = test::counted(config, test::place_of(layout, tensor_role::query_key_value));
    for (std::size_t out = 0; out < 24; ++out)
        for (std::size_t in = 0; in < 8; ++in) CHECK(fused[out * 8 + in] == static_cast<double>(in * 24 + out));
    CHECK(test::counted(config, test::place_of(layout, tensor_role::query_key_value, tensor_part::bias))[23] == 23);

    const auto refuses = [](const nlohmann::json& patch, const char* text) {
        CHECK_THROWS_WITH_AS((void)test::read_patched(gpt2_config, patch), doctest::Contains(text), input_error);
    };
    refuses({{"n_ctx", 12}}, "config.json: n_ctx: the same as n_positions, 10, was expected, found 12");
    refuses({{"activation_function", "relu"}}, "only \"gelu_new\" is supported, found \"relu\"");
    refuses({{"scale_attn_by_inverse_layer_idx", true}}, "only false is supported, found true");
}
