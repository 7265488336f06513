#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/raters/chance_corrected.hpp>
#include <preflearn/agreement/raters/krippendorff.hpp>
#include <preflearn/agreement/ratings/distance_sums.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../close.hpp"

using namespace preflearn;

namespace {

/// Units of up to `raters` ratings of as many categories as values.
rating_counts continuous(std::size_t raters, std::size_t units, std::size_t categories) {
    generator random(4, "continuous");
    rating_counts ratings(raters, categories);
    std::vector<category> row(raters);
    for (std::size_t u = 0; u < units; ++u) {
        const double truth = random.uniform();
        for (category& k : row) {
            const double seen = std::clamp(truth + 0.1 * random.normal(), 0.0, 1.0);
            k = random.bernoulli(0.2) ? no_rating : static_cast<category>(seen * static_cast<double>(categories - 1));
        }
        ratings.add(row);
    }
    return ratings;
}

std::vector<double> positions(std::size_t count, bool rising) {
    generator random(5, "positions");
    std::vector<double> all(count);
    for (double& x : all) x = std::exp(2 * random.normal());
    if (rising) std::ranges::sort(all);
    all[count / 2] = all[count / 2 + 1]; // two categories at one place
    return all;
}

/// Through a lambda the same weights or distances are summed pair by pair.
template <class W> auto pair_by_pair(const W& w) {
    return [w](category a, category b) { return w(a, b); };
}

void same(const agreement_coefficient& fast, const agreement_coefficient& naive) {
    CHECK(close(fast.coefficient.value, naive.coefficient.value, 1e-12));
    CHECK(close(fast.coefficient.standard_error, naive.coefficient.standard_error, 1e-12));
    CHECK(close(fast.observed, naive.observed, 1e-12));
    CHECK(close(fast.expected, naive.expected, 1e-12));
}

template <class W> void same_coefficients(const rating_counts& ratings, const W& w) {
    const auto naive = pair_by_pair(w);
    same(fleiss_kappa(ratings, w), fleiss_kappa(ratings, naive));
    same(conger_kappa(ratings, w), conger_kappa(ratings, naive));
    same(gwet_ac(ratings, w), gwet_ac(ratings, naive));
    same(brennan_prediger(ratings, w), brennan_prediger(ratings, naive));
    CHECK(close(raw_agreement(ratings, w).value, raw_agreement(ratings, naive).value, 1e-12));
}

} // namespace

TEST_CASE("every coefficient by closed forms and sorted sweeps equals the one pair by pair") {
    constexpr std::size_t q = 150;
    for (const std::size_t raters : {std::size_t{2}, std::size_t{30}}) { // 30: units of more than eight categories
        const rating_counts ratings = continuous(raters, 60, q);
        for (const bool rising : {true, false}) {
            const category_scale scale(positions(q, rising));
            same_coefficients(ratings, linear_weights{scale});
            same_coefficients(ratings, quadratic_weights{scale});
            same_coefficients(ratings, ratio_weights(scale));
            same(krippendorff_alpha(ratings, interval_distance{scale}),
                 krippendorff_alpha(ratings, pair_by_pair(interval_distance{scale})));
            same(krippendorff_alpha(ratings, ratio_distance(scale)),
                 krippendorff_alpha(ratings, pair_by_pair(ratio_distance(scale))));
        }
        same_coefficients(ratings, identity_weights{});
        same_coefficients(ratings, ordinal_weights{q});
        same(krippendorff_alpha(ratings), krippendorff_alpha(ratings, pair_by_pair(nominal_distance{})));
    }
}

TEST_CASE("positions far from zero and very near each other lose no digits") {
    constexpr std::size_t q = 90;
    const rating_counts ratings = continuous(12, 40, q);
    std::vector<double> far(q), near(q);
    for (std::size_t k = 0; k < q; ++k) {
        far[k] = 1e9 + static_cast<double>(k * k);
        near[k] = 1 + 0x1p-40 * static_cast<double>(k);
    }
    for (const auto& at : {far, near}) {
        const category_scale scale(at);
        same(krippendorff_alpha(ratings, interval_distance{scale}),
             krippendorff_alpha(ratings, pair_by_pair(interval_distance{scale})));
        same(krippendorff_alpha(ratings, ratio_distance(scale)),
             krippendorff_alpha(ratings, pair_by_pair(ratio_distance(scale))));
    }
}

TEST_CASE("positions equal but for rounding are one category to every coefficient that uses them") {
    rating_counts ratings(2, 2);
    for (const auto& row : std::vector<std::vector<category>>{{0, 1}, {1, 1}, {0, 0}, {1, 0}, {0, 0}}) ratings.add(row);
    const category_scale scale(std::vector<double>{0.3, 0.1 + 0.2});
    const auto status = [](const agreement_coefficient& c) { return c.coefficient.status; };
    CHECK(status(krippendorff_alpha(ratings, interval_distance{scale})) == estimate_status::single_category);
    CHECK(status(krippendorff_alpha(ratings, ratio_distance(scale))) == estimate_status::single_category);
    CHECK(status(fleiss_kappa(ratings, quadratic_weights{scale})) == estimate_status::single_category);
    CHECK(status(conger_kappa(ratings, linear_weights{scale})) == estimate_status::single_category);
    CHECK(status(gwet_ac(ratings, ratio_weights(scale))) == estimate_status::single_category);
}

TEST_CASE("an agreement that is 2/3 in every unit has no error, and its interval is that of so many units") {
    rating_counts ratings(4, 7);
    for (category k = 0; k < 6; ++k)
        ratings.add(std::vector<category>{k, k, static_cast<category>(k + 1), no_rating}, 11);
    const estimate e = raw_agreement(ratings);
    CHECK(e.value == doctest::Approx(1.0 / 3));
    CHECK(e.standard_error == 0);
    CHECK(e.bounds == wilson_interval(e.value * 66, 66));
}

TEST_CASE("weights of one's own are refused in words where they would take minutes") {
    const auto own = [](category a, category b) { return a == b ? 1.0 : 0.5; };
    rating_counts ratings(2, 40'000);
    ratings.add(std::vector<category>{0, 39'999});
    CHECK_THROWS_WITH_AS(fleiss_kappa(ratings, own), doctest::Contains("40000 categories"), argument_error);
    CHECK(fleiss_kappa(ratings).coefficient.defined());
}
