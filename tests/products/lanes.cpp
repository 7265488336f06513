#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <preflearn/core/numbers/half.hpp>
#include <preflearn/products/lanes.hpp>

using namespace preflearn;

TEST_CASE("words of rows become lanes, and the last row stands in for those beyond it") {
    const std::size_t rows = detail::float_lanes - 1, columns = 7;
    std::vector<float> values(rows * columns); // read as words: their bits number them
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::bit_cast<float>(static_cast<std::uint32_t>(i));
    const stored_matrix matrix = stored_numbers(values, rows, columns);
    const detail::lane_rows lanes(matrix, 1, matrix.row_bytes());
    detail::lane_words four[4]; // NOLINT
    lanes.four_words(2 * 4, four);
    const detail::lane_words one = lanes.word(5 * 4), half = lanes.half(5 * 4);
    for (std::size_t l = 0; l < detail::float_lanes; ++l) {
        const std::size_t row = std::min(1 + l, rows - 1);
        for (std::size_t w = 0; w < 4; ++w) CHECK(std::uint32_t{four[w][l]} == row * columns + 2 + w);
        CHECK(one[l] == row * columns + 5);
        CHECK(half[l] == row * columns + 5);
    }
}

TEST_CASE("every half becomes the float that it is") {
    for (std::uint32_t first = 0; first < 65536; first += detail::float_lanes) {
        detail::lane_words bits{};
        for (std::size_t l = 0; l < detail::float_lanes; ++l) bits[l] = first + static_cast<std::uint32_t>(l);
        const detail::lane_floats found = detail::floats_of_f16(bits);
        for (std::size_t l = 0; l < detail::float_lanes; ++l) {
            const float expected = float_of_f16(static_cast<std::uint16_t>(bits[l])), value = found[l];
            if (std::bit_cast<std::uint32_t>(value) != std::bit_cast<std::uint32_t>(expected))
                FAIL("half ", bits[l], " became ", value, ", not ", expected);
        }
    }
}
