#include <doctest/doctest.h>

#include <preflearn/ranking/solver/symmetric_factors.hpp>

using namespace preflearn;

namespace {

/// Entries that no other matrix of this size has.
Eigen::MatrixXd factors_matrix(Eigen::Index rows, Eigen::Index columns) {
    Eigen::MatrixXd m(rows, columns);
    for (Eigen::Index j = 0; j < columns; ++j)
        for (Eigen::Index i = 0; i < rows; ++i) m(i, j) = static_cast<double>((7 * i + 3 * j * j + i * j) % 11) - 4.5;
    return m;
}

} // namespace

TEST_CASE("Factors solve, invert and tell their pivots") {
    const Eigen::MatrixXd a = factors_matrix(6, 9), h = a * a.transpose();
    const symmetric_factors<> factors(h);
    const Eigen::VectorXd right = a.col(1);
    CHECK((h * factors.solve(right)).isApprox(right, 1e-9));
    CHECK((h * factors.inverse()).isIdentity(1e-9));
    CHECK(factors.smallest_pivot() > 0);
    CHECK(factors.smallest_pivot() <= factors.largest_pivot());
    Eigen::MatrixXd singular = h;
    singular.row(2) = singular.row(4);
    singular.col(2) = singular.col(4);
    CHECK(symmetric_factors<>(singular).smallest_pivot() < 1e-9 * symmetric_factors<>(singular).largest_pivot());
}

TEST_CASE("Roots of a matrix, with and without pivots, give it back") {
    const Eigen::MatrixXd wide = Eigen::MatrixXd::Random(150, 170), h = wide * wide.transpose();
    Eigen::MatrixXd lower = h;
    CHECK(factor_in_place(lower) > 0);
    CHECK((lower * lower.transpose()).isApprox(h, 1e-12));
    CHECK(lower(3, 70) == 0);
    CHECK(lower.isApprox(Eigen::MatrixXd(h.llt().matrixL()), 1e-9));
    const Eigen::MatrixXd root = symmetric_factors<>(h).root();
    CHECK((root * root.transpose()).isApprox(h, 1e-12));
    Eigen::MatrixXd singular = Eigen::MatrixXd::Ones(2, 2);
    CHECK(factor_in_place(singular) == 0);
}

TEST_CASE("Products, parts and scales of matrices") {
    const Eigen::MatrixXd a = factors_matrix(3, 5), m = factors_matrix(5, 5);
    CHECK(multiply(a, m).isApprox(a * m));
    CHECK(sandwich_of(a, m).isApprox(a * m * a.transpose()));
    CHECK(block_of(m, 1, 2, 3, 2) == m.block(1, 2, 3, 2));
    CHECK(column_of(m, 3) == m.col(3));
    Eigen::MatrixXd h = m;
    set_column(h, 2, m.col(4));
    CHECK(h.col(2) == m.col(4));
    mirror_lower(h);
    CHECK(h == h.transpose());
    const Eigen::VectorXd unit = Eigen::VectorXd::LinSpaced(5, 1, 3);
    Eigen::MatrixXd scaled = m;
    scale_both_sides(scaled, unit);
    CHECK(scaled == Eigen::MatrixXd(unit.asDiagonal() * m * unit.asDiagonal()));
    Eigen::MatrixXd levelled = Eigen::MatrixXd::Identity(4, 4);
    CHECK(add_level(levelled, 1, 2) == 0.5);
    CHECK(levelled(1, 2) == 0.5);
    CHECK(levelled(2, 2) == 1.5);
    CHECK(levelled(0, 1) == 0);
    CHECK(levelled(3, 3) == 1);
}
