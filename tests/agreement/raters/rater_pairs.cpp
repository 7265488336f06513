#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/raters/rater_pairs.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

TEST_CASE("a pair's numbers are those of the two raters alone, stored by columns or as given") {
    generator random(1, "rater pairs");
    std::vector<double> cells(60 * 4);
    for (double& cell : cells) cell = random.below(6) == 0 ? std::nan("") : static_cast<double>(random.below(4));
    const coded_ratings dense = code_ratings(cells, 4);
    coded_ratings sparse{.positions = dense.positions, .given = given_in(dense.views())};
    for (const measurement_level level : {measurement_level::nominal, measurement_level::interval}) {
        const auto pairs = compare_raters(dense, level), same = compare_raters(sparse, level);
        REQUIRE(pairs.size() == 6);
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            const rater_pair_agreement& pair = pairs[i];
            CHECK(pair.first < pair.second);
            CHECK(pair.kappa.value == same[i].kappa.value);
            CHECK(pair.bhapkar.p_value == same[i].bhapkar.p_value);
            const rating_counts two = rater_pair(dense.counts(), pair.first, pair.second);
            CHECK(pair.units == two.units());
            CHECK(pair.kappa.value == doctest::Approx(cohen_kappa(two).coefficient.value));
            CHECK(pair.stuart_maxwell.statistic == doctest::Approx(marginal_homogeneity(two).statistic));
            if (level == measurement_level::nominal) {
                CHECK(pair.pearson.status == estimate_status::not_applicable);
                continue;
            }
            std::vector<double> x, y;
            for (std::size_t u = 0; u < 60; ++u) {
                if (std::isnan(cells[4 * u + pair.first]) || std::isnan(cells[4 * u + pair.second])) continue;
                x.push_back(cells[4 * u + pair.first]);
                y.push_back(cells[4 * u + pair.second]);
            }
            CHECK(pair.pearson.value == doctest::Approx(pearson(x, y).value));
            CHECK(pair.kendall.value == doctest::Approx(kendall_tau_b(x, y).value));
            CHECK(pair.weighted_kappa.value ==
                  doctest::Approx(cohen_kappa(two, quadratic_weights{dense.scale()}).coefficient.value));
        }
    }
}

TEST_CASE("McNemar's test holds for the two categories that a pair uses, of however many") {
    const std::vector<double> cells{1, 1, 1, 5, 1, 5, 5, 1, 1, 5, 5, 5};
    coded_ratings coded = code_ratings(cells, 2);
    coded.positions = {1, 5, 7}; // a third that nobody uses
    const auto pairs = compare_raters(coded, measurement_level::nominal);
    CHECK(pairs[0].mcnemar.status == estimate_status::ok);
    CHECK(pairs[0].mcnemar.p_value == doctest::Approx(mcnemar(3, 1).p_value));
    std::vector<double> many;
    for (int i = 0; i < 120; ++i) many.push_back(i / 2 + (i % 2) * 0.5);
    CHECK(compare_raters(code_ratings(many, 2), measurement_level::interval)[0].bhapkar.status ==
          estimate_status::not_applicable);
}

TEST_CASE("no raters, one, none in common, and too many") {
    CHECK(compare_raters(code_ratings(std::vector<double>{}, 0), measurement_level::interval).empty());
    CHECK(compare_raters(code_ratings(std::vector<double>{1, 2}, 1), measurement_level::interval).empty());
    const double nan = std::nan("");
    const auto apart = compare_raters(code_ratings(std::vector<double>{1, nan, nan, 2}, 2), measurement_level::ratio);
    CHECK(apart[0].units == 0);
    CHECK_FALSE(apart[0].kappa.defined());
    CHECK_FALSE(apart[0].pearson.defined());
    coded_ratings crowd{.positions = {1}, .given = {.raters = 100'000}};
    CHECK_THROWS_WITH_AS(compare_raters(crowd, measurement_level::nominal),
                         doctest::Contains("100000 raters make too many pairs"), argument_error);
}
