// A model's shape for the tests of oneDNN's products.
#pragma once

#include <cstddef>

#include <preflearn/policy/decoder/config.hpp>

namespace test {

/// Parts of one product (queries, keys, values) are multiples of 16 wide, so that they give the bits of the whole on
/// AVX2, too.
inline preflearn::transformer_config small_model(std::size_t vocabulary, std::size_t maximum_length) {
    return {.vocabulary_size = vocabulary,
            .hidden_size = 32,
            .intermediate_size = 48,
            .layers = 2,
            .heads = 4,
            .key_value_heads = 2,
            .head_dim = 8,
            .maximum_length = maximum_length};
}

} // namespace test
