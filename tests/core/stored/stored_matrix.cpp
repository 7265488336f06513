#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <vector>

#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>

using namespace preflearn;

namespace {

template <class T>
std::vector<T> block_of(const stored_matrix& m, std::size_t row, std::size_t rows, std::size_t column,
                        std::size_t columns) {
    std::vector<T> values(rows * columns);
    read_rows(m, row, matrix_view<T>(values.data(), rows, columns), column);
    return values;
}

} // namespace

TEST_CASE("any block of a stored matrix is read as numbers, and copies share its bytes") {
    stored_matrix copy;
    {
        const stored_matrix m = stored_numbers(std::vector<float>{1, 2, 3, 4, 5, 6}, 2, 3);
        copy = m;
        CHECK(copy.bytes.data() == m.bytes.data());
    } // the copy keeps them
    CHECK(block_of<double>(copy, 0, 2, 0, 3) == std::vector<double>{1, 2, 3, 4, 5, 6});
    CHECK(block_of<float>(copy, 1, 1, 1, 2) == std::vector<float>{5, 6});
    CHECK(block_of<float>(copy, 2, 0, 0, 3).empty());
    CHECK_THROWS_AS(block_of<float>(copy, 1, 2, 0, 3), argument_error);
    CHECK_THROWS_AS(block_of<float>(copy, 0, 1, 2, 2), argument_error);
}

TEST_CASE("of an interleaved matrix the rows of each head come in their order") {
    // what llama.cpp's converter makes of (head, half, pair): (head, pair, half)
    stored_matrix m = stored_numbers(std::vector<double>{0, 2, 1, 3, 4, 6, 5, 7}, 8, 1);
    m.interleaved = 4;
    CHECK(block_of<double>(m, 0, 8, 0, 1) == std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7});
    CHECK(block_of<double>(m, 5, 2, 0, 1) == std::vector<double>{5, 6});
    m.interleaved = 3;
    CHECK_THROWS_AS(m.check(), argument_error);
}

TEST_CASE("bytes that are not those of the shape are refused, and so are rows of broken blocks") {
    CHECK_THROWS_WITH_AS(stored_numbers(std::vector<double>(5), 2, 3),
                         "a stored matrix of 2 x 3 elements of type F64 has 48 bytes, found 40", argument_error);
    const stored_matrix broken{.type = element_type::q8_0, .rows = 2, .columns = 16};
    CHECK_THROWS_AS(broken.check(), input_error);
}
