#include <doctest/doctest.h>

#include <limits>

#include <preflearn/policy/decoder/config.hpp>

#include "../models.hpp"

using namespace preflearn;

TEST_CASE("zeros that stand for a rule are filled in") {
    const transformer_config c = validated(test::multi_query());
    CHECK(c.head_dim == 2);
    CHECK(validated(transformer_config{
                        .vocabulary_size = 5, .hidden_size = 8, .intermediate_size = 8, .layers = 1, .heads = 2})
              .key_value_heads == 2);
}

TEST_CASE("which layers have a window, turn, and by which base follows from the periods") {
    transformer_config c = test::grouped();
    CHECK(c.family == families::llama);
    c.window = 5;
    c.full_attention_every = 3;
    c.no_rotary_every = 2;
    c.local_rope_theta = 7;
    c.attention_width = 16;
    c.attention_cap = 50;
    for (std::size_t layer = 0; layer < 6; ++layer) {
        const bool full = layer == 2 || layer == 5;
        CHECK(c.window_of(layer) == (full ? 0 : 5));
        CHECK(c.local_rotary(layer) == !full);
        CHECK(c.rotates(layer) == (layer % 2 == 0));
        CHECK(c.attention(layer).window == c.window_of(layer));
    }
    CHECK(c.attention(0).scale == 0.25);
    CHECK(c.attention(0).cap == 50);
    c.full_attention_every = 0;
    CHECK(c.window_of(5) == 5);
}

TEST_CASE("a field out of range is an error that names it, what was expected and what was found") {
    const auto refuses = [](auto change, const char* text) {
        transformer_config c = test::grouped();
        change(c);
        CHECK_THROWS_WITH_AS((void)validated(c), doctest::Contains(text), argument_error);
    };
    refuses([](auto& c) { c.vocabulary_size = 0; }, "vocabulary_size: a number from 1");
    refuses([](auto& c) { c.hidden_size = std::size_t{1} << 60; }, "hidden_size");
    refuses([](auto& c) { c.layers = 1'000'000; }, "layers: at most 4096 were expected, found 1000000");
    refuses([](auto& c) { c.key_value_heads = 3; }, "key_value_heads: a divisor of heads (4) was expected, found 3");
    refuses([](auto& c) { c.head_dim = 5; }, "head_dim: rotary embeddings need an even number, found 5");
    refuses([](auto& c) { c.head_dim = 0, c.heads = 5, c.key_value_heads = 5; }, "a multiple of heads (5)");
    refuses([](auto& c) { c.head_dim = std::size_t{1} << 24; }, "head_dim times heads");
    refuses([](auto& c) { c.rotary_dim = 8; }, "rotary_dim: an even number up to head_dim (6) was expected, found 8");
    refuses([](auto& c) { c.rotary_dim = 3; }, "rotary_dim: an even number");
    refuses([](auto& c) { c.rope_theta = -1; }, "rope_theta");
    refuses([](auto& c) { c.local_rope_theta = -1; }, "local_rope_theta: a finite number of at least 0");
    refuses([](auto& c) { c.attention_width = -1; }, "attention_width");
    refuses([](auto& c) { c.attention_cap = std::numeric_limits<double>::infinity(); }, "attention_cap");
    refuses([](auto& c) { c.logit_cap = -1; }, "logit_cap");
    refuses([](auto& c) { c.logit_scale = 0; }, "logit_scale: a positive number was expected, found 0");
    refuses([](auto& c) { c.embedding_scale = -1; }, "embedding_scale");
    refuses([](auto& c) { c.residual_scale = 0; }, "residual_scale");
    refuses([](auto& c) { c.family = decoder_family{.model_type = "made up"}; },
            "a family with tables of tensors was expected, found none of model type \"made up\"");
    refuses([](auto& c) { c.norm_epsilon = std::numeric_limits<double>::quiet_NaN(); }, "norm_epsilon");
    refuses([](auto& c) { c.maximum_length = 0; }, "maximum_length");
    refuses([](auto& c) { c.end_tokens = {19}; },
            "end_tokens: a token id below vocabulary_size (19) was expected, found 19");
    refuses([](auto& c) { c.rope_scaling.factor = 0; }, "rope_scaling.factor");
    refuses([](auto& c) { c.rope_scaling.high_frequency_factor = 1; }, "high_frequency_factor");
    refuses(
        [](auto& c) {
            c = test::stretched();
            c.rope_scaling.factor = 0.5;
        },
        "at least 1 was expected with dynamic scaling");
    refuses([](auto& c) { c.rope_scaling = {.type = rope_scaling::rule::yarn, .beta_fast = 0.5}; },
            "beta_fast: a number of at least beta_slow (1) was expected, found 0.5");
    refuses([](auto& c) { c.rope_scaling = {.type = rope_scaling::rule::yarn, .beta_slow = 0}; }, "beta_slow");
    refuses([](auto& c) { c.rope_scaling = {.type = rope_scaling::rule::yarn}, c.rope_theta = 1; }, "rope_theta");
    refuses([](auto& c) { c.rope_scaling = {.type = rope_scaling::rule::yarn, .attention_factor = -1}; },
            "attention_factor");
    refuses(
        [](auto& c) {
            c.rope_scaling.frequency_divisors = {1, 2};
        },
        "head_dim / 2 = 3 numbers were expected, found 2");
}
