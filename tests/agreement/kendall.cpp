#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/kendall.hpp>
#include <preflearn/core/error.hpp>

#include "close.hpp"
#include "golden.hpp"

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
