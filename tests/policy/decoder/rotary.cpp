#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include <preflearn/policy/decoder/rotary.hpp>

#include "../models.hpp"

using namespace preflearn;

// How rows are turned by these angles is tested in backend/cpu/rotate.cpp.
TEST_CASE("a position turns by theta^(-2i/d); d is the part of a head that turns") {
    transformer_config c = test::grouped();
    const std::vector<double> all = rotary_frequencies(c);
    REQUIRE(all.size() == 3);
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(all[i] == doctest::Approx(std::pow(50.0, -2.0 * static_cast<double>(i) / 6)));
    c.rotary_dim = 4;
    CHECK(rotary_frequencies(c) == std::vector<double>{1, std::pow(50.0, -0.5)});
}

TEST_CASE("layers with a window turn by a base of their own, unscaled") {
    transformer_config c = test::grouped();
    c.rope_scaling = {.type = rope_scaling::rule::linear, .factor = 8};
    c.local_rope_theta = 5;
    CHECK(rotary_frequencies(c, true)[1] == doctest::Approx(std::pow(5.0, -2.0 / 6)));
    CHECK(rotary_frequencies(c)[0] == 0.125);
}

TEST_CASE("linear scaling divides every frequency; llama3 keeps fast ones, divides slow ones, blends between") {
    transformer_config c{.vocabulary_size = 2,
                         .hidden_size = 128,
                         .intermediate_size = 1,
                         .layers = 0,
                         .heads = 1,
                         .head_dim = 128,
                         .rope_theta = 500000};
    const auto plain = rotary_frequencies(c);
    c.rope_scaling = {.type = rope_scaling::rule::linear, .factor = 4};
    CHECK(rotary_frequencies(c)[5] == doctest::Approx(plain[5] / 4));
    c.rope_scaling = {.type = rope_scaling::rule::llama3, .factor = 8};
    const auto scaled = rotary_frequencies(c);
    bool blended = false;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        const double wavelength = 2 * std::numbers::pi / plain[i], ratio = plain[i] / scaled[i];
        if (wavelength < 8192.0 / 4) {
            CHECK(ratio == doctest::Approx(1));
        } else if (wavelength > 8192) {
            CHECK(ratio == doctest::Approx(8));
        } else {
            blended = true;
            CHECK(ratio > 1);
            CHECK(ratio < 8);
        }
    }
    CHECK(blended);
    c.rope_scaling = {.frequency_divisors = std::vector<double>(64, 3.0)};
    CHECK(rotary_frequencies(c)[9] == doctest::Approx(plain[9] / 3));
}

TEST_CASE("yarn keeps fast pairs, divides slow ones, blends between; cosines and sines get its factor") {
    transformer_config c{.vocabulary_size = 2,
                         .hidden_size = 128,
                         .intermediate_size = 1,
                         .layers = 0,
                         .heads = 1,
                         .head_dim = 128,
                         .rope_theta = 10000};
    const auto plain = rotary_frequencies(c);
    CHECK(rotary_factor(c) == 1);
    c.rope_scaling = {.type = rope_scaling::rule::yarn, .factor = 16, .original_maximum_length = 4096};
    c = validated(c);
    CHECK(rotary_factor(c) == doctest::Approx(1 + std::log(16.0) / 10));
    CHECK(rotary_factor(c, true) == 1);
    const auto scaled = rotary_frequencies(c);
    // pairs 20 and 46 turn 32 times and once within 4096 tokens: (128 ln(4096 / 2 pi t)) / (2 ln 10000), outwards
    for (std::size_t i = 0; i < plain.size(); ++i) {
        const double kept = i <= 20 ? 1 : i >= 46 ? 0 : 1 - (static_cast<double>(i) - 20) / 26;
        CHECK(scaled[i] == doctest::Approx(plain[i] * (kept + (1 - kept) / 16)));
    }
    c.rope_scaling.truncate = false;
    const auto exact = rotary_frequencies(c); // from 20.9 to 45.0
    CHECK(exact[20] == doctest::Approx(plain[20]));
    CHECK(exact[21] > scaled[21]);
    CHECK(exact[45] < scaled[45]);
    c.rope_scaling.attention_factor = 3;
    CHECK(rotary_factor(c) == 3);
}

TEST_CASE("dynamic scaling grows the base with a text longer than those trained on first") {
    const transformer_config c = validated(test::stretched());
    CHECK(rotary_length(c, 6) == 0);
    CHECK(rotary_length(c, 7) == 7);
    CHECK(rotary_length(test::grouped(), 60) == 0);
    CHECK(rotary_frequencies(c) == rotary_frequencies(test::grouped()));
    const auto plain = rotary_frequencies(c), longer = rotary_frequencies(c, false, 9);
    CHECK(longer[0] == 1);
    CHECK(longer[2] == doctest::Approx(plain[2] / (3 * 9 / 6.0 - 2))); // the slowest is divided by the stretch
    CHECK(longer[1] == doctest::Approx(plain[1] / std::sqrt(3 * 9 / 6.0 - 2)));
}
