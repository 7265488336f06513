#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/ranks/auc.hpp>
#include <preflearn/agreement/ranks/kendall.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../close.hpp"
#include "../golden.hpp"

using namespace preflearn;

TEST_CASE("the area equals scikit-learn's") {
    const auto peer = golden("peers.json")["probability"];
    CHECK(close(auc(numbers(peer["p"]), peer["outcome"].get<std::vector<std::uint8_t>>()).value, peer["auc"], 1e-12));
}

TEST_CASE("value and variance are those of the placements (DeLong 1988), all pairs compared") {
    generator random(8, "auc");
    std::vector<double> scores(60);
    std::vector<std::uint8_t> positive(60);
    for (std::size_t i = 0; i < 60; ++i) {
        positive[i] = random.bernoulli(0.4);
        scores[i] = std::round(4 * (random.normal() + positive[i])) / 4;
    }
    std::vector<double> of_positive, of_negative;
    for (const std::uint8_t side : {std::uint8_t{1}, std::uint8_t{0}}) {
        for (std::size_t i = 0; i < 60; ++i) {
            if (positive[i] != side) continue;
            double wins = 0, rivals = 0;
            for (std::size_t j = 0; j < 60; ++j) {
                if (positive[j] == side) continue;
                const double gap = side == 1 ? scores[i] - scores[j] : scores[j] - scores[i];
                wins += gap > 0 ? 1 : gap == 0 ? 0.5 : 0;
                ++rivals;
            }
            (side == 1 ? of_positive : of_negative).push_back(wins / rivals);
        }
    }
    const auto mean_and_variance = [](const std::vector<double>& v) {
        double mean = 0, squares = 0;
        for (const double x : v) mean += x / static_cast<double>(v.size());
        for (const double x : v) squares += (x - mean) * (x - mean);
        return std::pair{mean, squares / static_cast<double>(v.size() - 1) / static_cast<double>(v.size())};
    };
    const auto [area, first] = mean_and_variance(of_positive);
    const estimate e = auc(scores, positive);
    CHECK(close(e.value, area, 1e-13));
    CHECK(close(e.standard_error, std::sqrt(first + mean_and_variance(of_negative).second), 1e-12));
    CHECK(e.bounds.contains(area));

    // It is the concordance of scores with classes, and swapping the classes reflects it.
    std::vector<double> classes(positive.begin(), positive.end());
    CHECK(close(concordance(classes, scores).value, area, 1e-13));
    std::vector<std::uint8_t> negative;
    for (const std::uint8_t p : positive) negative.push_back(p == 0);
    CHECK(auc(scores, negative).value == doctest::Approx(1 - area));
    CHECK(auc(scores, negative).standard_error == doctest::Approx(e.standard_error));
}

TEST_CASE("runs of equal scores may be longer than the blocks that threads share") {
    generator random(9, "auc");
    for (const double step : {2.0, 0.5, 1e-4}) {
        std::vector<double> scores, classes;
        std::vector<std::uint8_t> positive, negative;
        for (std::size_t i = 0; i < 150'000; ++i) {
            positive.push_back(random.bernoulli(0.3));
            negative.push_back(positive[i] == 0);
            classes.push_back(positive[i]);
            scores.push_back(step * std::round((random.normal() + classes[i]) / step));
        }
        const estimate e = auc(scores, positive), swapped = auc(scores, negative);
        CHECK(close(e.value, concordance(classes, scores).value, 1e-15));
        CHECK(close(e.value, 1 - swapped.value, 1e-15));
        CHECK(close(e.standard_error, swapped.standard_error, 1e-12));
        // Thinned to one observation in a hundred the error is ten times as large.
        std::vector<double> some;
        std::vector<std::uint8_t> of_some;
        for (std::size_t i = 0; i < scores.size(); i += 100) {
            some.push_back(scores[i]);
            of_some.push_back(positive[i]);
        }
        CHECK(auc(some, of_some).standard_error == doctest::Approx(10 * e.standard_error).epsilon(0.1));
    }
}

TEST_CASE("one class has no area") {
    const std::vector<double> scores{1, 2};
    const std::vector<std::uint8_t> same{1, 1}, both{0, 1};
    CHECK(auc(scores, same).status == estimate_status::one_class);
    CHECK(auc(scores, both).value == 1);
    CHECK(std::isnan(auc(scores, both).standard_error));
    CHECK(auc({}, {}).status == estimate_status::empty);
    CHECK_THROWS_AS(auc(std::vector<double>{1}, both), argument_error);
    CHECK_THROWS_AS(auc(std::vector<double>{1, std::nan("")}, both), numeric_error);
}
