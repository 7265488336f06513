#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/backend/cuda/array.hpp>

#include "../files.hpp"
#include "backends.hpp"

using namespace preflearn;
using namespace preflearn::cuda;

TEST_CASE("rows of an array begin at multiples of 16 bytes, and one row has no gap behind it") {
    CHECK(row_stride<float>(1) == 4);
    CHECK(row_stride<float>(8) == 8);
    CHECK(row_stride<bfloat16>(9) == 16);
    const device_matrix<bfloat16> several(3, 9), one(1, 9);
    CHECK(several.rows().stride == 16);
    CHECK(one.rows().stride == 9);
    CHECK(device_matrix<float>(0, 7).rows().data == nullptr);
    CHECK_THROWS_AS(device_matrix<float>(std::size_t{1} << 40, std::size_t{1} << 40), device_memory_error);
}

TEST_CASE_TEMPLATE("numbers come back as they went, in views, copies and long rows", E, float, bfloat16, float16) {
    using B = test::on_cuda<E>;
    const auto given = test::plain_numbers(5 * 7, 1);
    auto all = test::array_of<B>(given, 5, 7);
    CHECK(test::numbers_of<B>(all.view()) == given);
    const auto part = test::numbers_of<B>(all.view().row_block(1, 3).column_block(2, 4));
    for (std::size_t r = 0; r < 3; ++r)
        for (std::size_t c = 0; c < 4; ++c) CHECK(part[r * 4 + c] == given[(r + 1) * 7 + c + 2]);
    const auto copied = all;
    B::fill(all.view().column_block(1, 2), 3);
    CHECK(test::numbers_of<B>(copied.view()) == given);
    for (std::size_t i = 0; i < given.size(); ++i)
        CHECK(test::numbers_of<B>(all.view())[i] == (i % 7 == 1 || i % 7 == 2 ? 3 : given[i]));
    B::copy(copied.view().row_block(0, 2), all.view().row_block(2, 2));
    CHECK(test::numbers_of<B>(all.view().row_block(2, 2)) == std::vector<float>(given.begin(), given.begin() + 14));

    typename B::template array<float> row(1, 12);
    B::upload(std::span(given).first(12), row.view());
    CHECK(test::numbers_of<B>(row.view().part(3, 2, 4)) == std::vector<float>(given.begin() + 3, given.begin() + 11));
    const std::vector<float> many(std::size_t{2} * 1048576 + 5, 0.5F); // more than a piece of an upload
    CHECK(test::numbers_of<B>(test::array_of<B>(many, 1, many.size()).view()) == many);
}

TEST_CASE("numbers are rounded to nearest even, and what a float16 cannot hold is refused") {
    using half = test::cuda_float16;
    const std::vector<float> given{1 + 0x1p-9F, 65519, -65519, std::numeric_limits<float>::infinity()};
    CHECK(test::numbers_of<test::cuda_bfloat16>(test::array_of<test::cuda_bfloat16>(given, 2, 2).view())[0] == 1);
    CHECK(test::numbers_of<half>(test::array_of<half>(given, 2, 2).view()) ==
          std::vector<float>{1 + 0x1p-9F, 65504, -65504, std::numeric_limits<float>::infinity()});
    CHECK_THROWS_WITH_AS(test::array_of<half>(std::vector<float>{1, -70000}, 1, 2),
                         doctest::Contains("-70000 is more than a float16 holds"), numeric_error);
}

TEST_CASE("numbers of rows are checked before the device sees them") {
    const std::vector<std::size_t> rows{2, 0, 5};
    CHECK(copied_to_host(checked_numbers("gather_rows: row", std::span(rows), 6)) ==
          std::vector<std::uint32_t>{2, 0, 5});
    CHECK(test::error_of([&] { (void)checked_numbers("gather_rows: row", std::span(rows), 5); }) ==
          "gather_rows: row 2 is 5, expected 0 to below 5");
    const std::vector<int> ids{3, -1};
    CHECK(test::error_of([&] { (void)checked_numbers("embed: token", std::span(ids), 5); }) ==
          "embed: token 1 is -1, expected 0 to below 5");
}
