#include <doctest/doctest.h>

#include <cmath>
#include <concepts>
#include <limits>
#include <type_traits>

#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

namespace {
/// The value of an F16 bit pattern by its definition.
double by_definition(unsigned bits) {
    const int exponent = static_cast<int>(bits >> 10 & 31U), fraction = static_cast<int>(bits & 1023U);
    const double sign = bits & 0x8000U ? -1 : 1;
    if (exponent == 31)
        return fraction ? std::numeric_limits<double>::quiet_NaN() : sign * std::numeric_limits<double>::infinity();
    return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25));
}
} // namespace

TEST_CASE("every F16 bit pattern has the value of its definition and comes back from it") {
    int wrong = 0;
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
        const float value = float_of_f16(static_cast<std::uint16_t>(bits));
        const double expected = by_definition(bits);
        if (std::isnan(expected)) {
            wrong += !std::isnan(value) || !std::isnan(float_of_f16(f16_of_float(value)));
        } else {
            wrong += static_cast<double>(value) != expected || f16_of_float(value) != bits;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("a float rounds to the nearest F16, ties to even") {
    int wrong = 0;
    for (unsigned bits = 0; bits < 0x7bff; ++bits) { // all neighbours of finite values
        const double low = by_definition(bits), high = by_definition(bits + 1), middle = (low + high) / 2;
        wrong += f16_of_float(static_cast<float>(middle)) != bits + bits % 2;
        wrong += f16_of_float(std::nextafter(static_cast<float>(middle), 0.0F)) != bits;
        wrong += f16_of_float(std::nextafter(static_cast<float>(middle), 1e6F)) != bits + 1;
        wrong += f16_of_float(-static_cast<float>(low)) != (bits | 0x8000U);
    }
    CHECK(wrong == 0);
    CHECK(f16_of_float(65519.99F) == 0x7bff);
    CHECK(f16_of_float(65520.0F) == 0x7c00);
    CHECK(f16_of_float(1e30F) == 0x7c00);
    CHECK(f16_of_float(-std::numeric_limits<float>::infinity()) == 0xfc00);
    CHECK(f16_of_float(1e-30F) == 0);
}

TEST_CASE("BF16 is the upper half of a float, rounded to nearest even") {
    CHECK(float_of_bf16(0x3f80) == 1.0F);
    CHECK(bf16_of_float(1.0F) == 0x3f80);
    CHECK(bf16_of_float(std::bit_cast<float>(0x3f808000U)) == 0x3f80); // a tie, even below
    CHECK(bf16_of_float(std::bit_cast<float>(0x3f818000U)) == 0x3f82); // a tie, even above
    CHECK(bf16_of_float(std::bit_cast<float>(0x3f808001U)) == 0x3f81);
    CHECK(bf16_of_float(std::numeric_limits<float>::max()) == 0x7f80);
    CHECK(std::isnan(float_of_bf16(bf16_of_float(std::bit_cast<float>(0x7f800001U)))));
    generator random(1, "bf16");
    for (int i = 0; i < 1000; ++i) {
        const float value = static_cast<float>(random.normal());
        CHECK(std::abs(float_of_bf16(bf16_of_float(value)) - value) <= std::abs(value) * 0x1p-8F);
    }
}

TEST_CASE("stored 16-bit numbers read as floats and are written rounded") {
    CHECK(static_cast<float>(bfloat16(1.00390625F)) == 1.0F); // a tie, even below
    CHECK(bfloat16(-2.5F) + 1.0F == -1.5F);
    CHECK(float16(65504.0F).bits == 0x7bff);
    CHECK(float16(0.1F) * 2.0F == doctest::Approx(0.2F).epsilon(1e-3));
    static_assert(sizeof(float16) == 2 && sizeof(bfloat16) == 2);
    static_assert(std::is_trivial_v<float16> && std::is_trivial_v<bfloat16>);
    static_assert(std::same_as<computed_t<float16>, float> && std::same_as<computed_t<double>, double>);
    static_assert(StoredReal<bfloat16> && !StoredReal<int>);
}
