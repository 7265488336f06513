#include <concepts>
#include <numeric>
#include <vector>

#include <Eigen/Core>
#include <doctest/doctest.h>
#include <xtensor/xtensor.hpp>

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

TEST_CASE("matrices of Eigen and xtensor are viewed as they lie") {
    using row_major = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    row_major matrix(3, 4);
    for (int i = 0; i < 12; ++i) matrix.data()[i] = i;
    const matrix_view<const double> whole = std::as_const(matrix);
    CHECK(whole(1, 2) == matrix(1, 2));
    const matrix_view block = matrix.block(1, 1, 2, 3);
    static_assert(std::is_same_v<decltype(block), const matrix_view<double>>);
    CHECK(block.stride == 4);
    CHECK(block(1, 2) == matrix(2, 3));

    const Eigen::VectorXd upright = Eigen::VectorXd::LinSpaced(3, 0, 2); // one column, whatever its storage order
    CHECK(matrix_view(upright)(2, 0) == 2);
    CHECK(matrix_view(upright).columns == 1);
    const matrix_view column = matrix.col(1);
    CHECK(column(2, 0) == matrix(2, 1));
    const Eigen::RowVectorXd flat = upright.transpose();
    CHECK(matrix_view(flat)(0, 2) == 2);
    const Eigen::MatrixXd upended = matrix;
    CHECK_THROWS_WITH_AS(matrix_view(upended.row(1)),
                         "the elements of a matrix_view's row must lie side by side, found a stride of 3",
                         argument_error);

    const xt::xtensor<float, 2> array{{1, 2, 3}, {4, 5, 6}};
    CHECK(matrix_view(array)(1, 0) == 4);
    const xt::xtensor<float, 2, xt::layout_type::column_major> other = array;
    CHECK_THROWS_AS(matrix_view<const float>{other}, argument_error);
    CHECK_THROWS_AS((matrix_view<const float>{xt::xtensor<float, 3>::from_shape({2, 2, 2})}), argument_error);
}
