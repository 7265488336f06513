#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/kendall.hpp>
#include <preflearn/core/random.hpp>

#include "close.hpp"
#include "golden.hpp"

using namespace preflearn;

namespace {

/// The definition: all pairs.
pair_order naive(const std::vector<double>& x, const std::vector<double>& y) {
    pair_order p{.count = x.size()};
    for (std::size_t i = 0; i < x.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const bool same_x = x[i] == x[j], same_y = y[i] == y[j];
            ++(same_x && same_y                 ? p.tied_both
               : same_x                         ? p.tied_x
               : same_y                         ? p.tied_y
               : (x[i] < x[j]) == (y[i] < y[j]) ? p.concordant
                                                : p.discordant);
        }
    }
    return p;
}

void check_equal(const pair_order& a, const pair_order& b) {
    CHECK(a.concordant == b.concordant);
    CHECK(a.discordant == b.discordant);
    CHECK(a.tied_x == b.tied_x);
    CHECK(a.tied_y == b.tied_y);
    CHECK(a.tied_both == b.tied_both);
}

} // namespace

TEST_CASE("pairs are counted as the definition counts them, with any share of ties") {
    generator random(6, "kendall");
    for (const std::size_t n : std::vector<std::size_t>{0, 1, 2, 3, 7, 8, 9, 17, 250, 1000}) {
        for (const double grain : {0.0, 0.5, 2.0, 100.0}) {
            std::vector<double> x(n), y(n);
            for (std::size_t i = 0; i < n; ++i) {
                x[i] = random.normal();
                y[i] = x[i] + random.normal();
                if (grain > 0) x[i] = std::round(x[i] / grain), y[i] = std::round(y[i] / grain);
            }
            CAPTURE(n);
            CAPTURE(grain);
            check_equal(order_pairs(x, y), naive(x, y));
        }
    }
}

TEST_CASE("inversions of sequences of any length and range of values") {
    // Known answers: a falling sequence has n(n - 1)/2 inversions, a rising one none.
    for (const std::size_t n : std::vector<std::size_t>{17, 64, 65, 129, 16'385, 200'000}) {
        std::vector<std::uint32_t> falling(n), rising(n);
        for (std::size_t i = 0; i < n; ++i) {
            falling[i] = static_cast<std::uint32_t>(n - 1 - i);
            rising[i] = static_cast<std::uint32_t>(i / 3);
        }
        const auto bound = static_cast<std::uint32_t>(n);
        CHECK(detail::count_inversions(falling, bound) == static_cast<std::uint64_t>(n) * (n - 1) / 2);
        CHECK(detail::count_inversions(rising, bound) == 0);
    }
    // Any sequence and its reverse share all pairs of different values between them.
    generator random(7, "inversions");
    for (const std::uint32_t bound : {1U, 2U, 200U, 257U, 60'000U, 4'000'000'000U}) {
        std::vector<std::uint32_t> a(30'001);
        for (auto& v : a) v = static_cast<std::uint32_t>(random.below(bound));
        std::vector<std::uint32_t> b(a.rbegin(), a.rend()), sorted = a;
        std::sort(sorted.begin(), sorted.end());
        std::uint64_t equal = 0;
        for (std::size_t i = 0, j = 0; i < sorted.size(); i = j) {
            while (j < sorted.size() && sorted[j] == sorted[i]) ++j;
            equal += static_cast<std::uint64_t>(j - i) * (j - i - 1) / 2;
        }
        CHECK(detail::count_inversions(a, bound) + detail::count_inversions(b, bound) + equal ==
              std::uint64_t{30'001} * 30'000 / 2);
    }
}

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
    CHECK_THROWS_AS(order_pairs(one, rising), argument_error);
    CHECK_THROWS_AS(order_pairs(std::vector<double>{std::nan("")}, one), numeric_error);
}
