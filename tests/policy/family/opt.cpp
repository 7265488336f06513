#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/policy/family/opt.hpp>

#include "counted_tensors.hpp"

using namespace preflearn;

namespace {

const char* const opt_config = R"({"model_type": "opt", "vocab_size": 11, "hidden_size": 8, "word_embed_proj_dim": 8,
    "ffn_dim": 12, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 10,
    "activation_function": "relu", "do_layer_norm_before": true})";

} // namespace

TEST_CASE("OPT: positions after two rows of padding, biases of query, key and value one after the other") {
    const decoder_layout layout(test::read_patched(opt_config));
    CHECK(layout.positions().weight.rows == 10);
    CHECK(layout.positions().weight.offset == test::place_of(layout, tensor_role::positions).offset + 16);
    CHECK(layout.layer(0).query_key_value.bias.columns == 24);
    CHECK_THROWS_WITH_AS((void)test::read_patched(opt_config, {{"word_embed_proj_dim", 4}}),
                         doctest::Contains("word_embed_proj_dim: the same as hidden_size, 8, was expected, found 4"),
                         input_error);
}
