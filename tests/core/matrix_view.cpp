#include <concepts>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/matrix_view.hpp>

using namespace preflearn;

static_assert(std::convertible_to<matrix_view<float>, matrix_view<const float>>);
static_assert(!std::convertible_to<matrix_view<const float>, matrix_view<float>>, "a view of constants stays one");
static_assert(!std::convertible_to<matrix_view<float>, matrix_view<double>>);

TEST_CASE("elements lie in rows; a stride leaves a gap after each") {
    std::vector<int> values(12);
    std::iota(values.begin(), values.end(), 0);
    const matrix_view<int> dense(values.data(), 3, 4);
    CHECK(dense.stride == 4);
    CHECK(dense(0, 3) == 3);
    CHECK(dense(2, 1) == 9);
    CHECK(dense.row(1) == values.data() + 4);
    const matrix_view<int> gapped(values.data(), 3, 2, 4);
    CHECK(gapped(1, 1) == 5);
    gapped(2, 0) = -1;
    CHECK(values[8] == -1);
}

TEST_CASE("blocks of rows and of columns are views of the same elements") {
    std::vector<int> values(20);
    std::iota(values.begin(), values.end(), 0);
    const matrix_view<int> whole(values.data(), 4, 5);
    const matrix_view<int> rows = whole.row_block(1, 2);
    CHECK(rows.rows == 2);
    CHECK(rows.columns == 5);
    CHECK(rows(1, 4) == whole(2, 4));
    const matrix_view<int> columns = whole.column_block(2, 3);
    CHECK(columns.rows == 4);
    CHECK(columns.columns == 3);
    CHECK(&columns(3, 0) == &whole(3, 2));
    const matrix_view<const int> corner = whole.row_block(2, 2).column_block(1, 1);
    CHECK(&corner(1, 0) == &whole(3, 1));
    CHECK(corner.stride == 5);
}
