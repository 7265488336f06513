#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/backend/cpu/rows.hpp>

using namespace preflearn;

namespace {

using row_values = std::vector<double>;

/// Rows of two in an array that is three wide, to show that what lies between them is left alone.
matrix_view<double> two_of_three(row_values& values) { return {values.data(), values.size() / 3, 2, 3}; }
matrix_view<const double> rows_of_two(const row_values& values) { return {values.data(), values.size() / 2, 2}; }

} // namespace

TEST_CASE("rows are filled, copied and added between what is not theirs") {
    row_values x(9, -1.0);
    fill_rows(two_of_three(x), 5.0);
    CHECK(x == row_values{5, 5, -1, 5, 5, -1, 5, 5, -1});
    const row_values y = {1, 2, 3, 4, 6, 8};
    copy_rows(rows_of_two(y), two_of_three(x));
    CHECK(x == row_values{1, 2, -1, 3, 4, -1, 6, 8, -1});
    add_rows(rows_of_two(y), two_of_three(x), 0.5);
    CHECK(x == row_values{1.5, 3, -1, 4.5, 6, -1, 9, 12, -1});
    copy_rows<double>(two_of_three(x), two_of_three(x));
    CHECK(x[1] == 3);
    CHECK_THROWS_WITH_AS(copy_rows<double>(rows_of_two(y).row_block(0, 2), two_of_three(x)),
                         "copy: 2 rows of width 2 do not fit 3 x 2", argument_error);
}

TEST_CASE("rows are gathered by number, scattered, and added in their order, a number as often as it comes") {
    const row_values x = {1, 2, 3, 4, 5, 6};
    const std::vector<std::size_t> some = {2, 0};
    row_values gathered(4), scattered(6);
    gather_rows(rows_of_two(x), std::span(some), {gathered.data(), 2, 2});
    CHECK(gathered == row_values{5, 6, 1, 2});
    scatter_rows(rows_of_two(gathered), std::span(some), {scattered.data(), 3, 2});
    CHECK(scattered == row_values{1, 2, 0, 0, 5, 6});
    const std::vector<int> often = {1, 1, 0};
    add_to_rows(rows_of_two(x), std::span(often), 2.0, matrix_view<double>{scattered.data(), 3, 2});
    CHECK(scattered == row_values{11, 14, 8, 12, 5, 6});
    CHECK_THROWS_AS(gather_rows(rows_of_two(x), std::span(some), matrix_view<double>{gathered.data(), 1, 2}),
                    argument_error);
}
