#include <array>
#include <span>
#include <type_traits>
#include <vector>

#include <Eigen/Core>
#include <doctest/doctest.h>
#include <xtensor/xadapt.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include <preflearn/core/column.hpp>
#include <preflearn/core/scores.hpp>

using namespace preflearn;

TEST_CASE("columns of other libraries are spans of the same memory") {
    std::vector<double> values{1, 2, 3, 4, 5, 6};
    CHECK(as_column(values).data() == values.data());
    CHECK(as_column(std::span(values)).size() == 6);

    Eigen::VectorXf vector = Eigen::VectorXf::LinSpaced(5, 0, 4);
    CHECK(as_column(vector).data() == vector.data());
    CHECK(as_column(vector.segment(1, 3)).front() == 1);
    CHECK(as_column(Eigen::Map<Eigen::RowVectorXd>(values.data(), 6)).size() == 6);

    xt::xtensor<double, 1> tensor = xt::arange<double>(6);
    CHECK(as_column(tensor).data() == tensor.data());
    CHECK(as_column(xt::adapt(values, std::array<std::size_t, 1>{6})).data() == values.data());
    CHECK(as_column(xt::view(tensor, xt::range(2, 5))).front() == 2);
}

TEST_CASE("a column keeps const and can be written through otherwise") {
    const std::vector<float> fixed{1};
    static_assert(std::is_same_v<decltype(as_column(fixed)), std::span<const float>>);
    Eigen::VectorXd vector(2);
    as_column(vector)[1] = 7;
    CHECK(vector[1] == 7);
    const Eigen::VectorXd same = vector;
    static_assert(std::is_same_v<decltype(as_column(same)), std::span<const double>>);
}

TEST_CASE("scores are given as vectors of any library, of one type of number") {
    const Eigen::VectorXd chosen{{1.0, 2.0}};
    const xt::xtensor<double, 1> rejected{0.5, 2.5};
    std::vector<double> d_chosen(2);
    Eigen::VectorXd d_rejected(2);
    const pair_scores scores{.chosen = chosen, .rejected = rejected};
    static_assert(std::is_same_v<decltype(scores), const pair_scores<double>>);
    const pair_gradients gradients{.chosen = d_chosen, .rejected = d_rejected};
    CHECK(scores.chosen.data() == chosen.data());
    CHECK(scores.rejected[1] == 2.5);
    CHECK(scores.weight.empty());
    gradients.rejected[0] = 3;
    CHECK(d_rejected[0] == 3);
    static_assert(!std::is_constructible_v<column_view<double>, const Eigen::VectorXd&>, "constants stay so");
    static_assert(!std::is_constructible_v<column_view<const double>, Eigen::VectorXf&>, "of one type");

    const Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(3, 2);
    CHECK_THROWS_AS(((void)pair_scores<double>{.chosen = matrix.row(0)}), argument_error);
    CHECK_THROWS_AS(((void)pair_scores<double>{.chosen = matrix}), argument_error);
}

TEST_CASE("elements that do not lie side by side are refused, and so are matrices") {
    const Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(3, 2);
    CHECK_NOTHROW(as_column(matrix.col(1)));
    CHECK_THROWS_WITH_AS(as_column(matrix.row(1)),
                         "the elements of a column must lie side by side, found a stride of 3", argument_error);
    CHECK_THROWS_AS(as_column(matrix), argument_error);

    const xt::xtensor<double, 2> table = xt::zeros<double>({3, 2});
    CHECK_NOTHROW(as_column(xt::view(table, 1, xt::all())));
    CHECK_THROWS_WITH_AS(as_column(xt::view(table, xt::all(), 1)),
                         "the elements of a column must lie side by side, found a stride of 2", argument_error);
    CHECK_THROWS_AS(as_column(table), argument_error);
}
