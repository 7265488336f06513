#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/policies/best_of.hpp>
#include <preflearn/core/numbers/random.hpp>

using namespace preflearn;

TEST_CASE("picking the best of N: ties share the credit") {
    CHECK(pick_accuracy(std::vector<double>{1, 3, 2}, 1) == 1);
    CHECK(pick_accuracy(std::vector<double>{1, 3, 2}, 2) == 0);
    CHECK(pick_accuracy(std::vector<double>{3, 3, 2, 3}, 0) == doctest::Approx(1.0 / 3));
    CHECK(pick_accuracy(std::vector<double>{2, 3, 2}, 0) == 0);
    ragged<double> scores;
    scores.push_back(std::vector<double>{1, 2});
    scores.push_back(std::vector<double>{2, 2, 0, 1});
    const std::vector<std::size_t> correct{1, 0};
    CHECK(best_of_n_accuracy(scores, correct).value == doctest::Approx(0.75));
    CHECK_THROWS_AS(pick_accuracy(scores[0], 2), argument_error);
    CHECK_THROWS_WITH_AS(pick_accuracy(std::vector<double>{1, std::nan("")}, 0), doctest::Contains("response 1"),
                         numeric_error);
    CHECK_THROWS_AS(best_of_n_accuracy(scores, std::vector<std::size_t>{1}), argument_error);
}

TEST_CASE("the expected best of k is the mean over all subsets") {
    const std::vector<double> r{0.3, -1, 2, 2, 0.7, 5};
    for (std::size_t k = 1; k <= r.size(); ++k) {
        double sum = 0, squares = 0, subsets = 0;
        for (unsigned mask = 0; mask < 64; ++mask) {
            if (static_cast<std::size_t>(__builtin_popcount(mask)) != k) continue;
            double best = -1e9;
            for (std::size_t i = 0; i < 6; ++i)
                if (mask >> i & 1) best = std::max(best, r[i]);
            sum += best;
            squares += best * best;
            ++subsets;
        }
        const best_of_k found = expected_best_of(r, k);
        CHECK(found.mean == doctest::Approx(sum / subsets));
        CHECK(found.variance == doctest::Approx(squares / subsets - sum * sum / subsets / subsets));
    }
    CHECK_THROWS_AS(expected_best_of(r, 0), argument_error);
    CHECK_THROWS_AS(expected_best_of(r, 7), argument_error);
    CHECK_THROWS_AS(expected_best_of(std::vector<double>{std::nan("")}, 1), numeric_error);
}

TEST_CASE("the best of k of uniform draws is k / (k + 1), for many samples as well") {
    generator random(12, "uniform");
    std::vector<double> rewards(20'000);
    for (double& x : rewards) x = random.uniform();
    for (const std::size_t k : std::vector<std::size_t>{1, 4, 100}) {
        const auto size = static_cast<double>(k);
        CHECK(expected_best_of(rewards, k).mean == doctest::Approx(size / (size + 1)).epsilon(0.01));
    }
    ragged<double> prompts;
    for (std::size_t p = 0; p < 200; ++p) prompts.push_back(std::span(rewards).subspan(100 * p, 100));
    CHECK(expected_best_of(prompts, 4).bounds.contains(0.8));
}
