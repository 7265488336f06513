#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/ratings/weights.hpp>

using namespace preflearn;

namespace {

template <AgreementWeight W> void check_laws(const W& w, category categories, double farthest) {
    for (category a = 0; a < categories; ++a) {
        CHECK(w(a, a) == doctest::Approx(1));
        for (category b = 0; b < categories; ++b) {
            CHECK(w(a, b) == w(b, a));
            CHECK(w(a, b) >= -1e-12);
            CHECK(w(a, b) <= 1);
        }
    }
    CHECK(w(0, categories - 1) == doctest::Approx(farthest));
}

} // namespace

TEST_CASE("weights are 1 on the diagonal, symmetric, and 0 for the farthest categories") {
    check_laws(identity_weights{}, 5, 0);
    check_laws(linear_weights{category_scale(5)}, 5, 0);
    check_laws(quadratic_weights{category_scale(std::vector<double>{1, 2, 4, 8})}, 4, 0);
    check_laws(ordinal_weights{5}, 5, 0);
    check_laws(ratio_weights(category_scale(std::vector<double>{0, 1, 2, 5})), 4, 0);
    check_laws(ratio_weights(category_scale(std::vector<double>{3})), 1, 1);
    CHECK(linear_weights{category_scale(5)}(0, 1) == doctest::Approx(0.75));
    CHECK(quadratic_weights{category_scale(5)}(1, 3) == doctest::Approx(0.75));
    CHECK(ordinal_weights{5}(0, 1) == doctest::Approx(0.9));
}

TEST_CASE("scales refuse what is not a position") {
    CHECK_THROWS_WITH_AS(category_scale(std::vector<double>{0, std::nan("")}), doctest::Contains("category 1"),
                         argument_error);
    CHECK_THROWS_AS(category_scale(std::vector<double>{-1e308, 1e308}), argument_error);
    CHECK_THROWS_AS(category_scale(std::vector<double>{}), argument_error);
    CHECK_THROWS_AS(ratio_weights(category_scale(std::vector<double>{-1, 1})), argument_error);
}
