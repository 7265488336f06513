#include <doctest/doctest.h>

#include <preflearn/ranking/solver/scaled_factors.hpp>

using namespace preflearn;

TEST_CASE("units of parameters change neither pivots nor the solution") {
    Eigen::MatrixXd h(3, 3);
    h << 4, 1, 0.5, 1, 3, -0.2, 0.5, -0.2, 2;
    const Eigen::Vector3d b(1, -2, 0.3), unit(1, 1e9, 1e-7);
    const game_layout none{.size = 3};
    const scaled_factors plain(Eigen::MatrixXd(h), none, true);
    const scaled_factors scaled(Eigen::MatrixXd(unit.asDiagonal() * h * unit.asDiagonal()), none, true);
    CHECK(scaled.smallest_pivot() == doctest::Approx(plain.smallest_pivot()));
    const Eigen::VectorXd x = plain.solve(b), y = scaled.solve(unit.cwiseProduct(b));
    CHECK((h * x - b).norm() < 1e-12);
    CHECK((unit.cwiseProduct(y) - x).norm() < 1e-12);
}

TEST_CASE("a common shift of the strengths is given a level where no prior knows it") {
    Eigen::MatrixXd h(2, 2);
    h << 1, -1, -1, 1; // one pair of items
    const game_layout items{.items = 2, .order = 2, .features = 2, .judges = 2, .ties = 2, .size = 2};
    CHECK(scaled_factors(Eigen::MatrixXd(h), items, true).smallest_pivot() < 1e-12);
    const scaled_factors level(Eigen::MatrixXd(h), items, false);
    CHECK(level.smallest_pivot() > 0.1);
    const Eigen::VectorXd step = level.solve(Eigen::Vector2d(1, -1));
    CHECK(step[0] == doctest::Approx(0.5));
    CHECK(step[1] == doctest::Approx(-0.5));
}
