#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/ranking/solver/conjugate_gradients.hpp>

using namespace preflearn;

namespace {

/// A matrix that is inverted on all vectors, or on those whose entries add up to zero.
struct held_matrix {
    Eigen::MatrixXd h;
    bool sum_zero = false;

    [[nodiscard]] Eigen::VectorXd times(const Eigen::VectorXd& v) const { return h * v; }
    [[nodiscard]] Eigen::VectorXd diagonal() const { return h.diagonal(); }
    void centre(Eigen::VectorXd& v) const {
        if (sum_zero) v.array() -= v.mean();
    }
};

Eigen::MatrixXd random_normals(Eigen::Index rows, Eigen::Index columns) {
    generator random(3, "conjugate gradients");
    Eigen::MatrixXd m(rows, columns);
    for (double& x : m.reshaped()) x = random.normal();
    return m;
}

} // namespace

TEST_CASE("conjugate gradients solve what Cholesky solves, whatever the units of the unknowns") {
    const Eigen::MatrixXd root = random_normals(40, 40);
    Eigen::MatrixXd h = root * root.transpose() + Eigen::MatrixXd::Identity(40, 40);
    const Eigen::VectorXd unit = Eigen::VectorXd::LinSpaced(40, -3, 3).array().exp();
    h = unit.asDiagonal() * h * unit.asDiagonal();
    const Eigen::VectorXd right_side = random_normals(40, 1).col(0);
    const Eigen::VectorXd exact = h.ldlt().solve(right_side);
    const Eigen::VectorXd found = conjugate_gradients(held_matrix{h}, right_side, 1e-13);
    CHECK((found - exact).cwiseQuotient(exact).cwiseAbs().maxCoeff() < 1e-7);
}

TEST_CASE("on vectors of sum zero the Laplacian of a path is inverted, and a matrix of zeros is not") {
    Eigen::MatrixXd path = Eigen::MatrixXd::Zero(6, 6);
    for (Eigen::Index i = 0; i < 5; ++i) path.block(i, i, 2, 2) += Eigen::Matrix2d{{1, -1}, {-1, 1}};
    Eigen::VectorXd right_side = Eigen::VectorXd::Zero(6);
    right_side[0] = 1;
    right_side[5] = -1; // a unit current from end to end: each step falls by one
    const Eigen::VectorXd found = conjugate_gradients(held_matrix{path, true}, right_side, 1e-13);
    REQUIRE(found.size() == 6);
    for (Eigen::Index i = 0; i < 6; ++i) CHECK(found[i] == doctest::Approx(2.5 - static_cast<double>(i)));
    const held_matrix zero{Eigen::MatrixXd::Zero(6, 6)};
    CHECK(conjugate_gradients(zero, right_side, 1e-13).size() == 0);
}
