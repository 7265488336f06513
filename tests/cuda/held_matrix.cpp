#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/backend/cuda/held_matrix.hpp>
#include <preflearn/core/stored/encoded_values.hpp>

#include "../parts.hpp"

using namespace preflearn;
using namespace preflearn::cuda;

namespace {

stored_matrix random_matrix(std::size_t rows, std::size_t columns, element_type type, std::uint64_t stream) {
    const auto numbers = test::normals(rows * columns, stream);
    const auto bytes = std::make_shared<const std::vector<std::byte>>(
        encode_values(std::span<const float>(std::vector<float>(numbers.begin(), numbers.end())), type));
    return {.type = type, .rows = rows, .columns = columns, .bytes = *bytes, .owner = bytes};
}
template <class E> std::vector<float> numbers_of(device_rows<const E> rows) {
    std::vector<float> numbers(rows.rows * rows.columns);
    download_numbers(rows, std::span<float>(numbers));
    return numbers;
}
std::vector<float> expected_of(const stored_matrix& matrix) {
    std::vector<float> numbers(matrix.rows * matrix.columns);
    read_rows(matrix, 0, matrix_view<float>(numbers.data(), matrix.rows, matrix.columns));
    return numbers;
}

} // namespace

TEST_CASE_TEMPLATE("a matrix in any stored type becomes the device's numbers, whatever order its rows have", E, float,
                   bfloat16, float16) {
    for (const element_type type : {element_type::f64, element_type::f32, element_type::f16, element_type::bf16}) {
        stored_matrix matrix = random_matrix(12, 33, type, 1);
        for (const std::size_t heads : {0U, 6U}) {
            matrix.interleaved = heads;
            const held_matrix<E> held(matrix);
            const auto expected = expected_of(matrix), found = numbers_of(held.numbers());
            CHECK(held.rows == 12);
            CHECK(held.columns == 33);
            for (std::size_t i = 0; i < expected.size(); ++i) CHECK(found[i] == static_cast<float>(E(expected[i])));
        }
    }
    stored_matrix blocks = random_matrix(3, 64, element_type::f32, 2);
    std::vector<std::byte> quantised(3 * 2 * 34); // Q8_0: a scale in F16 and 32 bytes
    for (std::size_t i = 0; i < quantised.size(); ++i) quantised[i] = static_cast<std::byte>(i % 34 < 2 ? 0x2c : i * 7);
    blocks.type = element_type::q8_0;
    blocks.bytes = quantised;
    const auto expected = expected_of(blocks), found = numbers_of(held_matrix<E>(blocks).numbers());
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(found[i] == static_cast<float>(E(expected[i])));
}

TEST_CASE("matrices that make one lie in one piece and are read as one; copies share it") {
    const std::array<stored_matrix, 3> parts{random_matrix(4, 10, element_type::f32, 1),
                                             random_matrix(2, 10, element_type::f32, 2),
                                             random_matrix(1, 10, element_type::f32, 3)};
    auto held = held_matrix<float>::below_each_other(parts);
    std::size_t pieces = 0;
    std::vector<float> found;
    const auto take = [&](device_rows<const float> piece, std::size_t first) {
        CHECK(first == found.size() / 10);
        ++pieces;
        const auto numbers = numbers_of(piece);
        found.insert(found.end(), numbers.begin(), numbers.end());
    };
    for_pieces<float>(held, take);
    CHECK(pieces == 1);
    std::vector<float> expected;
    for (const stored_matrix& part : parts) {
        const auto numbers = expected_of(part);
        expected.insert(expected.end(), numbers.begin(), numbers.end());
    }
    CHECK(found == expected);

    const auto copy = held;
    CHECK(copy[1].numbers().data == held[1].numbers().data);
    held.clear();
    CHECK(numbers_of(copy[2].numbers()) == expected_of(parts[2]));

    held = {held_matrix<float>(parts[1]), held_matrix<float>(parts[0])};
    found.clear();
    for_pieces<float>(held, take);
    CHECK(pieces == 3);
}

TEST_CASE("what is no matrix, or of another width, is refused") {
    const std::array<stored_matrix, 2> parts{random_matrix(4, 10, element_type::f32, 1),
                                             random_matrix(2, 12, element_type::f32, 2)};
    CHECK_THROWS_WITH_AS((void)held_matrix<float>::below_each_other(parts), doctest::Contains("are 10 and 12 wide"),
                         argument_error);
    stored_matrix short_one = parts[0];
    short_one.rows = 5;
    CHECK_THROWS_AS(held_matrix<float>{short_one}, argument_error);
    CHECK(held_matrix<float>::below_each_other({}).empty());
}
