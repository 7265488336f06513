#include <cmath>
#include <cstddef>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/policies/gap_recovered.hpp>
#include <preflearn/agreement/raters/dawid_skene.hpp>

#include "field_file.hpp"

using namespace preflearn;

TEST_CASE("Dawid-Skene with smoothing on 200 units and 40 raters: a step more of EM moves nothing") {
    const auto path = test::field_file("f02-dawid-skene-200x40.txt");
    if (path.empty()) return;
    std::ifstream file(path);
    std::vector<std::vector<category>> rows;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::vector<category> row(41); // the last is the truth
        for (category& k : row) words >> k;
        row.pop_back();
        rows.push_back(row);
    }
    REQUIRE(rows.size() == 200);
    rating_counts counts(40, 3);
    for (const auto& row : rows) counts.add(row);
    const dawid_skene_fit fit = fit_dawid_skene(counts, {.smoothing = 1});
    CHECK(fit.status == estimate_status::ok);
    const double shares[] = {0.31598879, 0.30872075, 0.37529046}; // 5,000 plain steps of numpy
    for (std::size_t k = 0; k < 3; ++k) CHECK(std::abs(fit.prior[k] - shares[k]) < 1e-7);
    std::vector<double> next(3, 1), posterior(3);
    for (const auto& row : rows) {
        fit.posterior_of(row, posterior);
        for (std::size_t k = 0; k < 3; ++k) next[k] += posterior[k];
    }
    for (std::size_t k = 0; k < 3; ++k) CHECK(std::abs(next[k] / 203 - fit.prior[k]) < 1e-8);
    const dawid_skene_fit likeliest = fit_dawid_skene(counts);
    CHECK(likeliest.status == estimate_status::ok);
    CHECK(likeliest.log_likelihood == doctest::Approx(-447.4316053645).epsilon(1e-10));
}

TEST_CASE("f01-gap-recovered.cpp: a gap of rounding is no gap, for Fieller and the bootstrap alike") {
    const std::vector<double> student{0.5, 0.5, 0.4};
    const gap_recovered_result equal =
        gap_recovered(std::vector<double>(3, 0.1 + 0.2), student, std::vector<double>(3, 0.3));
    const gap_recovered_result means = gap_recovered(
        std::vector<double>{.1, .2, .3, .7}, std::vector<double>{.2, .3, .4, .9}, std::vector<double>{.7, .3, .1, .2});
    for (const gap_recovered_result& r : {equal, means}) {
        CHECK(r.fieller.ratio.status == estimate_status::constant_input);
        CHECK(r.bootstrap.value.status == estimate_status::constant_input);
        CHECK(std::isnan(r.bootstrap.value.value));
    }
}

TEST_CASE("f02-dawid-skene-smoothing.cpp: EM with smoothing reaches .4773, and .4970 for the second unit") {
    rating_counts counts(3, 2);
    for (const auto& row :
         std::vector<std::vector<category>>{{-1, 0, 0}, {-1, 1, -1}, {-1, 0, -1}, {1, 0, 0}, {1, -1, 0}, {-1, 1, 1}})
        counts.add(row);
    const dawid_skene_fit fit = fit_dawid_skene(counts, {.smoothing = 1});
    CHECK(fit.status == estimate_status::ok);
    CHECK(std::abs(fit.prior[1] - .4773) < 5e-5);
    std::vector<double> posterior(2);
    fit.posterior_of(std::vector<category>{-1, 1, -1}, posterior);
    CHECK(std::abs(posterior[1] - .4970) < 5e-5);
}
