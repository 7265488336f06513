#include <doctest/doctest.h>

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/stored/stored_values.hpp>

using namespace preflearn;

TEST_CASE("any range of stored elements becomes numbers, whole blocks or not") {
    // two blocks of Q8_0: a scale in F16, then 32 small integers
    std::vector<std::byte> bytes(68);
    for (const std::size_t block : {0U, 1U}) {
        const std::uint16_t scale = f16_of_float(block == 0 ? 0.5F : 2.0F);
        std::memcpy(bytes.data() + 34 * block, &scale, 2);
        for (std::size_t i = 0; i < 32; ++i) bytes[34 * block + 2 + i] = static_cast<std::byte>(i);
    }
    std::vector<double> all(64);
    decode_values(element_type::q8_0, bytes, 0, std::span(all));
    CHECK(all[3] == 1.5);
    CHECK(all[35] == 6);
    for (const std::size_t first : {0U, 5U, 31U, 32U, 40U}) {
        std::vector<double> some(24);
        decode_values(element_type::q8_0, bytes, first, std::span(some));
        CHECK(std::equal(some.begin(), some.end(), all.begin() + static_cast<std::ptrdiff_t>(first)));
    }
    std::vector<double> many(65);
    CHECK_THROWS_AS(decode_values(element_type::q8_0, bytes, 0, std::span(many)), argument_error);
    CHECK_THROWS_AS(decode_values(element_type::q8_0, bytes, 50, std::span(all)), argument_error);
}
