#include <cmath>
#include <map>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/raters/krippendorff.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../close.hpp"
#include "../golden.hpp"

using namespace preflearn;

namespace {

category_scale from_one(std::size_t categories) {
    std::vector<double> positions(categories);
    for (std::size_t k = 0; k < categories; ++k) positions[k] = static_cast<double>(k + 1);
    return category_scale(positions);
}

double value(const agreement_coefficient& a) { return a.coefficient.value; }

} // namespace

TEST_CASE("the example of Krippendorff (2011): 0.743, 0.815, 0.849, 0.797") {
    const rating_counts ratings = golden_ratings(golden("irrcac.json")["hayes"]["ratings"], 5);
    CHECK(value(krippendorff_alpha(ratings)) == doctest::Approx(0.743421).epsilon(1e-6));
    CHECK(value(krippendorff_alpha(ratings, ordinal_distance{})) == doctest::Approx(0.815388).epsilon(1e-6));
    CHECK(value(krippendorff_alpha(ratings, interval_distance{from_one(5)})) ==
          doctest::Approx(0.849107).epsilon(1e-6));
    CHECK(value(krippendorff_alpha(ratings, ratio_distance(from_one(5)))) == doctest::Approx(0.797403).epsilon(1e-6));
}

TEST_CASE("all four levels equal the krippendorff package") {
    const nlohmann::json ratings = golden("irrcac.json"), alphas = golden("peers.json")["alpha"];
    for (const auto& [name, answers] : alphas.items()) {
        CAPTURE(name);
        const std::size_t q = ratings[name]["categories"].size();
        const rating_counts counts = golden_ratings(ratings[name]["ratings"], q);
        CHECK(close(value(krippendorff_alpha(counts)), answers["nominal"], 1e-9));
        CHECK(close(value(krippendorff_alpha(counts, ordinal_distance{})), answers["ordinal"], 1e-9));
        CHECK(close(value(krippendorff_alpha(counts, interval_distance{from_one(q)})), answers["interval"], 1e-9));
        CHECK(close(value(krippendorff_alpha(counts, ratio_distance(from_one(q)))), answers["ratio"], 1e-9));
    }
}

TEST_CASE("continuous ratings: as many categories as values") {
    const auto data = golden("peers.json")["continuous"];
    std::map<double, category> index;
    for (const auto& rater : data["ratings"])
        for (const double x : numbers(rater))
            if (!std::isnan(x)) index[x];
    std::vector<double> positions;
    for (auto& [x, k] : index) {
        k = static_cast<category>(positions.size());
        positions.push_back(x);
    }
    rating_counts counts(4, positions.size());
    for (std::size_t u = 0; u < data["ratings"][0].size(); ++u) {
        std::vector<category> row;
        for (const auto& rater : data["ratings"])
            row.push_back(rater[u].is_null() ? no_rating : index.at(rater[u].get<double>()));
        counts.add(row);
    }
    CHECK(close(value(krippendorff_alpha(counts, ordinal_distance{})), data["ordinal"], 1e-9));
    CHECK(
        close(value(krippendorff_alpha(counts, interval_distance{category_scale(positions)})), data["interval"], 1e-9));
    CHECK(close(value(krippendorff_alpha(counts, ratio_distance(category_scale(positions)))), data["ratio"], 1e-9));
}

TEST_CASE("nominal and interval standard errors equal irrCAC's") {
    const nlohmann::json tables = golden("irrcac.json");
    for (const auto& [name, data] : tables.items()) {
        CAPTURE(name);
        // With missing ratings irrCAC mixes agreements with and without the correction by 1 / n; the derivative does
        // not.
        const double tolerance = name == "three_complete" || name == "two_raters" ? 1e-9 : 2e-3;
        const std::size_t q = data["categories"].size();
        const rating_counts counts = golden_ratings(data["ratings"], q);
        const auto nominal = data["answers"]["identity"]["krippendorff"],
                   quadratic = data["answers"]["quadratic"]["krippendorff"];
        CHECK(close(krippendorff_alpha(counts).coefficient.standard_error, nominal["se"], tolerance));
        CHECK(close(value(krippendorff_alpha(counts)), nominal["value"], 1e-9));
        const agreement_coefficient interval_alpha = krippendorff_alpha(counts, interval_distance{from_one(q)});
        CHECK(close(interval_alpha.coefficient.value, quadratic["value"], 1e-9));
        CHECK(close(interval_alpha.coefficient.standard_error, quadratic["se"], tolerance));
    }
}

