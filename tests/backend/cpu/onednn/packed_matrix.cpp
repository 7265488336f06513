#include <doctest/doctest.h>

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include <preflearn/backend/cpu/onednn/packed_matrix.hpp>
#include <preflearn/checkpoint/mapped_file.hpp>

#include "../../../files.hpp"
#include "../../../parts.hpp"

using namespace preflearn;

namespace {

std::vector<float> some_numbers(std::size_t count) {
    const std::vector<double> wide = test::normals(count, 1);
    return {wide.begin(), wide.end()};
}

} // namespace

TEST_CASE("tiles: Wᵀ in pieces of some hundred outputs, the last one narrower") {
    const output_tiles tiles = output_tiles::of(500, 7);
    CHECK(tiles.count() == 3);
    CHECK(tiles.width_of(2) == 500 - 2 * tiles.width);
    std::vector<float> numbers(500 * 7);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
    const auto block = tiles.columns(numbers.data(), 400, 10);
    CHECK(block.rows == 7);
    CHECK(block(0, 0) == static_cast<float>(2 * tiles.width * 7 + 400 - 2 * tiles.width));
    CHECK(block.stride == 500 - 2 * tiles.width);
    CHECK(output_tiles::of(50000, 7).width == vocabulary_tiles::tokens_at_most);
}

TEST_CASE_TEMPLATE("packed numbers are those of the rows, rounded", Factor, float, bfloat16) {
    const std::size_t rows = 390, columns = 37;
    const std::vector<float> numbers = some_numbers(rows * columns);
    const packed_matrix<Factor> packed(stored_numbers(std::vector(numbers), rows, columns));
    REQUIRE(packed.tiles != nullptr);
    const packed_matrix<Factor> copy = packed;
    CHECK(copy.tiles == packed.tiles); // shared
    for (const std::size_t output : {0U, 191U, 192U, 389U}) {
        const auto column = packed.shape().columns(packed.tiles->view().data, output, 1);
        for (std::size_t k = 0; k < columns; ++k)
            CHECK(float(column(k, 0)) == float(Factor(numbers[output * columns + k])));
    }
    std::vector<float> row(columns);
    read_rows(packed, 5, matrix_view<float>(row.data(), 1, columns));
    CHECK(std::memcmp(row.data(), &numbers[5 * columns], columns * sizeof(float)) == 0);
}

TEST_CASE("quantised matrices stay as they are stored") {
    const std::vector<std::byte> blocks(4 * 34);
    const packed_matrix<float> quantised(
        stored_matrix{.type = element_type::q8_0, .rows = 2, .columns = 64, .bytes = blocks});
    CHECK(quantised.tiles == nullptr);
    CHECK(quantised.rows == 2);
}

TEST_CASE("pages of a mapped file that were given back are read again") {
    const test::folder folder;
    const std::size_t rows = 300, columns = 64;
    const std::vector<float> numbers = some_numbers(rows * columns);
    std::ofstream(folder / "numbers", std::ios::binary)
        .write(reinterpret_cast<const char*>(numbers.data()), static_cast<std::streamsize>(numbers.size() * 4));
    const auto file = std::make_shared<const mapped_file>(folder / "numbers");
    const packed_matrix<float> packed(stored_matrix{.type = element_type::f32,
                                                    .rows = rows,
                                                    .columns = columns,
                                                    .bytes = file->bytes(),
                                                    .owner = file,
                                                    .mapped = true});
    std::vector<float> read(rows * columns);
    read_rows(packed, 0, matrix_view<float>(read.data(), rows, columns));
    CHECK(read == numbers);
}
