#include <limits>

#include <doctest/doctest.h>

#include <preflearn/ranking/model/vectors.hpp>

using namespace preflearn;

TEST_CASE("Sums and steps over vectors are what Eigen's expressions compute") {
    for (const Eigen::Index n : {1, 3, 8, 29}) {
        CAPTURE(n);
        const Eigen::VectorXd a = Eigen::VectorXd::LinSpaced(n, -1, 2), b = a.array().square() + 0.5;
        CHECK(dot(a, b) == doctest::Approx(a.dot(b)));
        CHECK(entry_products(a, b) == a.cwiseProduct(b));
        CHECK(entry_quotients(a, b) == a.cwiseQuotient(b));
        CHECK(inverses(b) == b.cwiseInverse());
        CHECK(moved(a, 2, b).isApprox(a + 2 * b));
        CHECK(largest_size(a) == a.cwiseAbs().maxCoeff());
        Eigen::VectorXd sum = a;
        add_times(sum, -1, b);
        CHECK(sum.isApprox(a - b));
        centre_first(sum, n);
        CHECK(sum.sum() == doctest::Approx(0).scale(1));
    }
}

TEST_CASE("Only the first numbers are centred, widened or summed") {
    Eigen::VectorXd v(3);
    v << 1, 3, 10;
    CHECK(mean_of_first(v, 2) == 2);
    CHECK(widened(v, 2, 4) == Eigen::Vector4d(1, 3, 0, 0));
    centre_first(v, 2);
    CHECK(v == Eigen::Vector3d(-1, 1, 10));
    CHECK(all_finite(v));
    v[1] = std::numeric_limits<double>::infinity();
    CHECK(!all_finite(v));
    CHECK(inverses(Eigen::VectorXd::Zero(1))[0] == 1 / 1e-300);
}
