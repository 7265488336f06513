#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/policy/decoder/rotary.hpp>
#include <preflearn/policy/family/gpt_neox.hpp>

#include "counted_tensors.hpp"

using namespace preflearn;

namespace {

const char* const gpt_neox_config = R"({"model_type": "gpt_neox", "vocab_size": 11, "hidden_size": 8,
    "intermediate_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2, "rotary_pct": 0.5})";

} // namespace

TEST_CASE("a small GPT-NeoX has transformers' logits, gradients and greedy tokens, blocks side by side or in turn") {
    test::check_family("gpt_neox", families::gpt_neox);
    test::check_family("gpt_neox_serial", families::gpt_neox);
}

TEST_CASE("GPT-NeoX: query, key and value head by head, partial rotation, a parallel residual") {
    const transformer_config config = test::read_patched(gpt_neox_config);
    CHECK(config.rotary_dim == 2);
    CHECK(config.parallel_residual);
    CHECK(rotary_frequencies(config).size() == 1);
    CHECK(test::read_patched(gpt_neox_config,
                             {{"rotary_pct", nullptr}, {"rope_parameters", {{"partial_rotary_factor", 1.0}}}})
              .rotary_dim == 4);
    const decoder_layout layout(config);
    const std::vector<double> fused = test::counted(config, test::place_of(layout, tensor_role::query_key_value)),
                              biases = test::counted(
                                  config, test::place_of(layout, tensor_role::query_key_value, tensor_part::bias));
    for (std::size_t part = 0; part < 3; ++part)
        for (std::size_t head = 0; head < 2; ++head)
            for (std::size_t i = 0; i < 4; ++i) {
                const std::size_t here = (part * 2 + head) * 4 + i, there = (head * 3 + part) * 4 + i;
                CHECK(fused[here * 8 + 5] == static_cast<double>(there * 8 + 5));
                CHECK(biases[here] == static_cast<double>(there));
            }
}

TEST_CASE("Pythia's files keep masks and angles, its configurations name the rotary settings in two ways") {
    const test::folder folder;
    const auto same = [](const std::string& name) { return name; };
    test::write_renamed(folder, "gpt_neox", same, "gpt_neox.layers.0.attention.bias");
    CHECK_NOTHROW((void)load_transformer<float>(folder.path()));

    const char* const pythia = R"({"architectures": ["GPTNeoXForCausalLM"], "bos_token_id": 0, "eos_token_id": 0,
        "hidden_act": "gelu", "hidden_size": 512, "initializer_range": 0.02, "intermediate_size": 2048,
        "layer_norm_eps": 1e-05, "max_position_embeddings": 2048, "model_type": "gpt_neox", "num_attention_heads": 8,
        "num_hidden_layers": 6, "rotary_emb_base": 10000, "rotary_pct": 0.25, "tie_word_embeddings": false,
        "torch_dtype": "float16", "transformers_version": "4.24.0", "use_cache": true, "use_parallel_residual": true,
        "vocab_size": 50304})";
    const transformer_config config = test::read_patched(pythia);
    CHECK(decoder_layout(config).size() == 70426624);
    CHECK(config.rotary_dim == 16);
    CHECK(config.notes.empty());
    // transformers 4.48 and later write both names, and 5 a dictionary
    CHECK(test::read_patched(pythia, {{"rope_theta", 10000}, {"partial_rotary_factor", 0.25}}) == config);
    CHECK(test::contains(test::refusal(pythia, {{"rope_theta", 500}}),
                         "rope_theta: the same as rotary_emb_base, 10000, was expected, found 500"));
    CHECK(test::contains(test::refusal(pythia, {{"attention_bias", false}}), "only true is supported"));
}
