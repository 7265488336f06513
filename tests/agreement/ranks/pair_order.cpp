#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/ranks/pair_order.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>

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

TEST_CASE("pairs are counted as the definition counts them, for many kinds of numbers and any share of ties") {
    generator random(6, "kendall");
    constexpr double inf = std::numeric_limits<double>::infinity();
    const std::vector<double (*)(double)> kinds{
        [](double u) { return u; },
        [](double u) { return std::round(2 * u); },
        [](double u) { return std::round(9 * u); },
        [](double u) { return std::round(50 * u) / 50; },
        [](double) { return 3.0; },
        [](double u) { return std::exp(60 * u); },                        // clusters: a linear grid sees none of it
        [](double u) { return u > 1.5 ? 1e300 * u : std::round(9 * u); }, // all but a few share a place
        [](double u) { return 1 + 1e-16 * std::round(4 * u); },
        [](double u) {
            return u > 1 ? inf : u < -1 ? -inf : u < 0 ? -0.0 : std::round(u);
        }};
    for (const std::size_t n : std::vector<std::size_t>{0, 1, 2, 3, 17, 64, 65, 250, 420}) {
        for (std::size_t kind = 0; kind < kinds.size() * kinds.size(); ++kind) {
            std::vector<double> x(n), y(n);
            for (std::size_t i = 0; i < n; ++i) {
                const double u = random.normal();
                x[i] = kinds[kind % kinds.size()](u);
                y[i] = kinds[kind / kinds.size()]((u + random.normal()) / 2);
            }
            CAPTURE(n);
            CAPTURE(kind);
            check_equal(order_pairs(x, y), naive(x, y));
        }
    }
}

TEST_CASE("long sequences: known answers, and what turning one around does") {
    generator random(7, "long sequences");
    for (const std::size_t n : std::vector<std::size_t>{129, 16'385, 140'000}) {
        const std::uint64_t all = static_cast<std::uint64_t>(n) * (n - 1) / 2;
        for (const std::size_t share : std::vector<std::size_t>{1, 3, n / 4, n}) { // equal values in a row
            std::vector<double> rising(n), falling(n), shuffled(n), few(n);
            for (std::size_t i = 0; i < n; ++i) {
                rising[i] = static_cast<double>(i);
                falling[i] = -static_cast<double>(i / share);
                shuffled[i] = random.normal();
                few[i] = static_cast<double>(random.below(n / share + 1));
            }
            const pair_order down = order_pairs(rising, falling);
            std::uint64_t tied = 0;
            for (std::size_t i = 0; i < n; i += share) {
                const std::uint64_t t = std::min(share, n - i);
                tied += t * (t - 1) / 2;
            }
            CHECK(down.concordant == 0);
            CHECK(down.tied_x + down.tied_both == 0);
            CHECK(down.tied_y == tied);
            CHECK(down.discordant == all - tied);
            for (const auto& y : {shuffled, few}) {
                const pair_order there = order_pairs(few, y);
                std::vector<double> turned;
                for (const double v : y) turned.push_back(-v);
                pair_order back = order_pairs(few, turned);
                std::swap(back.concordant, back.discordant);
                check_equal(there, back);
                CHECK(there.y.wide == back.y.wide);
                CHECK(there.y.triples == back.y.triples);
            }
        }
    }
}

TEST_CASE("values that cannot be paired or ordered are refused") {
    const std::vector<double> one{1}, two{1, 2}, nan{std::nan("")};
    CHECK_THROWS_AS(order_pairs(one, two), argument_error);
    CHECK_THROWS_AS(order_pairs(nan, one), numeric_error);
    CHECK_THROWS_AS(order_pairs(one, nan), numeric_error);
}
