#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/system/error.hpp>
#include <preflearn/ranking/errors/quasi_variance.hpp>

#include "../boards.hpp"

using namespace test;

TEST_CASE("independent estimates: quasi-variances are the variances, whatever was subtracted") {
    rating_covariance v{4, Eigen::Vector4d(1, 0.5, 2, 0.25).asDiagonal()};
    v.matrix.array() += 0.7; // a common shift changes no difference
    const quasi_variance_result q = quasi_variances(v);
    check_close(q.values, std::vector<double>{1, 0.5, 2, 0.25}, 1e-10);
    CHECK(q.worst_error < 1e-10);
}

TEST_CASE("three items: three pairs are met exactly, even with a negative quasi-variance") {
    // variances of differences 1, 1 and 3: q = (−½, 1½, 1½)
    rating_covariance v{3, Eigen::MatrixXd::Zero(3, 3)};
    v.matrix << 0, 0, 0, 0, 1, -0.5, 0, -0.5, 1;
    const quasi_variance_result q = quasi_variances(v);
    check_close(q.values, std::vector<double>{-0.5, 1.5, 1.5}, 1e-8);
    CHECK(q.worst_error < 1e-8);
}

TEST_CASE("citations: every difference's error is within a few per cent of the two quasi-variances'") {
    const pair_counts counts = citations();
    const rating_covariance v = inverse_information(counts, bradley_terry_model{}, fit_ratings(counts));
    const quasi_variance_result q = quasi_variances(v);
    CHECK(q.worst_error < 0.04);
    for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t j = 0; j < i; ++j)
            CHECK(std::sqrt(q.values[i] + q.values[j]) ==
                  doctest::Approx(v.standard_error_of_difference(i, j)).epsilon(0.04));
    CHECK_THROWS_AS(quasi_variances(rating_covariance{2, Eigen::MatrixXd::Identity(2, 2)}), argument_error);
    CHECK_THROWS_AS(quasi_variances(rating_covariance{3, Eigen::MatrixXd::Zero(3, 3)}), argument_error);
}
