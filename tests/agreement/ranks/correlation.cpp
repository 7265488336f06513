#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/ranks/correlation.hpp>
#include <preflearn/core/numbers/order.hpp>
#include <preflearn/core/numbers/random.hpp>

#include "../close.hpp"
#include "../golden.hpp"

using namespace preflearn;

TEST_CASE("Pearson and Spearman equal scipy's, with p-values and the Fisher interval") {
    const auto peer = golden("peers.json")["rank"];
    const std::vector<double> x = numbers(peer["x"]), y = numbers(peer["y"]);
    const estimate r = pearson(x, y), rank = spearman(x, y);
    CHECK(close(r.value, peer["pearson"], 1e-12));
    CHECK(close(r.bounds.low, peer["pearson_bounds"][0], 1e-9));
    CHECK(close(r.bounds.high, peer["pearson_bounds"][1], 1e-9));
    CHECK(close(correlation_p_value(r), peer["pearson_p"], 1e-9));
    CHECK(close(rank.value, peer["spearman"], 1e-12));
    CHECK(close(correlation_p_value(rank), peer["spearman_p"], 1e-9));
    CHECK(midranks(x) == numbers(peer["midranks"]));
}

TEST_CASE("shift and scale, and for Spearman any rising map, change nothing; shards merge") {
    generator random(4, "pairs");
    std::vector<double> x(300), y(300), moved(300), bent(300);
    comoments whole, left, right;
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = random.normal();
        y[i] = x[i] + random.normal();
        moved[i] = 1e8 + 3 * x[i];
        bent[i] = std::exp(x[i]);
        whole.add(x[i], y[i]);
        (i < 77 ? left : right).add(x[i], y[i]);
    }
    CHECK(close(pearson(moved, y).value, pearson(x, y).value, 1e-7));
    CHECK(spearman(bent, y).value == spearman(x, y).value);
    CHECK(close(pearson(y, x).value, pearson(x, y).value, 1e-14));
    left += right;
    CHECK(close(pearson(left).value, pearson(whole).value, 1e-13));
    CHECK(pearson(x, x).value == doctest::Approx(1));
    CHECK(pearson(x, x).bounds.high == doctest::Approx(1));
}

TEST_CASE("a constant side, one pair and bad numbers") {
    const std::vector<double> constant{0.1, 0.1, 0.1, 0.1}, rising{1, 2, 3, 4}, one{1}, bad{1, 2, 3, std::nan("")};
    CHECK(pearson(constant, rising).status == estimate_status::constant_input);
    CHECK(spearman(rising, constant).status == estimate_status::constant_input);
    CHECK(pearson(one, one).status == estimate_status::too_few);
    CHECK(pearson(std::vector<double>{}, std::vector<double>{}).status == estimate_status::empty);
    CHECK(std::isnan(correlation_p_value(pearson(constant, rising))));
    CHECK_THROWS_WITH_AS(pearson(rising, bad), doctest::Contains("pair 3"), numeric_error);
    CHECK_THROWS_AS(pearson(rising, one), argument_error);
    CHECK_THROWS_AS(spearman(rising, bad), numeric_error);
}

TEST_CASE("a column that is constant but for rounding has no correlation, by values or by ranks") {
    std::vector<double> rounded, rising;
    for (int i = 0; i < 12; ++i) {
        rounded.push_back(i % 3 == 0 ? 0.1 + 0.2 : 0.3);
        rising.push_back(i);
    }
    for (const auto& correlation :
         {pearson(rounded, rising), pearson(rising, rounded), spearman(rounded, rising), spearman(rising, rounded)})
        CHECK(correlation.status == estimate_status::constant_input);
    rounded[5] = 0.3 + 1e-12; // a difference
    CHECK(pearson(rounded, rising).defined());
    CHECK(spearman(rounded, rising).defined());
    CHECK_THROWS_WITH_AS(pearson(std::vector<double>{1e200, -1e200}, std::vector<double>{1, 2}),
                         doctest::Contains("overflow"), numeric_error);
}
