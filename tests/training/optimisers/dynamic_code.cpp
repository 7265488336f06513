#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/training/optimisers/dynamic_code.hpp>

using namespace preflearn;

TEST_CASE("the code's values are those of bitsandbytes") {
    std::ifstream file(std::string(PREFLEARN_TESTS) + "/training/golden/adamw_8bit.json");
    const nlohmann::json golden = nlohmann::json::parse(file);
    for (const bool sign : {true, false}) {
        const dynamic_code& code = sign ? dynamic_code::with_sign() : dynamic_code::without_sign();
        const auto expected = golden[sign ? "with_sign" : "without_sign"].get<std::vector<double>>();
        REQUIRE(expected.size() == 256);
        for (std::size_t c = 0; c < 256; ++c)
            CHECK(std::abs(static_cast<double>(code.values()[c]) - expected[c]) <= 2e-7 * std::abs(expected[c]));
    }
}

TEST_CASE("every number is written as the nearest value, and a value as itself") {
    generator random(1);
    for (const dynamic_code* code : {&dynamic_code::with_sign(), &dynamic_code::without_sign()}) {
        const auto distance = [&](std::size_t c, float x) {
            return std::abs(static_cast<double>(code->values()[c]) - static_cast<double>(x));
        };
        for (std::size_t c = 0; c < 256; ++c) CHECK(code->nearest(code->values()[c]) == c);
        for (int i = 0; i < 20'000; ++i) {
            const double size = std::pow(10, -8 * random.uniform()); // from below the code's least to 1
            const auto x = static_cast<float>(random.uniform() < 0.5 ? size : -size);
            const std::size_t found = code->nearest(x);
            double least = 2;
            for (const std::size_t c : {found - 1, found, found + 1})
                if (c < 256) least = std::min(least, distance(c, x));
            CHECK(distance(found, x) == least);
        }
        for (const float x : {0.0F, -0.0F, 1.0F, 1e-30F, 1e-42F}) CHECK(distance(code->nearest(x), x) <= 3e-7);
    }
    CHECK(dynamic_code::with_sign().nearest(-1) == 0);
    CHECK(dynamic_code::without_sign().nearest(-1) == 0); // which is zero
}

TEST_CASE("what is too large for a float's scale is the largest that it can be") {
    const std::vector<double> numbers{1e300, 1e37};
    std::vector<std::uint8_t> codes(2);
    const float scale = dynamic_code::without_sign().encode(std::span<const double>(numbers), codes.data());
    CHECK(std::isfinite(scale));
    CHECK(codes[0] == 255);
    CHECK(scale * dynamic_code::without_sign().value(codes[1]) == doctest::Approx(1e37).epsilon(0.05));
}

TEST_CASE("without a sign what is above zero stays above zero") {
    const std::vector<float> numbers{1, 1e-12F, 0, 1e-30F};
    std::vector<std::uint8_t> codes(4);
    dynamic_code::without_sign().encode(std::span<const float>(numbers), codes.data());
    CHECK(codes == std::vector<std::uint8_t>{255, 1, 0, 1});
}

TEST_CASE("a block's scale is its largest magnitude, and blocks of zeros or of next to nothing are zeros") {
    const dynamic_code& code = dynamic_code::with_sign();
    const std::vector<double> numbers{0.5, -4, 1, 0};
    std::vector<std::uint8_t> codes(4);
    CHECK(code.encode(std::span<const double>(numbers), codes.data()) == 4);
    CHECK(code.value(codes[1]) == doctest::Approx(-0.993).epsilon(0.001)); // -1 is no value of the code
    CHECK(4 * code.value(codes[0]) == doctest::Approx(0.5).epsilon(0.05));
    CHECK(code.value(codes[3]) == 0);
    for (const double size : {0.0, 1e-40, 1e-300}) {
        const std::vector<double> small{size, -size, 0, size};
        const float scale = code.encode(std::span<const double>(small), codes.data());
        for (const std::uint8_t c : codes) CHECK(scale * code.value(c) == 0);
    }
}
