#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/raters/chance_corrected.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../close.hpp"
#include "../golden.hpp"

using namespace preflearn;

namespace {

constexpr std::uint64_t abstractors[] = {13, 0, 0, 0, 20, 7, 0, 4, 56}; // Gwet (2014), emergency records, table 3.1

template <class W> void compare_with_irrcac(const nlohmann::json& answers, const rating_counts& ratings, const W& w) {
    const auto check = [&](const char* method, const agreement_coefficient& found) {
        CAPTURE(method);
        const auto& peer = answers[method];
        CHECK(close(found.coefficient.value, peer["value"], 1e-9));
        CHECK(close(found.observed, peer["pa"], 1e-9));
        CHECK(close(found.expected, peer["pe"], 1e-9));
        CHECK(close(found.coefficient.standard_error, peer["se"], 1e-9));
        CHECK(std::abs(found.coefficient.bounds.low - peer["low"].get<double>()) < 1e-9);
        CHECK(std::abs(found.coefficient.bounds.high - peer["high"].get<double>()) < 1e-9);
    };
    check("fleiss", fleiss_kappa(ratings, w));
    check("conger", conger_kappa(ratings, w));
    check("gwet", gwet_ac(ratings, w));
    check("bp", brennan_prediger(ratings, w));
}

using coefficient_function = agreement_coefficient (*)(const rating_counts&, const identity_weights&, double);
constexpr coefficient_function all_coefficients[] = {fleiss_kappa, conger_kappa, gwet_ac, brennan_prediger};

rating_counts random_ratings(std::size_t raters, std::size_t units, std::size_t categories, double absent) {
    generator random(11, "units");
    rating_counts ratings(raters, categories);
    std::vector<category> row(raters);
    for (std::size_t u = 0; u < units; ++u) {
        const auto truth = static_cast<category>(random.below(categories));
        for (category& k : row) {
            k = random.bernoulli(0.6) ? truth : static_cast<category>(random.below(categories));
            if (random.bernoulli(absent)) k = no_rating;
        }
        ratings.add(row);
    }
    return ratings;
}

} // namespace

TEST_CASE("values and standard errors equal irrCAC's with missing ratings and every weight set") {
    const nlohmann::json tables = golden("irrcac.json");
    for (const auto& [name, data] : tables.items()) {
        CAPTURE(name);
        const std::vector<double> positions = numbers(data["categories"]);
        const rating_counts ratings = golden_ratings(data["ratings"], positions.size());
        const category_scale scale(positions);
        compare_with_irrcac(data["answers"]["identity"], ratings, identity_weights{});
        compare_with_irrcac(data["answers"]["linear"], ratings, linear_weights{scale});
        compare_with_irrcac(data["answers"]["quadratic"], ratings, quadratic_weights{scale});
        compare_with_irrcac(data["answers"]["ordinal"], ratings, ordinal_weights{positions.size()});
        compare_with_irrcac(data["answers"]["ratio"], ratings, ratio_weights(scale));
    }
}

TEST_CASE("the 3 × 3 table of Gwet (2014)") {
    const rating_counts ratings = ratings_from_table(abstractors, 3);
    const agreement_coefficient kappa = cohen_kappa(ratings);
    CHECK(kappa.coefficient.value == doctest::Approx(0.7964094).epsilon(1e-7));
    const double to_n = std::sqrt(99.0 / 100); // the printed errors of two-way tables divide by n, ours by n - 1
    CHECK(kappa.coefficient.standard_error * to_n == doctest::Approx(0.05891072).epsilon(1e-6));
    CHECK(scott_pi(ratings).coefficient.value == doctest::Approx(0.7962397).epsilon(1e-7));
    CHECK(gwet_ac(ratings).coefficient.value == doctest::Approx(0.8493305).epsilon(1e-7));
    CHECK(gwet_ac(ratings).coefficient.standard_error * to_n == doctest::Approx(0.04321747).epsilon(1e-6));
    CHECK(brennan_prediger(ratings).coefficient.value == doctest::Approx(0.835));
    CHECK(raw_agreement(ratings).value == doctest::Approx(0.89));
    CHECK(cohen_kappa(ratings, linear_weights{category_scale(3)}).coefficient.value ==
          doctest::Approx(0.842903).epsilon(1e-6));
    CHECK(cohen_kappa(ratings, quadratic_weights{category_scale(3)}).coefficient.value ==
          doctest::Approx(0.892157).epsilon(1e-6));
}

