#include <doctest/doctest.h>

#include <vector>

#include <preflearn/pipeline/teacher_card/difference_correlation.hpp>

using namespace preflearn;

TEST_CASE("correlations of differences are those of the pairs with their mirror images (scipy), in any order") {
    // scipy.stats.pearsonr and spearmanr of x and -x against y and -y
    const std::vector<double> x{1, -2, 0.5, 3, -1}, y{2, -1, -0.5, 4, 1};
    const estimate pearson = pearson_of_differences(x, y), spearman = spearman_of_differences(x, y);
    CHECK(pearson.value == doctest::Approx(0.8007410456198417));
    CHECK(spearman.value == doctest::Approx(0.736196319018405));
    CHECK(pearson.count == 5);
    CHECK(spearman.bounds.contains(spearman.value));
    std::vector<double> turned_x = x, turned_y = y;
    turned_x[1] *= -1, turned_y[1] *= -1;
    CHECK(pearson_of_differences(turned_x, turned_y).value == doctest::Approx(pearson.value));
    CHECK(spearman_of_differences(turned_x, turned_y).value == doctest::Approx(spearman.value));
}

TEST_CASE("differences that are all 0 have no correlation") {
    const std::vector<double> none{0, 0, 0}, some{1, 2, -1};
    CHECK(pearson_of_differences(none, some).status == estimate_status::constant_input);
    CHECK(spearman_of_differences(none, some).status == estimate_status::constant_input);
    CHECK_FALSE(pearson_of_differences({}, {}).defined());
}
