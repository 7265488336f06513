#include <doctest/doctest.h>

#include <cstddef>
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
