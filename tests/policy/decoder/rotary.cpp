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
