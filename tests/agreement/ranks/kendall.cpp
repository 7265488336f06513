#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/ranks/kendall.hpp>
#include <preflearn/core/system/error.hpp>

#include "../close.hpp"
#include "../golden.hpp"

using namespace preflearn;

TEST_CASE("tau-b, its p-value and Somers' d equal scipy's") {
    const auto peer = golden("peers.json")["rank"];
    const pair_order p = order_pairs(numbers(peer["x"]), numbers(peer["y"]));
    CHECK(close(kendall_tau_b(p).value, peer["tau_b"], 1e-12));
    CHECK(close(kendall_p_value(p), peer["tau_b_p"], 1e-9));
    CHECK(close(somers_d(p), peer["somers_d"], 1e-12));
}

TEST_CASE("rising maps change nothing, a falling one changes the sign") {
    const auto peer = golden("peers.json")["rank"];
    const std::vector<double> x = numbers(peer["x"]), y = numbers(peer["y"]);
    std::vector<double> up, down;
    for (const double v : x) up.push_back(std::exp(v)), down.push_back(-v);
    CHECK(kendall_tau_b(up, y).value == kendall_tau_b(x, y).value);
    CHECK(kendall_tau_b(down, y).value == doctest::Approx(-kendall_tau_b(x, y).value));
    CHECK(kendall_tau_b(y, x).value == doctest::Approx(kendall_tau_b(x, y).value));
    CHECK(kendall_tau_b(x, x).value == doctest::Approx(1));
    CHECK(concordance(x, x).value == doctest::Approx(1));
    CHECK(concordance(x, down).value == doctest::Approx(0));
}

TEST_CASE("concordance counts equal predictions half and leaves equal truths out") {
    const std::vector<double> truth{1, 2, 3, 3}, prediction{1, 1, 2, 0};
    // Comparable pairs: (1,2) tied, (1,3) right, (1,4) wrong, (2,3) right, (2,4) wrong.
    CHECK(concordance(truth, prediction).value == doctest::Approx(2.5 / 5));
    CHECK(goodman_kruskal_gamma(order_pairs(truth, prediction)) == doctest::Approx(0));
}

TEST_CASE("constant and tiny inputs have a status") {
    const std::vector<double> constant(5, 2.0), rising{1, 2, 3, 4, 5}, one{1};
    CHECK(kendall_tau_b(constant, rising).status == estimate_status::constant_input);
    CHECK(concordance(constant, rising).status == estimate_status::constant_input);
    CHECK(concordance(rising, constant).value == doctest::Approx(0.5));
    CHECK(kendall_tau_b(one, one).status == estimate_status::too_few);
    CHECK(kendall_tau_b(std::vector<double>{}, std::vector<double>{}).status == estimate_status::empty);
    CHECK(kendall_tau_b(rising, constant).status == estimate_status::constant_input);
    CHECK_THROWS_AS(kendall_tau_b(constant, std::vector<double>{1, 2, std::nan(""), 3, 4}), numeric_error);
}

TEST_CASE("a column that is constant but for rounding has no order") {
    const std::vector<double> rounded{0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2}, rising{1, 2, 3, 4};
    CHECK(kendall_tau_b(rounded, rising).status == estimate_status::constant_input);
    CHECK(kendall_tau_b(rising, rounded).status == estimate_status::constant_input);
    CHECK(concordance(rounded, rising).status == estimate_status::constant_input);
}

TEST_CASE("p-values of few observations are exact, as scipy's") {
    const auto p_value = [](const std::vector<double>& y, kendall_test test = kendall_test::automatic) {
        std::vector<double> x(y.size());
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i);
        return kendall_p_value(order_pairs(x, y), test);
    };
    // scipy.stats.kendalltau(range(n), y).pvalue
    CHECK(p_value({1, 2}) == 1);
    CHECK(p_value({2, 1}) == 1);
    CHECK(close(p_value({1, 2, 3}), 1.0 / 3, 1e-14));
    CHECK(close(p_value({1, 3, 2, 4}), 1.0 / 3, 1e-14));
    CHECK(close(p_value({1, 2, 3, 4, 5, 6}), 2.0 / 720, 1e-14));
    CHECK(close(p_value({6, 5, 4, 3, 1, 2}), 12.0 / 720, 1e-14));
    CHECK(close(p_value({2, 1, 4, 3, 6, 5, 8, 7}), 2 * 285.0 / 40320, 1e-14));
    CHECK(p_value({2, 4, 1, 3}) == 1); // as many pairs in order as out of it
    std::vector<double> long_one(40);
    for (std::size_t i = 0; i < long_one.size(); ++i) long_one[i] = static_cast<double>(i * 7 % 40);
    CHECK(p_value(long_one) == p_value(long_one, kendall_test::asymptotic));
    CHECK(close(p_value(long_one), p_value(long_one, kendall_test::exact), 0.03));
    std::vector<double> sorted(50);
    for (std::size_t i = 0; i < sorted.size(); ++i) sorted[i] = static_cast<double>(i);
    CHECK(p_value(sorted) == p_value(sorted, kendall_test::exact));
    const std::vector<double> tied{1, 1, 2, 3};
    CHECK(std::isnan(p_value(tied, kendall_test::exact)));
    CHECK(p_value(tied) == p_value(tied, kendall_test::asymptotic));
    CHECK(std::isnan(p_value({1, 2}, kendall_test::asymptotic)));
    CHECK(std::isnan(p_value({1})));
}

TEST_CASE("a correlation of 1 but for rounding is 1, and its interval a point") {
    const std::vector<double> x{0.1, 0.2, 0.3, 0.7, 0.9}, y{0.3, 0.6, 0.9, 2.1, 2.7};
    for (const estimate& e : {pearson(x, y), spearman(x, y), kendall_tau_b(x, y)}) {
        CHECK(e.value == 1);
        CHECK(e.bounds == interval{1, 1});
    }
}
