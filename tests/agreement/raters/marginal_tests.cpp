#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/raters/chance_corrected.hpp>
#include <preflearn/agreement/raters/marginal_tests.hpp>

#include "../close.hpp"
#include "../golden.hpp"

using namespace preflearn;

TEST_CASE("McNemar's three forms equal statsmodels'") {
    const auto peer = golden("peers.json")["mcnemar"];
    const std::uint64_t cells[] = {101, 121, 59, 33};
    const rating_counts ratings = ratings_from_table(cells, 2);
    const mcnemar_form forms[] = {mcnemar_form::exact, mcnemar_form::asymptotic, mcnemar_form::corrected};
    for (std::size_t i = 0; i < 3; ++i) {
        const test_result found = mcnemar(ratings, forms[i]);
        CHECK(close(found.statistic, peer[i]["statistic"], 1e-12));
        CHECK(close(found.p_value, peer[i]["p_value"], 1e-11));
    }
    CHECK(mcnemar(121, 59).p_value == mcnemar(59, 121).p_value);
    CHECK(mcnemar(0, 0).p_value == 1);
    CHECK(mcnemar(0, 0, mcnemar_form::asymptotic).p_value == 1);
    CHECK(mcnemar(rating_counts(2, 3)).status == estimate_status::not_applicable);
    CHECK(mcnemar(rating_counts(2, 2)).status == estimate_status::empty);
    CHECK(mcnemar(ratings_from_table(std::vector<std::uint64_t>{5}, 1)).p_value == 1);
}

TEST_CASE("Stuart-Maxwell and Bhapkar equal statsmodels', and are McNemar's for two categories") {
    const auto peer = golden("peers.json")["homogeneity"];
    const rating_counts ratings = golden_ratings(golden("irrcac.json")["two_raters"]["ratings"], 3);
    const test_result stuart = marginal_homogeneity(ratings),
                      bhapkar = marginal_homogeneity(ratings, homogeneity_form::bhapkar);
    CHECK(close(stuart.statistic, peer["stuart_maxwell"]["statistic"], 1e-10));
    CHECK(close(stuart.p_value, peer["stuart_maxwell"]["p_value"], 1e-10));
    CHECK(close(bhapkar.statistic, peer["bhapkar"]["statistic"], 1e-10));
    CHECK(stuart.degrees == 2);
    CHECK(close(bhapkar.statistic, stuart.statistic / (1 - stuart.statistic / 50), 1e-10));
    const std::uint64_t cells[] = {101, 121, 59, 33};
    const rating_counts two = ratings_from_table(cells, 2);
    CHECK(close(marginal_homogeneity(two).statistic, mcnemar(two, mcnemar_form::asymptotic).statistic, 1e-12));
}

TEST_CASE("homogeneity where it cannot be tested") {
    const std::uint64_t agreed[] = {3, 0, 0, 0, 4, 0, 0, 0, 5};
    CHECK(marginal_homogeneity(ratings_from_table(agreed, 3)).p_value == 1);
    const std::uint64_t unused[] = {3, 2, 0, 1, 4, 0, 0, 0, 0}; // an unused category costs no degree of freedom
    CHECK(marginal_homogeneity(ratings_from_table(unused, 3)).degrees == 1);
    const std::uint64_t apart[] = {1, 2, 0, 0, 1, 1, 0, 0, 0, 0, 1, 3, 0, 0, 1, 1}; // {0,1} and {2,3} never meet
    CHECK(marginal_homogeneity(ratings_from_table(apart, 4)).status == estimate_status::constant_input);
    CHECK(marginal_homogeneity(rating_counts(2, 3)).status == estimate_status::empty);
    CHECK(marginal_homogeneity(rating_counts(3, 3)).status == estimate_status::not_applicable);
}

TEST_CASE("kappa from PABAK, prevalence and bias (Byrt, Bishop & Carlin 1993)") {
    const std::uint64_t cells[] = {80, 10, 5, 5};
    const rating_counts ratings = ratings_from_table(cells, 2);
    const two_by_two_indices index = prevalence_and_bias(ratings);
    const double p = index.pabak.value, pi = index.prevalence, bi = index.bias;
    CHECK(p == doctest::Approx(0.7));
    CHECK(pi == doctest::Approx(0.75));
    CHECK(bi == doctest::Approx(0.05));
    CHECK(close(cohen_kappa(ratings).coefficient.value, (p - pi * pi + bi * bi) / (1 - pi * pi + bi * bi), 1e-12));
    CHECK(index.pabak.value == doctest::Approx(brennan_prediger(ratings).coefficient.value));
    CHECK(prevalence_and_bias(rating_counts(2, 2)).pabak.status == estimate_status::empty);
    CHECK(prevalence_and_bias(rating_counts(2, 3)).pabak.status == estimate_status::not_applicable);
    CHECK(prevalence_and_bias(ratings_from_table(std::vector<std::uint64_t>{5}, 1)).pabak.status ==
          estimate_status::single_category);
}

TEST_CASE("two-by-two tests take the categories that occur") {
    // "first", "second" and "tie" are declared; nobody says tie, or nobody says first.
    for (const auto& [a, b] : {std::pair<category, category>{0, 1}, {1, 2}, {0, 2}}) {
        rating_counts ratings(2, 3), two(2, 2);
        const std::uint64_t counts[] = {80, 10, 5, 5};
        for (std::size_t i = 0; i < 4; ++i) {
            const category own[] = {i < 2 ? a : b, i % 2 == 0 ? a : b},
                           small[] = {static_cast<category>(i / 2), static_cast<category>(i % 2)};
            ratings.add(own, counts[i]);
            two.add(small, counts[i]);
        }
        const category alone[] = {static_cast<category>(3 - a - b), no_rating}; // said, but not of a common unit
        ratings.add(alone);
        CHECK(mcnemar(ratings).p_value == mcnemar(two).p_value);
        CHECK(mcnemar(ratings).statistic == 5);
        const two_by_two_indices index = prevalence_and_bias(ratings), expected = prevalence_and_bias(two);
        CHECK(index.pabak.value == expected.pabak.value);
        CHECK(index.pabak.bounds == expected.pabak.bounds);
        CHECK(index.prevalence == expected.prevalence);
        CHECK(index.bias == expected.bias);
    }
    rating_counts three(2, 3), one(2, 3), apart(2, 3);
    for (category k = 0; k < 3; ++k) three.add(std::vector<category>{k, k});
    one.add(std::vector<category>{1, 1}, 9);
    apart.add(std::vector<category>{1, no_rating});
    CHECK(mcnemar(three).status == estimate_status::not_applicable);
    CHECK(prevalence_and_bias(three).pabak.status == estimate_status::not_applicable);
    CHECK(mcnemar(one).p_value == 1);
    CHECK(prevalence_and_bias(one).pabak.status == estimate_status::single_category);
    CHECK(mcnemar(apart).status == estimate_status::too_few);
    rating_counts many(2, 100'000);
    for (category k = 0; k + 1 < 5000; ++k) many.add(std::vector<category>{k, static_cast<category>(k + 1)});
    CHECK(prevalence_and_bias(many).pabak.status == estimate_status::not_applicable);
    CHECK_THROWS_WITH_AS(marginal_homogeneity(many), doctest::Contains("5000 categories"), argument_error);
}
