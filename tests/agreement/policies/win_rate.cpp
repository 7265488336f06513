#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/policies/win_rate.hpp>

#include "../close.hpp"

using namespace preflearn;

TEST_CASE("paired scores give wins, ties and losses; swapping the policies gives the mirror image") {
    const std::vector<double> ours{1, 2, 3, 4, 5}, theirs{0, 2, 4, 1, 1};
    CHECK(compare_scores(ours, theirs) == outcomes{3, 1, 1});
    const estimate a = win_rate(ours, theirs), b = win_rate(theirs, ours);
    CHECK(a.value == doctest::Approx(0.7));
    CHECK(a.value + b.value == doctest::Approx(1));
    CHECK(a.bounds.low == doctest::Approx(1 - b.bounds.high));
    // numpy.std([1, .5, 0, 1, 1], ddof=1) / sqrt(5)
    CHECK(close(a.standard_error, 0.2, 1e-12));
    CHECK(compare_scores(ours, theirs, 1) == outcomes{2, 3, 0});
}

TEST_CASE("AlpacaEval's leaderboard: printed win rates and standard errors, in percent") {
    struct row {
        outcomes counts;
        double win_rate, standard_error;
    };
    // alpaca-7b, phi-2 and text_davinci_001 as judged by alpaca_eval_gpt4, with draws counted half.
    const row rows[] = {{{205, 16, 584}, 26.459627, 1.535711},
                        {{234, 22, 543}, 30.663329, 1.605620},
                        {{112, 20, 672}, 15.174129, 1.235108}};
    for (const auto& [counts, value, error] : rows) {
        CHECK(close(100 * win_rate(counts).value, value, 1e-7));
        CHECK(close(100 * win_rate(counts).standard_error, error, 1e-6));
    }
}

TEST_CASE("a paired difference of policies has the interval of its differences") {
    const std::vector<double> ours{1.5, 2.5, 2}, theirs{1, 1, 1};
    const estimate e = paired_difference(ours, theirs);
    CHECK(e.value == doctest::Approx(1));
    CHECK(e.standard_error == doctest::Approx(0.5 / std::sqrt(3)));
    CHECK(paired_difference(theirs, ours).value == doctest::Approx(-1));
}

TEST_CASE("scores of different lengths and NaN are refused") {
    const std::vector<double> two{1, 2}, one{1}, bad{1, std::nan("")};
    CHECK_THROWS_AS(win_rate(two, one), argument_error);
    CHECK_THROWS_WITH_AS(win_rate(two, bad), doctest::Contains("prompt 1"), numeric_error);
    CHECK_THROWS_WITH_AS(paired_difference(two, bad), doctest::Contains("prompt 1"), numeric_error);
    CHECK_THROWS_AS(compare_scores(two, two, -1), argument_error);
    CHECK(win_rate(std::vector<double>{}, std::vector<double>{}).status == estimate_status::empty);
}

TEST_CASE("a paired difference of rounding is none") {
    const estimate e = paired_difference(std::vector<double>{0.1 + 0.2, 0.7}, std::vector<double>{0.3, 0.1 + 0.6});
    CHECK(e.value == 0);
    CHECK(e.standard_error == 0);
}
