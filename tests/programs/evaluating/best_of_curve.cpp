#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include <preflearn/programs/evaluating/best_of_curve.hpp>

using namespace preflearn;

TEST_CASE("the expected pick is the mean over all choices of k, equal scores taken at random") {
    const std::vector<double> values{4, 1, 3}, scores{0.1, 0.9, 0.5};
    CHECK(expected_pick(values, scores, 1) == doctest::Approx(8.0 / 3));
    CHECK(expected_pick(values, scores, 2) == doctest::Approx((1 + 3 + 1) / 3.0)); // of {0,1} {0,2} {1,2}
    CHECK(expected_pick(values, scores, 3) == doctest::Approx(1));
    const std::vector<double> equal(3, 7.0);
    for (const std::size_t k : {1U, 2U, 3U}) {
        CHECK(expected_pick(values, equal, k) == doctest::Approx(8.0 / 3));
        CHECK(expected_pick(values, values, k) == doctest::Approx(expected_best_of(values, k).mean));
    }
    CHECK_THROWS_AS(expected_pick(values, scores, 4), argument_error);
    CHECK_THROWS_AS(expected_pick(values, {}, 1), argument_error);
}

TEST_CASE("sizes, and the divergence that best of k costs at most") {
    CHECK(best_of_sizes(3) == std::vector<std::size_t>{1, 2, 3});
    CHECK(best_of_sizes(20) == std::vector<std::size_t>{1, 2, 3, 4, 5, 6, 7, 8, 16, 20});
    CHECK(best_of_sizes(0).empty());
    CHECK(best_of_divergence(1) == 0);
    CHECK(best_of_divergence(2) == doctest::Approx(std::log(2.0) - 0.5));
}

TEST_CASE("a curve over prompts, and how often the selector takes gold's best") {
    ragged<double> values, scores;
    values.push_back(std::vector<double>{1, 2});
    scores.push_back(std::vector<double>{5, 6});
    values.push_back(std::vector<double>{1, 4, 3});
    scores.push_back(std::vector<double>{9, 2, 3});
    values.push_back(std::vector<double>{2, 2}); // no best one
    scores.push_back(std::vector<double>{1, 0});
    const std::vector<std::size_t> clusters{0, 1, 2};
    const best_of_curve curve = best_of_curve_of(values, scores, clusters, 2, 0.95);
    REQUIRE(curve.points.size() == 2);
    CHECK(curve.points[0].reward.value == doctest::Approx((1.5 + 8.0 / 3 + 2) / 3));
    CHECK(curve.points[1].reward.value == doctest::Approx((2 + 5.0 / 3 + 2) / 3)); // of 1 1 3
    CHECK(curve.points[1].reward.count == 3);
    CHECK(curve.picks_best.value == 0.5);
    CHECK(curve.picks_best.count == 2);
}