TEST_CASE("Fleiss (1971) as in his example of 10 units and 14 raters: 0.210") {
    const std::size_t counts[] = {0, 0, 0, 0, 14, 0, 2, 6, 4, 2, 0, 0, 3, 5, 6, 0, 3, 9, 2, 0, 2, 2, 8, 1, 1,
                                  7, 7, 0, 0, 0,  3, 2, 6, 3, 0, 2, 5, 3, 2, 2, 6, 5, 2, 1, 0, 0, 2, 2, 3, 7};
    const agreement_coefficient kappa = fleiss_kappa(ratings_from_unit_counts(counts, 5, 14));
    CHECK(kappa.coefficient.value == doctest::Approx(0.210).epsilon(0.001));
    CHECK(kappa.observed == doctest::Approx(0.378).epsilon(0.001));
    CHECK(kappa.expected == doctest::Approx(0.213).epsilon(0.002));
}

TEST_CASE("Cohen's kappa equals scikit-learn's, and its error statsmodels' but for n - 1 in place of n") {
    const auto irrcac = golden("irrcac.json")["two_raters"];
    const auto peer = golden("peers.json")["cohen"];
    const rating_counts ratings = golden_ratings(irrcac["ratings"], 3);
    const double n = 50, scale = std::sqrt(n / (n - 1));
    const category_scale positions(3);
    const auto check = [&](const agreement_coefficient& found, const char* name, const char* error) {
        CHECK(close(found.coefficient.value, peer[name], 1e-9));
        CHECK(close(found.coefficient.standard_error, peer[error].get<double>() * scale, 1e-9));
    };
    check(cohen_kappa(ratings), "identity", "se");
    check(cohen_kappa(ratings, linear_weights{positions}), "linear", "linear_se");
    check(cohen_kappa(ratings, quadratic_weights{positions}), "quadratic", "quadratic_se");
    const auto fleiss = golden("peers.json")["fleiss"];
    const rating_counts three = golden_ratings(golden("irrcac.json")["three_complete"]["ratings"], 4);
    CHECK(close(fleiss_kappa(three).coefficient.value, fleiss["fleiss"], 1e-12));
    CHECK(close(brennan_prediger(three).coefficient.value, fleiss["randolph"], 1e-12));
}

TEST_CASE("renaming categories, reordering raters and merging shards change nothing") {
    const rating_counts ratings = random_ratings(3, 200, 4, 0.15);
    rating_counts renamed(3, 4), reordered(3, 4), doubled = ratings;
    doubled += ratings;
    const category name[] = {2, 0, 3, 1};
    ratings.for_each([&](std::span<const category> row, std::uint64_t count) {
        std::vector<category> other(row.begin(), row.end());
        std::rotate(other.begin(), other.begin() + 1, other.end());
        reordered.add(other, count);
        for (category& k : other) k = k < 0 ? k : name[k];
        renamed.add(other, count);
    });
    for (const coefficient_function f : all_coefficients) {
        const agreement_coefficient base = f(ratings, {}, 0.95);
        for (const rating_counts* other : {&renamed, &reordered}) {
            const agreement_coefficient same = f(*other, {}, 0.95);
            CHECK(close(same.coefficient.value, base.coefficient.value, 1e-12));
            CHECK(close(same.coefficient.standard_error, base.coefficient.standard_error, 1e-12));
        }
        const agreement_coefficient twice = f(doubled, {}, 0.95); // scaling the weights scales the variance
        CHECK(close(twice.coefficient.value, base.coefficient.value, 1e-12));
        CHECK(close(twice.coefficient.standard_error * std::sqrt(399.0 / 199), base.coefficient.standard_error, 1e-12));
    }
}

TEST_CASE("full agreement is 1, independent raters are near 0") {
    rating_counts same(2, 3), independent(2, 3);
    for (category k = 0; k < 3; ++k) {
        const category unit[] = {k, k};
        same.add(unit, 5);
        for (category l = 0; l < 3; ++l) {
            const category pair[] = {k, l};
            independent.add(pair, 10);
        }
    }
    for (const coefficient_function f : all_coefficients) {
        CHECK(f(same, {}, 0.95).coefficient.value == doctest::Approx(1));
        CHECK(f(same, {}, 0.95).coefficient.bounds.high <= 1);
        CHECK(std::abs(f(independent, {}, 0.95).coefficient.value) < 1e-12);
    }
}

