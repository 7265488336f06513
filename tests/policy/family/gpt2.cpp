#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
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

TEST_CASE("a small GPT-2 has transformers' logits, gradients and greedy tokens") {
    test::check_family("gpt2", families::gpt2);
}

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
    refuses({{"activation_function", "quick_gelu"}}, "activation_function: one of \"silu\", ");
    refuses({{"scale_attn_by_inverse_layer_idx", true}}, "only false is supported, found true");
}

TEST_CASE("GPT-2's older files, whose names have no prefix and which keep masks, are the same model") {
    const test::folder folder;
    const auto short_name = [](const std::string& name) { return name.substr(std::string("transformer.").size()); };
    test::write_renamed(folder, "gpt2", short_name, "h.0.attn.bias");
    const auto renamed = load_transformer<float>(folder.path()),
               named = load_transformer<float>(test::golden_folder("gpt2"));
    CHECK(std::ranges::equal(renamed.parameters(), named.parameters()));
    CHECK(renamed.notes().empty());
}

TEST_CASE("the published configuration of GPT-2") {
    const transformer_config config = test::read_patched(R"({"activation_function": "gelu_new",
        "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.1, "bos_token_id": 50256, "embd_pdrop": 0.1,
        "eos_token_id": 50256, "initializer_range": 0.02, "layer_norm_epsilon": 1e-05, "model_type": "gpt2",
        "n_ctx": 1024, "n_embd": 768, "n_head": 12, "n_layer": 12, "n_positions": 1024, "resid_pdrop": 0.1,
        "summary_activation": null, "summary_first_dropout": 0.1, "summary_proj_to_labels": true,
        "summary_type": "cls_index", "summary_use_proj": true,
        "task_specific_params": {"text-generation": {"do_sample": true, "max_length": 50}}, "vocab_size": 50257})");
    CHECK(decoder_layout(config).size() == 124439808);
    CHECK(config.end_tokens == std::vector<token_id>{50256});
    CHECK(config.notes.empty());
}

TEST_CASE("a model of another activation is one of the family, and is written as such") {
    const nlohmann::json relu{{"activation_function", "relu"}},
        fast{{"activation_function", "gelu_fast"}}; // Cerebras-GPT and its like
    const transformer_config config = test::read_patched(gpt2_config, relu), usual = test::read_patched(gpt2_config);
    CHECK(config.family.activation == activation_kind::relu);
    CHECK(config_json(config, "float32")["activation_function"] == "relu");
    CHECK(identity_of(config) != identity_of(usual));
    CHECK(test::read_patched(gpt2_config, fast) == usual);
    CHECK(config_json(usual, "float32")["activation_function"] == "gelu_new");
}

TEST_CASE("what lies beyond the last learned position is refused, naming the completion, and sampling ends there") {
    const auto model = load_transformer<float>(test::golden_folder("gpt2"));
    const std::vector<token_id> prompt(60, 3), fits(4, 5), too_long(5, 5);
    test::completions some;
    some.add(prompt, fits);
    CHECK(std::isfinite(model.log_probs(some.views())[0]));
    some.add(prompt, too_long);
    CHECK(test::contains(
        test::error_of([&] { (void)model.log_probs(some.views()); }),
        "completion 1: 60 prompt tokens and 5 response tokens are more than the model's maximum length 64"));
    generator random(1, "sample");
    CHECK(model.sample(prompt, {.temperature = 0, .max_tokens = 100}, random).size() <= 4);
    const std::vector<token_id> beyond(65, 3);
    CHECK(test::contains(test::error_of([&] { (void)model.sample(beyond, {.max_tokens = 1}, random); }),
                         "65 prompt tokens"));
}
