#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/stored/encoded_values.hpp>
#include <preflearn/core/stored/stored_values.hpp>

using namespace preflearn;

namespace {

std::string hex(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    return text;
}

template <class Value> std::vector<float> block_of(Value&& value) {
    std::vector<float> numbers;
    for (int i = 0; i < 32; ++i) numbers.push_back(value(i));
    return numbers;
}

} // namespace

// gguf.quants.quantize(x, gguf.GGMLQuantizationType.Q8_0).tobytes().hex(), gguf 0.19.0
TEST_CASE("blocks of Q8_0 are those of ggml's Python package: ordinary, zero, below F16, halves") {
    const std::array blocks{
        block_of([](int i) { return static_cast<float>(i * 37 % 101 - 50) * 0.013F; }),
        block_of([](int) { return 0.0F; }),
        block_of([](int i) { return static_cast<float>(i - 16) * 1e-9F; }),
        block_of([](int i) { return i == 0 ? -127.0F : static_cast<float>(i - 16) + 0.5F; }),
    };
    const std::array expected{"3e1d81df3d9af856b41270cd2b89e745a2005ebb1977d53390ee4caa0866c3217fdc",
                              "00000000000000000000000000000000000000000000000000000000000000000000",
                              "000081899199a1a9b1b9c0c8d0d8e0e8f0f8000810182028303840474f575f676f77",
                              "003c81f1f2f3f4f5f6f7f8f9fafbfcfdfeff0102030405060708090a0b0c0d0e0f10"};
    for (std::size_t b = 0; b < blocks.size(); ++b)
        CHECK(hex(encode_values(std::span<const float>(blocks[b]), element_type::q8_0)) == expected[b]);
}

TEST_CASE("what was stored is stored again to the same bytes, Q8_0 included") {
    generator random(5, "numbers");
    std::vector<double> numbers(96);
    for (double& number : numbers) number = random.normal();
    for (const element_type type :
         {element_type::f64, element_type::f32, element_type::f16, element_type::bf16, element_type::q8_0}) {
        CAPTURE(name_of(type));
        const auto bytes = encode_values(std::span<const double>(numbers), type);
        std::vector<double> back(numbers.size());
        decode_values(type, bytes, 0, std::span(back));
        CHECK(encode_values(std::span<const double>(back), type) == bytes);
        if (type != element_type::q8_0) continue;
        for (std::size_t i = 0; i < back.size(); ++i)
            CHECK(back[i] == doctest::Approx(numbers[i]).epsilon(0.02).scale(1)); // half a step of 3 / 127
    }
    CHECK_THROWS_AS((void)encode_values(std::span<const double>(numbers).first(31), element_type::q8_0),
                    argument_error);
    CHECK_THROWS_AS((void)encode_values(std::span<const double>(numbers), element_type::q4_k), argument_error);
}

TEST_CASE("a block of Q8_0 with a number that is not finite is NaN, and one of the smallest numbers is zero") {
    for (const float wrong : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        const auto numbers = block_of([&](int i) { return i == 7 ? wrong : 1.0F; });
        std::vector<float> back(32);
        decode_values(element_type::q8_0, encode_values(std::span<const float>(numbers), element_type::q8_0), 0,
                      std::span(back));
        CHECK(std::isnan(back[0]));
    }
    const auto tiny = block_of([](int) { return std::numeric_limits<float>::denorm_min(); });
    CHECK(hex(encode_values(std::span<const float>(tiny), element_type::q8_0)) == std::string(68, '0'));
}