TEST_CASE("the standard error is the spread over samples") {
    // 400 samples of 60 units: the mean reported error against the standard deviation of the values.
    for (const coefficient_function f : all_coefficients) {
        std::vector<double> values, errors;
        for (std::size_t s = 0; s < 400; ++s) {
            generator random(13, "samples", s);
            rating_counts ratings(3, 3);
            for (int u = 0; u < 60; ++u) {
                category row[3];
                const auto truth = static_cast<category>(random.below(3));
                for (category& k : row) k = random.bernoulli(0.7) ? truth : static_cast<category>(random.below(3));
                ratings.add(row);
            }
            const estimate e = f(ratings, {}, 0.95).coefficient;
            values.push_back(e.value);
            errors.push_back(e.standard_error);
        }
        double mean = 0, spread = 0, error = 0;
        for (const double v : values) mean += v / 400;
        for (const double v : values) spread += (v - mean) * (v - mean) / 399;
        for (const double e : errors) error += e / 400;
        CHECK(error == doctest::Approx(std::sqrt(spread)).epsilon(0.12));
    }
}

TEST_CASE("undefined coefficients say why") {
    const rating_counts nothing(2, 3);
    rating_counts unpaired(2, 3), constant(2, 3), one(2, 3), single(1, 3);
    const category alone[] = {1, no_rating}, both[] = {1, 1}, only[] = {2};
    unpaired.add(alone, 3);
    constant.add(both, 10);
    one.add(std::vector<category>{0, 1});
    single.add(only, 4);
    for (const coefficient_function f : all_coefficients) {
        CHECK(f(nothing, {}, 0.95).coefficient.status == estimate_status::empty);
        CHECK(f(unpaired, {}, 0.95).coefficient.status == estimate_status::too_few);
        CHECK(std::isnan(f(unpaired, {}, 0.95).coefficient.value));
        CHECK(std::isnan(f(one, {}, 0.95).coefficient.standard_error));
    }
    CHECK(cohen_kappa(constant).coefficient.status == estimate_status::single_category);
    CHECK(fleiss_kappa(constant).coefficient.status == estimate_status::single_category);
    CHECK(scott_pi(constant).coefficient.status == estimate_status::single_category);
    CHECK(conger_kappa(constant).coefficient.status == estimate_status::single_category);
    // Gwet's and Brennan-Prediger's chance comes from the categories on offer, so they exist.
    CHECK(gwet_ac(constant).coefficient.value == doctest::Approx(1));
    CHECK(brennan_prediger(constant).coefficient.value == doctest::Approx(1));
    CHECK(gwet_ac(rating_counts(2, 1)).coefficient.status == estimate_status::empty);
    rating_counts below(2, 2); // missing ratings may push kappa below -1, and its interval with it
    for (const auto& unit :
         {std::array{0, 1}, std::array{-1, 0}, std::array{-1, 1}, std::array{-1, 1}, std::array{-1, 1}})
        below.add(std::span<const category>(unit));
    const estimate kappa = fleiss_kappa(below).coefficient;
    CHECK(kappa.value < -1);
    CHECK(kappa.bounds.low == kappa.value);
    CHECK(kappa.bounds.high > kappa.value);
    CHECK(conger_kappa(single).coefficient.status == estimate_status::too_few);
    CHECK(cohen_kappa(random_ratings(3, 10, 2, 0)).coefficient.status == estimate_status::not_applicable);
    CHECK(fleiss_kappa(single).coefficient.status == estimate_status::too_few);
}

TEST_CASE("one constant rater beside a varying one gives kappa 0") {
    const std::uint64_t cells[] = {2, 0, 2, 0};
    CHECK(cohen_kappa(ratings_from_table(cells, 2)).coefficient.value == doctest::Approx(0));
}

TEST_CASE("full raw agreement keeps an interval") {
    rating_counts same(2, 2);
    same.add(std::vector<category>{1, 1}, 20);
    const estimate e = raw_agreement(same);
    CHECK(e.value == 1);
    CHECK(e.bounds == wilson_interval(20, 20));
    CHECK(raw_agreement(rating_counts(2, 2)).status == estimate_status::empty);
}