TEST_CASE("every level's error is the infinitesimal jackknife: what one more unit of each kind does") {
    const rating_counts ratings = golden_ratings(golden("irrcac.json")["many_categories"]["ratings"], 9);
    std::vector<std::vector<category>> units;
    ratings.for_each([&](std::span<const category> row, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) units.push_back({row.begin(), row.end()});
    });
    constexpr std::uint64_t many = 1'000'000; // copies of the sample, so that one unit more is a small step
    const auto check = [&](const auto& distance) {
        const auto alpha_with = [&](std::size_t extra) {
            rating_counts counts(6, 9);
            for (std::size_t u = 0; u < units.size(); ++u) counts.add(units[u], many + (u == extra ? many / 1000 : 0));
            return value(krippendorff_alpha(counts, distance));
        };
        const double base = alpha_with(units.size());
        double squares = 0, paired = 0;
        for (std::size_t u = 0; u < units.size(); ++u) {
            const double slope = (alpha_with(u) - base) * 1000;
            squares += slope * slope;
            paired += std::count_if(units[u].begin(), units[u].end(), [](category k) { return k >= 0; }) >= 2;
        }
        const double expected = std::sqrt(squares * paired / (paired - 1));
        CHECK(close(krippendorff_alpha(ratings, distance).coefficient.standard_error, expected, 0.002));
    };
    check(nominal_distance{});
    check(interval_distance{from_one(9)});
    check(ratio_distance(from_one(9)));
    check(ordinal_distance{});
}

TEST_CASE("a user's distance is a lambda") {
    const rating_counts ratings = golden_ratings(golden("irrcac.json")["hayes"]["ratings"], 5);
    const auto squared = [](category a, category b) { return static_cast<double>((a - b) * (a - b)); };
    CHECK(close(value(krippendorff_alpha(ratings, squared)),
                value(krippendorff_alpha(ratings, interval_distance{category_scale(5)})), 1e-12));
}

TEST_CASE("interval alpha ignores shift and scale, ratio alpha scale, ordinal alpha any rising map") {
    const rating_counts ratings = golden_ratings(golden("irrcac.json")["four_raters"]["ratings"], 5);
    const category_scale base(std::vector<double>{1, 2, 3, 5, 8}), moved(std::vector<double>{13, 23, 33, 53, 83}),
        scaled(std::vector<double>{10, 20, 30, 50, 80});
    CHECK(close(value(krippendorff_alpha(ratings, interval_distance{base})),
                value(krippendorff_alpha(ratings, interval_distance{moved})), 1e-12));
    CHECK(close(value(krippendorff_alpha(ratings, ratio_distance(base))),
                value(krippendorff_alpha(ratings, ratio_distance(scaled))), 1e-12));
}

TEST_CASE("undefined alpha says why; one pairable unit that agrees has no alpha") {
    rating_counts agreeing(2, 3), differing(2, 3), unpaired(2, 3);
    agreeing.add(std::vector<category>{1, 1});
    agreeing.add(std::vector<category>{2, no_rating});
    differing.add(std::vector<category>{1, 2});
    unpaired.add(std::vector<category>{1, no_rating}, 5);
    CHECK(krippendorff_alpha(agreeing).coefficient.status == estimate_status::single_category);
    CHECK(krippendorff_alpha(agreeing, ordinal_distance{}).coefficient.status == estimate_status::single_category);
    CHECK(krippendorff_alpha(differing).coefficient.value == doctest::Approx(0));
    CHECK(std::isnan(krippendorff_alpha(differing).coefficient.standard_error));
    CHECK(krippendorff_alpha(unpaired).coefficient.status == estimate_status::too_few);
    CHECK(krippendorff_alpha(unpaired, ordinal_distance{}).coefficient.status == estimate_status::too_few);
    CHECK(krippendorff_alpha(rating_counts(2, 2)).coefficient.status == estimate_status::empty);
    CHECK_THROWS_AS(ratio_distance(category_scale(std::vector<double>{-1, 2})), argument_error);
}

TEST_CASE("a constant rater beside one that varies: alpha is below zero, and the ratio level takes 0 against 0") {
    const std::uint64_t cells[] = {2, 0, 2, 0};
    CHECK(value(krippendorff_alpha(ratings_from_table(cells, 2))) == doctest::Approx(-0.1667).epsilon(1e-3));
    rating_counts zeros(2, 3);
    for (const auto& unit : {std::vector<category>{0, 0}, {1, 1}, {1, 2}, {0, 1}}) zeros.add(unit);
    const ratio_distance ratio(category_scale(std::vector<double>{0, 1, 2}));
    CHECK(std::isfinite(value(krippendorff_alpha(zeros, ratio))));
}
